"""import and corpora."""

import subprocess
import sys

import pytest

from core.corpus.store import CorpusStore
from tests.core.cli.conftest import hear_interrupts, write_tunes
from tests.core.cli.test_entry import PROJECT


def test_import_tells_what_became_of_each_file(cli, tunes) -> None:
    (tunes / "broken.mid").write_bytes(b"MThd and no more")
    (tunes / "zz again.mid").write_bytes((tunes / "tune 0.mid").read_bytes())
    found = cli("import", tunes, "--name", "Lieder", "--json").json
    assert (found["corpus"], found["files"], found["kept"], found["pieces"]) == ("Lieder", 10, 8, 8)
    assert found["notes"] == 8 * 24
    assert found["elapsed_s"] > 0
    (skipped,) = found["skipped"]
    assert skipped["path"].endswith("broken.mid")
    assert skipped["reason"]
    (duplicate,) = found["duplicates"]
    assert duplicate["path"].endswith("zz again.mid")
    assert duplicate["of"].endswith("tune 0.mid")


def test_import_in_words_names_the_skipped_and_their_reasons(cli, tunes) -> None:
    (tunes / "broken.mid").write_bytes(b"MThd and no more")
    outcome = cli("import", tunes)
    assert outcome.code == 0
    assert "8 pieces" in outcome.out
    assert "broken.mid: " in outcome.out


def test_pieces_can_be_added_and_all_notes_learnt(cli, tunes, tmp_path) -> None:
    cli("import", tunes, "--name", "Lieder")
    more = write_tunes(tmp_path / "more", 10)
    found = cli(
        "import", more / "tune 8.mid", more / "tune 9.mid", "--add-to", "Lieder", "--lines", "all", "--json"
    ).json
    assert (found["corpus"], found["pieces"], found["lines"]) == ("Lieder", 10, "all")


def test_corpora_are_listed_renamed_deleted_and_taken_back(cli, tunes) -> None:
    assert cli("corpora", "--json").json == []
    cli("import", tunes)
    (record,) = cli("corpora", "--json").json
    assert (record["name"], record["pieces"], record["notes"]) == ("tunes", 8, 192)
    assert "tunes: 8 pieces, 192 notes" in cli("corpora").out
    assert cli("corpora", "rename", "tunes", "Songs", "--json").json["name"] == "Songs"
    assert cli("corpora", "lines", "Songs", "all", "--json").json["lines"] == "all"
    assert cli("corpora", "delete", "Songs").code == 0
    assert cli("corpora", "--json").json == []
    assert cli("corpora", "restore", record["id"]).code == 0
    assert [corpus["name"] for corpus in cli("corpora", "--json").json] == ["Songs"]


def test_a_restored_corpus_stands_beside_one_of_its_name(cli, tunes, tmp_path) -> None:
    cli("import", tunes)
    first = cli("corpora", "delete", "tunes", "--json").json
    cli("import", write_tunes(tmp_path / "other" / "tunes", 3))
    second = cli("corpora", "delete", "tunes", "--json").json
    cli("import", write_tunes(tmp_path / "third" / "tunes", 2))
    restored = cli("corpora", "restore", first["trash"])
    assert "‘tunes’ is back as ‘tunes 2’: the name was taken." in restored.out
    assert cli("corpora", "restore", second["trash"], "--json").json["name"] == "tunes 3"
    found = {corpus["name"]: corpus["pieces"] for corpus in cli("corpora", "--json").json}
    assert found == {"tunes": 2, "tunes 2": 8, "tunes 3": 3}
    assert cli("corpora", "restore", "tunes").code == 1


def test_no_name_of_a_corpus_climbs_out_of_the_trash(cli, tunes, home) -> None:
    victim = home.parent / "victim.sqlite"
    cli("import", tunes)
    cli("corpora", "delete", "tunes")
    victim.write_bytes(b"mine")
    outcome = cli("corpora", "restore", "../../../victim")
    assert (outcome.code, victim.read_bytes()) == (1, b"mine")
    assert "There is no corpus ‘../../../victim’ in the trash." in outcome.err


def test_a_damaged_corpus_is_listed_and_deleted_by_what_the_list_says(cli, tunes, home) -> None:
    cli("import", tunes)
    (home / "corpora" / "tunes.sqlite").write_bytes(b"x" * 5000)
    (record,) = cli("corpora", "--json").json
    assert (record["id"], record["damage"]) == ("tunes", "The corpus ‘tunes’ is damaged.")
    listed = cli("corpora")
    assert (listed.code, listed.out.strip()[-len(" corpora delete tunes") :]) == (0, " corpora delete tunes")
    outcome = cli("train", "tunes")
    assert outcome.code == 1
    assert "‘tunes’ is damaged. Import its folder again, or delete it." in outcome.err
    assert cli("corpora", "delete", "tunes").code == 0
    assert cli("corpora", "--json").json == []


def test_a_damaged_cache_is_told_once_and_all_is_read_anew(cli, tunes, home) -> None:
    cli("import", tunes)
    (home / "cache" / "files.sqlite").write_bytes(b"x" * 5000)
    outcome = cli("import", tunes)
    assert outcome.code == 0
    assert outcome.err.count("was damaged, and is set aside") == 1
    assert "8 pieces" in outcome.out
    assert cli("import", tunes).err == ""


def test_the_trash_is_listed_with_what_takes_each_back_and_emptied(cli, tunes, model, home) -> None:
    assert "The trash is empty." in cli("trash").out
    cli("import", tunes)
    cli("corpora", "delete", "tunes")
    cli("models", "delete", model)
    listed = cli("trash", "--json").json
    assert [(item["kind"], item["name"]) for item in listed["things"]] == [("model", "Quartet"), ("corpus", "tunes")]
    assert listed["bytes"] > 0
    for item in listed["things"]:
        assert item["restore"] in cli("trash").out
        assert cli(*item["restore"].split()[1:]).code == 0
    assert cli("trash", "--json").json["things"] == []
    cli("corpora", "delete", "tunes")
    assert cli("trash", "--empty", "--json").json["things"] == 1
    assert cli("trash", "--json").json == {"things": [], "bytes": 0}
    assert cli("corpora", "restore", "tunes").code == 1


INTERRUPTED = """
import os, signal, sys
from core.cli import console, entry

show = console.Bar.show

def interrupted(bar, *words):
    console.Bar.show = show
    os.kill(os.getpid(), signal.SIGINT)
    show(bar, *words)

console.Bar.show = interrupted
sys.exit(entry.main(sys.argv[1:]))
"""
"""Ctrl+C comes at the first word of how far it is."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_an_import_interrupted_is_130_and_goes_on_where_it_was(tmp_path, home, cli) -> None:
    folder = write_tunes(tmp_path / "many", 60)
    for copy in range(12):
        target = folder / f"copy {copy}"
        target.mkdir()
        for path in folder.glob("*.mid"):
            (target / path.name).write_bytes(path.read_bytes() + bytes(copy))
    importing = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, "import", str(folder), "--json"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    out, err = importing.communicate()
    assert "Traceback" not in err
    assert importing.returncode == 130
    assert "Interrupted" in err
    assert out == ""
    assert CorpusStore(home).list() == ()
    assert cli("import", folder, "--json").json["pieces"] == 60
