"""models."""

import zipfile
from pathlib import Path

from core.learning.models.library import Library


def test_models_are_listed_with_their_figures(cli, model) -> None:
    records = [record for record in cli("models", "--json").json if not record["is_starter"]]
    (record,) = records
    assert (record["name"], record["corpus"], record["pieces"]) == ("Quartet", "Tunes", 8)
    assert record["held_out_bits_per_note"] == 7.5
    assert "Quartet · from ‘Tunes’ (8 pieces) · quick · 7.50 bits a note" in cli("models").out


def test_a_model_is_renamed_exported_deleted_and_imported(cli, model, tmp_path, home) -> None:
    assert cli("models", "rename", model, "Octet", "--json").json["name"] == "Octet"
    exported = cli("models", "export", "Octet", tmp_path / "shared", "--json").json["file"]
    assert exported.endswith("shared.ritornello-model")
    assert cli("models", "delete", "Octet").code == 0
    assert cli("models", "delete", "Octet").code == 1
    assert cli("models", "import", exported, "--json").json["name"] == "Octet"
    assert Library(home).find("Octet").state == "ready"


def test_a_deleted_model_is_restored_by_name_beside_one_that_took_it(cli, model, tmp_path) -> None:
    exported = cli("models", "export", model, tmp_path / "shared", "--json").json["file"]
    said = cli("models", "delete", model).out
    cli("models", "import", exported)
    command = said.split("Take it back with: ")[1].split()[1:]
    assert "‘Quartet’ is back as ‘Quartet 2’: the name was taken." in cli(*command).out
    names = {record["name"] for record in cli("models", "--json").json if not record["is_starter"]}
    assert names == {"Quartet", "Quartet 2"}
    cli("models", "delete", "Quartet")
    assert cli("models", "restore", "quartet", "--json").json["name"] == "Quartet"
    assert cli("models", "restore", "Quartet").code == 1


def test_a_damaged_model_is_listed_and_deleted_by_what_the_list_says(cli, model, home) -> None:
    folder = Library(home).find(model).path
    (folder / "model.json").write_bytes(b"[" * 100_000)
    listed = cli("models")
    assert listed.code == 0
    line = next(line for line in listed.out.splitlines() if "(damaged)" in line)
    command = line.split("Delete it with: ")[1].split()[1:]
    assert cli(*command).code == 0
    assert "(damaged)" not in cli("models").out


def test_a_file_that_is_no_model_is_refused(cli, tmp_path) -> None:
    (tmp_path / "x.ritornello-model").write_bytes(b"PK\3\4 or so")
    outcome = cli("models", "import", tmp_path / "x.ritornello-model")
    assert outcome.code == 1
    assert "x.ritornello-model" in outcome.err


def test_a_stranger_s_damaged_model_is_named_by_its_path_whatever_it_calls_itself(cli, model, tmp_path) -> None:
    cli("models", "rename", model, "Starter model")
    exported = Path(cli("models", "export", "Starter model", tmp_path / "gift", "--json").json["file"])
    with zipfile.ZipFile(exported) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(exported, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content[:-20] if name == "weights.npz" else content)
    for command in (("generate", "--model", exported, "--out", tmp_path / "x.mid"), ("models", "import", exported)):
        outcome = cli(*command)
        assert outcome.code == 1
        assert f"“{exported}” can't be opened" in outcome.err
        assert "Starter model" not in outcome.err
