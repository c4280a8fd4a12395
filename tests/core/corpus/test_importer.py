"""Import: what becomes of each file, once and again, cancelled, killed and crashed."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.corpus import pool
from core.corpus.importer import import_paths
from core.corpus.report import FileVerdict, ImportProgress, ImportReport, NothingKeptError
from core.corpus.store import CorpusStore
from core.errors import FileError
from core.tasks import Cancelled, Control
from tests.core.corpus.midi import SCALE, crashing, hanging, midi, refusing, slow, stuck, tune, voice
from tests.systems import needs_kills, needs_pipes

PROJECT = Path(__file__).resolve().parents[3]


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def many(folder: Path, number: int) -> Path:
    """Different tunes, so many that they are worth several processes."""
    chance = random.Random(5)
    return put(
        folder,
        {
            f"{index // 100}/{index:04}.mid": midi(voice([chance.choice(SCALE) for _ in range(24)]))
            for index in range(number)
        },
    )


def said(report: ImportReport, folder: Path) -> dict[str, tuple[str, str]]:
    """Verdict and reason by name."""
    return {
        item.path.removeprefix(f"{folder}/"): (item.verdict, item.reason or item.of.removeprefix(f"{folder}/"))
        for item in report.verdicts
    }


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    return tmp_path / "pieces"


def messy(folder: Path) -> Path:
    """What real folders are like."""
    put(
        folder,
        {
            "b first.mid": tune(),
            "c exact copy of b.mid": tune(),
            "d same music.MID": tune(text="another text"),
            "e transposed.mid": tune(2),
            "Ünïcödé 音楽/größe.midi": tune(3),
            "drums.mid": midi(voice([36, 38] * 8, channel=9)),
            "silent.mid": midi(),
            "few.mid": midi(voice([60, 62, 64])),
            "one.mid": midi(voice([60])),
            "not midi.mid": b"<html>404</html>",
            "cut off.mid": tune(4)[:-30],
            "no bytes.mid": b"",
            "no resolution.mid": tune(resolution=0),
            "._b first.mid": b"\x00\x05\x16\x07",
            ".DS_Store": b"x",
            "read me.txt": b"x",
        },
    )
    with zipfile.ZipFile(folder / "more.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/side/five.kar", tune(5))
        archive.writestr("in/b again.mid", tune())
        archive.writestr("__MACOSX/in/._b again.mid", b"\x00\x05\x16\x07")
        archive.writestr("in/notes.txt", b"x")
    return folder


def test_a_messy_folder_gives_each_file_its_verdict(pieces: Path, home: Path) -> None:
    corpus, report = import_paths([messy(pieces)], Control(), home=home)
    verdicts = said(report, pieces)
    assert verdicts.pop("not midi.mid")[0] == "skipped"
    assert verdicts.pop("no resolution.mid")[0] == "skipped"
    assert verdicts.pop("cut off.mid")[0] == "repaired"
    assert verdicts == {
        "b first.mid": ("kept", ""),
        "c exact copy of b.mid": ("same", "b first.mid"),
        "d same music.MID": ("same", "b first.mid"),
        "e transposed.mid": ("kept", ""),
        "Ünïcödé 音楽/größe.midi": ("kept", ""),
        "drums.mid": ("skipped", "Drums only"),
        "silent.mid": ("skipped", "No notes inside"),
        "few.mid": ("skipped", "Only 3 notes, too few to learn from"),
        "one.mid": ("skipped", "Only 1 note, too few to learn from"),
        "no bytes.mid": ("skipped", "Empty"),
        "._b first.mid": ("skipped", "A note of macOS about another file, no music"),
        "more.zip/in/side/five.kar": ("kept", ""),
        "more.zip/in/b again.mid": ("same", "b first.mid"),
        "more.zip/__MACOSX/in/._b again.mid": ("skipped", "A note of macOS about another file, no music"),
    }
    assert [Path(piece.source).name for piece in corpus.pieces] == [
        "b first.mid",
        "cut off.mid",
        "e transposed.mid",
        "five.kar",
        "größe.midi",
    ]
    assert corpus.name == "pieces"
    assert corpus.lines == "melody"
    assert report.counts == {"kept": 4, "repaired": 1, "skipped": 9, "same": 3}


def test_every_reason_for_skipping_names_no_path(pieces: Path, home: Path) -> None:
    _, report = import_paths([messy(pieces)], Control(), home=home)
    for verdict in report.skipped:
        assert verdict.reason
        assert str(pieces) not in verdict.reason
        assert verdict.reason[0].isupper()


def test_an_entry_says_what_the_piece_is(pieces: Path, home: Path) -> None:
    melody = voice([62, 65, 69, 67, 65, 64, 62, 61] * 2 + [62])
    put(pieces, {"Evening_song.mid": midi(melody, voice([(50, 53, 57)] * 17), bpm=90, metre=(3, 4))})
    corpus, report = import_paths([pieces], Control(), home=home)
    (entry,) = corpus.pieces
    assert entry.title == "Evening song"
    assert entry.source == str(pieces / "Evening_song.mid")
    assert (entry.notes, entry.melody_notes, entry.parts) == (17 * 4, 17, 2)
    assert entry.key == "D minor"
    assert entry.metre == "3/4"
    assert entry.tempo == pytest.approx(90, abs=0.01)
    assert entry.duration_s == pytest.approx(17 * 60 / 90, abs=0.01)
    assert entry.polyphony == pytest.approx(4)
    assert entry.lines_default == "melody"
    (verdict,) = report.kept
    assert verdict == FileVerdict(entry.source, "kept", "", "", entry.fingerprint, 17 * 4, "D minor")


def test_piano_pieces_are_learnt_by_all_notes_and_lines_by_melody(tmp_path: Path, home: Path) -> None:
    chords = [(60 + step, 64 + step, 67 + step) for step in range(12)]
    piano = put(tmp_path / "piano", {"a.mid": midi(voice(chords)), "b.mid": midi(voice(chords[::-1]))})
    assert import_paths([piano], Control(), home=home)[0].lines == "all"
    lines = put(tmp_path / "lines", {"a.mid": tune(), "b.mid": midi(voice(chords), voice(SCALE * 3, name="Voice"))})
    assert import_paths([lines], Control(), home=home)[0].lines == "melody"


def test_a_second_import_of_an_unchanged_folder_reads_nothing(pieces: Path, home: Path) -> None:
    first, report = import_paths([messy(pieces)], Control(), home=home)
    again, second = import_paths([pieces], Control(), home=home, reader=refusing)
    assert again == first
    assert second.verdicts == report.verdicts


def test_a_second_import_opens_no_zip(pieces: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_paths([messy(pieces)], Control(), home=home)
    put(pieces, {"bad.zip": b"PK"})
    _, report = import_paths([pieces], Control(), home=home)

    def opened(*_: object) -> None:
        raise AssertionError("a zip was opened")

    monkeypatch.setattr(zipfile, "ZipFile", opened)
    _, again = import_paths([pieces], Control(), home=home, reader=refusing)
    assert again.verdicts == report.verdicts
    assert said(again, pieces)["bad.zip"] == ("skipped", "Not a zip, or a damaged one")


def test_only_what_changed_is_read_again(pieces: Path, home: Path) -> None:
    put(pieces, {"a.mid": tune(), "b.mid": tune(1), "c.mid": tune(2)})
    import_paths([pieces], Control(), home=home)
    (pieces / "b.mid").write_bytes(tune(7, text="longer than before"))
    (pieces / "c.mid").unlink()
    put(pieces, {"d.mid": tune(9)})
    progress: list[object] = []
    corpus, _ = import_paths([pieces], Control(progress.append), home=home)
    read = [item.path for event in progress if isinstance(event, ImportProgress) for item in event.verdicts]
    assert sorted(read) == [str(pieces / "b.mid"), str(pieces / "d.mid")]
    assert [piece.title for piece in corpus.pieces] == ["a", "b", "d"]
    store = CorpusStore(home)
    assert store.score_of(corpus.pieces[1].fingerprint).parts[0].notes[0].pitch == 67
    assert [found.id for found in store.list()] == [corpus.id]


def test_a_copy_under_another_name_is_not_read(pieces: Path, home: Path) -> None:
    import_paths([put(pieces, {"a.mid": tune()})], Control(), home=home)
    put(pieces, {"0 copy.mid": tune()})
    _, report = import_paths([pieces], Control(), home=home, reader=refusing)
    assert said(report, pieces) == {"0 copy.mid": ("kept", ""), "a.mid": ("same", "0 copy.mid")}


def test_a_newer_reader_reads_all_anew(pieces: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_paths([put(pieces, {"a.mid": tune()})], Control(), home=home)
    monkeypatch.setattr("core.corpus.importer.READER", 999)
    monkeypatch.setattr("core.corpus.cache.READER", 999)
    with pytest.raises(AssertionError, match="read again"):
        import_paths([pieces], Control(), home=home, reader=refusing)


def test_progress_counts_up_to_all_files_and_names_each_once(pieces: Path, home: Path) -> None:
    progress: list[object] = []
    _, report = import_paths([messy(pieces)], Control(progress.append), home=home)
    events = [event for event in progress if isinstance(event, ImportProgress)]
    done = [event.done for event in events]
    assert done == sorted(done)
    assert (events[-1].done, events[-1].total) == (len(report.verdicts), len(report.verdicts))
    fresh = [item.path for event in events for item in event.verdicts]
    assert len(fresh) == len(set(fresh))


def test_nothing_to_read_is_said(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="no MIDI files in ‘empty’"):
        import_paths([tmp_path / "empty"], Control(), home=home)
    with pytest.raises(FileError, match="is not there"):
        import_paths([tmp_path / "missing"], Control(), home=home)
    with pytest.raises(FileError, match="No files"):
        import_paths([], Control(), home=home)
    assert CorpusStore(home).list() == ()


def test_files_none_of_which_can_teach_have_a_report_and_make_no_corpus(pieces: Path, home: Path) -> None:
    with pytest.raises(NothingKeptError, match=r"‘bad\.mid’ can’t teach") as caught:
        import_paths([put(pieces, {"bad.mid": b"no"})], Control(), home=home)
    assert [verdict.path for verdict in caught.value.report.skipped] == [str(pieces / "bad.mid")]
    put(pieces, {"empty.mid": b""})
    with pytest.raises(NothingKeptError, match="None of these 2 files can teach") as caught:
        import_paths([pieces], Control(), home=home)
    assert "Empty (1)" in caught.value.hint
    assert not CorpusStore(home).list()


def test_a_folder_whose_music_is_gone_leaves_the_corpus_of_before(pieces: Path, home: Path) -> None:
    before, _ = import_paths([put(pieces, {"a.mid": tune()})], Control(), home=home)
    put(pieces, {"a.mid": b"no"})
    with pytest.raises(NothingKeptError):
        import_paths([pieces], Control(), home=home)
    assert list(CorpusStore(home).load(before.id).pieces) == list(before.pieces)
    assert len(before.pieces) == 1


def test_names_are_unique_and_the_same_folder_renews_its_corpus(tmp_path: Path, home: Path) -> None:
    here, there = tmp_path / "x" / "songs", tmp_path / "y" / "songs"
    put(here, {"a.mid": tune()})
    put(there, {"a.mid": tune(1)})
    first, _ = import_paths([here], Control(), home=home)
    second, _ = import_paths([there], Control(), home=home)
    assert (first.name, second.name) == ("songs", "songs 2")
    CorpusStore(home).rename(first.id, "Évening songs")
    CorpusStore(home).with_lines(CorpusStore(home).load(first.id), "all")
    renewed, _ = import_paths([here], Control(), home=home)
    assert (renewed.id, renewed.name, renewed.lines) == (first.id, "Évening songs", "all")
    named, _ = import_paths([here], Control(), home=home, name="Others")
    assert named.name == "Others"
    assert {corpus.name for corpus in CorpusStore(home).list()} == {"Évening songs", "songs 2", "Others"}


def test_files_can_be_added_to_a_corpus(tmp_path: Path, home: Path) -> None:
    first = put(tmp_path / "m", {"a.mid": tune(), "b.mid": tune(1), "bad.mid": b"no"})
    corpus, _ = import_paths([first], Control(), home=home)
    store = CorpusStore(home)
    store.without(corpus, {corpus.pieces[1].fingerprint})
    more = put(tmp_path / "k", {"b copy.mid": tune(1), "c.mid": tune(2)})
    shutil.rmtree(first)
    corpus, report = import_paths([more / "c.mid"], Control(), home=home, add_to=corpus.id)
    assert [piece.title for piece in corpus.pieces] == ["c", "a"], "what was left out stays out"
    assert len(report.verdicts) == 4
    corpus, report = import_paths([more], Control(), home=home, add_to=corpus.id)
    assert [piece.title for piece in corpus.pieces] == ["b copy", "c", "a"], "what is brought in anew comes in"
    assert [verdict.of for verdict in report.duplicates] == [str(more / "b copy.mid")]


def test_cancelling_keeps_what_was_read(pieces: Path, home: Path) -> None:
    many(pieces, 120)
    control = Control()

    def listener(event: object) -> None:
        if isinstance(event, ImportProgress) and event.done >= 20:
            control.cancel()

    control._listener = listener
    with pytest.raises(Cancelled):
        import_paths([pieces], control, home=home, reader=slow)
    assert CorpusStore(home).list() == ()
    progress: list[ImportProgress] = []
    import_paths([pieces], Control(progress.append), home=home)  # type: ignore[arg-type]  # nothing else is reported
    fresh = sum(len(event.verdicts) for event in progress)
    assert 0 < fresh <= 100


def test_stopping_makes_a_corpus_of_what_was_read(pieces: Path, home: Path) -> None:
    many(pieces, 120)
    control = Control()
    control._listener = lambda event: control.stop() if isinstance(event, ImportProgress) and event.done >= 20 else None
    corpus, report = import_paths([pieces], control, home=home, reader=slow)
    assert 20 <= len(corpus.pieces) < 120
    assert len(report.skipped) == 120 - len(corpus.pieces)
    assert report.skipped[0].reason.startswith("Not read")
    corpus, report = import_paths([pieces], Control(), home=home)
    assert (len(corpus.pieces), len(report.skipped)) == (120, 0)


def test_processes_come_to_the_same_as_none(pieces: Path, home: Path, tmp_path: Path) -> None:
    many(messy(pieces), 600)
    one, report = import_paths([pieces], Control(), home=home, processes=0)
    two, second = import_paths([pieces], Control(), home=tmp_path / "other", processes=2)
    assert two.pieces == one.pieces
    assert second.verdicts == report.verdicts
    assert multiprocessing.active_children() == []


def test_a_file_that_crashes_its_reader_costs_itself_alone(pieces: Path, home: Path) -> None:
    many(pieces, 300)
    put(pieces, {"1/crash a.mid": tune(1), "2/crash b.mid": tune(2)})
    corpus, report = import_paths([pieces], Control(), home=home, reader=crashing, processes=2)
    assert [(Path(item.path).name, item.reason) for item in report.skipped] == [
        ("crash a.mid", "Reading it brought the reader down"),
        ("crash b.mid", "Reading it brought the reader down"),
    ]
    assert len(corpus.pieces) == 300
    assert multiprocessing.active_children() == []
    _, again = import_paths([pieces], Control(), home=home, reader=refusing)
    assert again.verdicts == report.verdicts


def test_a_process_that_hangs_is_ended(pieces: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = home.parent / "hangs"
    monkeypatch.setenv("HANGS_TOLD", str(told))

    def clock() -> float:
        """Whenever the reader hangs, an hour is over at once."""
        return time.monotonic() + 3600 * (told.stat().st_size if told.exists() else 0)

    monkeypatch.setattr(pool, "time", SimpleNamespace(monotonic=clock))
    put(pieces, {"a.mid": tune(), "hang.mid": tune(1), "z.mid": tune(2)})
    corpus, report = import_paths([pieces], Control(), home=home, reader=hanging, processes=1)
    assert len(corpus.pieces) == 2
    assert [item.reason for item in report.skipped] == ["Reading it took too long"]


def test_a_process_that_never_came_up_says_nothing_of_its_file_for_good(
    pieces: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(pieces, {"a.mid": tune()})
    with monkeypatch.context() as impatient:
        impatient.setattr(pool, "_STARTING_S", 0.0)
        with pytest.raises(NothingKeptError) as caught:
            import_paths([pieces], Control(), home=home, processes=1)
    assert [item.reason for item in caught.value.report.skipped] == ["Reading it took too long"]
    corpus, _ = import_paths([pieces], Control(), home=home)
    assert len(corpus.pieces) == 1


def test_cancelling_waits_for_no_process_and_what_came_in_is_kept(pieces: Path, home: Path) -> None:
    many(pieces, 600)
    control = Control()

    def listener(event: object) -> None:
        if isinstance(event, ImportProgress) and event.done >= 20:
            control.cancel()

    control._listener = listener
    with pytest.raises(Cancelled):
        import_paths([pieces], control, home=home, reader=stuck, processes=2)
    assert multiprocessing.active_children() == []
    progress: list[ImportProgress] = []
    import_paths([pieces], Control(progress.append), home=home)  # type: ignore[arg-type]  # nothing else is reported
    assert sum(len(event.verdicts) for event in progress) <= 580


_IMPORT = """
import sys
from pathlib import Path
from core.corpus.importer import import_paths
from core.tasks import Control
from tests.core.corpus.midi import slow

if __name__ == "__main__":
    import_paths([Path(sys.argv[1])], Control(lambda event: print(event.done, flush=True)), home=Path(sys.argv[2]),
                 reader=slow, processes=int(sys.argv[3]))
"""


@needs_kills
@pytest.mark.parametrize("processes", [0, 2])
def test_killed_in_mid_import_it_goes_on_where_it_was(pieces: Path, home: Path, tmp_path: Path, processes: int) -> None:
    many(pieces, 300)
    script = tmp_path / "importing.py"
    script.write_text(_IMPORT)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, str(script), str(pieces), str(home), str(processes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if int(line) >= 60:
                break
        running.send_signal(signal.SIGKILL)
    progress: list[ImportProgress] = []
    corpus, report = import_paths([pieces], Control(progress.append), home=home)  # type: ignore[arg-type]  # as above
    assert sum(len(event.verdicts) for event in progress) <= 240
    fresh, _ = import_paths([pieces], Control(), home=tmp_path / "fresh")
    assert corpus.pieces == fresh.pieces
    assert len(report.kept) == len(corpus.pieces)


def test_it_works_from_a_worker_s_thread(pieces: Path, home: Path, qtbot: object) -> None:
    from core.workers import Worker

    many(pieces, 60)
    results: list[object] = []
    worker = Worker(lambda control: import_paths([pieces], control, home=home, processes=2))
    worker.succeeded.connect(results.append)
    with qtbot.waitSignal(worker.finished):  # type: ignore[attr-defined]  # pytest-qt's own type is not exported
        worker.start()
    worker.wait()
    qtbot.waitUntil(lambda: bool(results))  # type: ignore[attr-defined]  # as above
    assert multiprocessing.active_children() == []


def test_a_damaged_cache_is_begun_anew(pieces: Path, home: Path) -> None:
    put(pieces, {"a.mid": tune()})
    cache = home / "cache" / "files.sqlite"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"this is no database, but it is longer than a heading of one hundred bytes would be" * 4)
    corpus, _ = import_paths([pieces], Control(), home=home)
    assert len(corpus.pieces) == 1


def test_a_file_that_vanishes_while_being_read_is_reported(
    pieces: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(pieces, {"a.mid": tune(), "b.mid": tune(1)})

    def vanishing(event: object) -> None:
        if isinstance(event, ImportProgress) and event.total:
            (pieces / "b.mid").unlink(missing_ok=True)

    _, report = import_paths([pieces], Control(vanishing), home=home)
    assert said(report, pieces)["b.mid"] == ("skipped", "Can't be opened: there is no such file")
    put(pieces, {"b.mid": tune(1)})
    corpus, _ = import_paths([pieces], Control(), home=home)
    assert len(corpus.pieces) == 2


@needs_pipes
def test_a_file_that_turned_into_a_pipe_holds_nothing_up(pieces: Path, home: Path) -> None:
    put(pieces, {"a.mid": tune(), "b.mid": tune(1)})

    def turning(event: object) -> None:
        if isinstance(event, ImportProgress) and event.total and (pieces / "b.mid").is_file():
            (pieces / "b.mid").unlink()
            os.mkfifo(pieces / "b.mid")

    corpus, report = import_paths([pieces], Control(turning), home=home, processes=0)
    assert said(report, pieces)["b.mid"] == ("skipped", "Can't be opened: it is not an ordinary file")
    assert [piece.title for piece in corpus.pieces] == ["a"]


def test_zips_damaged_anywhere_are_reported_and_never_raise(tmp_path: Path, home: Path) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.mid", tune())
        archive.writestr("größe/b.mid", tune(1))
    content = whole.read_bytes()
    chance = random.Random(3)
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(150):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 1, 4))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = len(damaged) if number % 3 else chance.randrange(len(damaged))
        (folder / f"{number:03}.zip").write_bytes(damaged[:cut])
    _, report = import_paths([folder], Control(), home=home, processes=0)
    assert all(verdict.reason for verdict in report.skipped)
    assert {verdict.path.removeprefix(f"{folder}/")[:3] for verdict in report.verdicts} == {
        f"{number:03}" for number in range(150)
    }


def test_a_large_file_is_read_by_a_process_of_its_own(pieces: Path, home: Path) -> None:
    put(pieces, {"a.mid": tune(), "crash large.mid": tune(text="long " * 60_000)})
    corpus, report = import_paths([pieces], Control(), home=home, reader=crashing)
    assert [piece.title for piece in corpus.pieces] == ["a"]
    assert [verdict.reason for verdict in report.skipped] == ["Reading it brought the reader down"]
