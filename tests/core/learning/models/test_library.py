import io
import json
import os
import time
import tracemalloc
import zipfile
from contextlib import suppress
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AppError, FileError, ModelError
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import Events, Vocabulary
from core.learning.models import model_file
from core.learning.models.library import Library, new_id
from core.learning.models.model_file import ModelCard
from core.learning.models.progress import EpochDone, SampleMade
from core.learning.network.weights import fresh_weights
from core.learning.spec import NetworkSpec, TokenizerSpec, TrainingSpec
from tests.strategies import json_values

CARD = ModelCard(
    name="Chorales",
    preset="quick",
    tokenizer=TokenizerSpec(),
    network=NetworkSpec(embedding=4, layers=1, units=8, attention_heads=2, head_units=4),
    training=TrainingSpec(random_seed=5),
    vocabulary=Vocabulary({"delta": (0, 12), "duration": (12, 24), "pitch": (60, 62, 64), "velocity": (5,)}),
    corpus_name="Bach",
    pieces=3,
    notes=120,
    epochs=2,
    best_epoch=1,
    held_out_bits_per_note=4.5,
    created="2026-01-02T03:04:05+00:00",
)
EPOCH = EpochDone(1, {"pitch": 2.0}, {"pitch": 2.1}, True, 1, 3.0, 1000.0)


def weights_of(card):
    return fresh_weights(card.weight_shapes, random_seed=1)


def studied_index():
    line = np.array([60, 62, 64], np.int32)
    return build_studied_index([("Air", Events(line * 0, line, line * 0 + 12, line * 0, line * 0, line * 0 + 96))])


def fill(folder, card=CARD):
    model_file.write_weights(folder, weights_of(card))
    model_file.write_studied(folder, studied_index())
    model_file.append_history(folder, EPOCH)
    (folder / "samples").mkdir(exist_ok=True)
    (folder / "samples" / "epoch-001.mid").write_bytes(b"MThd")
    model_file.append_sample(folder, SampleMade(1, str(folder / "samples" / "epoch-001.mid"), "Finds a rhythm", 0))
    model_file.write_card(folder, card)


@pytest.fixture
def library(home, tmp_path):
    starter = tmp_path / "starter-model"
    starter.mkdir()
    fill(starter, replace(CARD, name="Lieder"))
    return Library(home, starter=starter)


@pytest.fixture
def record(library):
    id_, folder, name = library.create("Chorales")
    fill(folder, replace(CARD, name=name))
    return library.find(id_)


# Listing and opening


def test_the_list_starts_with_the_starter_and_then_the_newest(library):
    for name, created in (("Old", "2025"), ("New", "2026")):
        _, folder, _ = library.create(name)
        fill(folder, replace(CARD, name=name, created=created))
    assert [(record.name, record.is_starter) for record in library.list()] == [
        ("Lieder", True),
        ("New", False),
        ("Old", False),
    ]


def test_a_model_is_found_by_id_name_and_as_starter(library, record):
    assert library.find(record.id) == library.find("Chorales") == library.find("chorales ") == record
    assert library.find("starter").name == "Lieder"
    with pytest.raises(ModelError, match="“Nothing”"):
        library.find("Nothing")


def test_a_loaded_model_has_all_that_was_written(library, record):
    model = library.load(record)
    assert (model.tokenizer, model.network_spec, model.training_spec) == (CARD.tokenizer, CARD.network, CARD.training)
    assert model.vocabulary == CARD.vocabulary
    assert model.studied.titles == ("Air",)
    assert library.history(record) == (EPOCH,)
    (sample,) = library.samples(record)
    assert sample.path == str(record.path / "samples" / "epoch-001.mid")
    assert library.card(record) == replace(CARD, held_out_bits_per_pitch=float("inf"))


def test_a_record_tells_whether_its_network_copies(library, record):
    assert record.copies
    network = replace(CARD.network, attention="running_mean")
    model_file.write_card(record.path, replace(CARD, network=network))
    assert not library.find(record.id).copies


def test_the_licence_and_what_was_counted_go_along_with_a_shared_model(library, record, tmp_path):
    model_file.write_card(record.path, replace(CARD, licence="CC0 1.0", chord_share=0.25))
    imported = library.import_file(library.export(record, tmp_path / "shared.ritornello-model"))
    assert library.card(imported).licence == "CC0 1.0"
    assert library.card(imported).chord_share == 0.25


def test_an_endless_licence_is_cut_and_a_missing_one_is_empty():
    stored = CARD.to_json()
    assert len(ModelCard.from_json({**stored, "licence": "x" * 9999}).licence) == 500
    del stored["licence"], stored["chord_share"]
    assert ModelCard.from_json(stored).licence == ""
    assert ModelCard.from_json(stored).chord_share == float("inf")


def test_listing_reads_no_weights(library, record):
    (record.path / "weights.npz").write_bytes(b"no weights")
    assert record in library.list()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such things")
@pytest.mark.parametrize("name", ["model.json", "weights.npz", "studied.npz", "history.jsonl"])
def test_pipes_and_devices_in_place_of_a_models_files_hold_nothing_up(library, record, tmp_path, name):
    for spoil in (lambda path: os.mkfifo(path), lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()):
        (record.path / name).unlink(missing_ok=True)
        spoil(record.path / name)
        assert len(library.list()) == 2
        if name == "history.jsonl":
            assert library.history(record) == ()
        else:
            with pytest.raises(ModelError, match="can't be opened: its"):
                library.load(record)
        (record.path / name).rmdir() if (record.path / name).is_dir() else (record.path / name).unlink()
    for path in (tmp_path / "pipe.ritornello-model", tmp_path / "zero.ritornello-model"):
        os.mkfifo(path) if "pipe" in path.name else path.symlink_to("/dev/zero")
        for attempt in (library.import_file, library.find):
            with pytest.raises(ModelError, match="not an ordinary file"):
                attempt(path)


def test_an_unfinished_or_interrupted_history_is_read_as_far_as_it_goes(library, record):
    with (record.path / "history.jsonl").open("a") as file:
        file.write('{"epoch": 2, "losses": 5}\n[]\n{"epo')
    assert library.history(record) == (EPOCH,)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "weights.npz").unlink(), "“Chorales” can't be opened: its weights are missing."),
        (lambda folder: (folder / "weights.npz").write_bytes(b"PK\3\4"), "“Chorales” can't be opened: its weights are damaged."),
        (lambda folder: (folder / "studied.npz").write_bytes(b""), "“Chorales” can't be opened: its list of studied pieces is damaged."),
        (lambda folder: (folder / "model.json").unlink(), "“Chorales” can't be opened: its description is missing."),
    ],
)  # fmt: skip
def test_a_damaged_model_is_told_in_one_sentence(library, record, spoil, sentence):
    spoil(record.path)
    with pytest.raises(ModelError) as caught:
        library.load(record)
    assert caught.value.sentence == sentence
    assert caught.value.hint


# Changing


def test_names_that_are_taken_get_a_number(library, record):
    assert library.create("Chorales")[2] == library.create("  chorales ")[2].title() == "Chorales 2"
    assert library.create("starter")[2] == "starter 2"
    assert library.create("")[2] == "Model"


def test_a_renamed_model_keeps_everything_else(library, record):
    renamed = library.rename(record, "Bach's “best” /../ ones")
    assert library.find(record.id) == renamed
    assert renamed == replace(record, name="Bach's “best” /../ ones")
    assert library.rename(renamed, renamed.name) == renamed
    assert library.rename(renamed, "Lieder").name == "Lieder 2"


def test_a_deleted_model_can_come_back(library, record, home):
    trashed = library.delete(record)
    assert [each.name for each in library.list()] == ["Lieder"]
    assert trashed.path.parent == home / "trash" / "models"
    assert library.trashed() == (trashed,)
    assert library.restore(trashed) == record
    assert record in library.list()
    with pytest.raises(FileError, match="can't be brought back"):
        library.restore(trashed)


def test_a_model_comes_back_beside_one_that_took_its_name(library, record):
    trashed = library.delete(record)
    _, folder, name = library.create("Chorales")
    fill(folder, replace(CARD, name=name))
    assert library.restore(trashed).name == "Chorales 2"


def test_the_trash_keeps_every_model_of_a_name_and_gives_the_last_back_first(library):
    for number in (1, 2, 3):
        _, folder, name = library.create("Chorales")
        fill(folder, replace(CARD, name=name, epochs=number))
        trashed = library.delete(library.find("Chorales"))
        deleted = time.time() - 3600 * (10 - number)
        os.utime(trashed.path, (deleted, deleted))
    assert [item.record.epochs for item in library.trashed()] == [3, 2, 1]
    first = library.trashed()[-1]
    assert library.find_trashed(first.path.name) == library.find_trashed(first.record.id) == first
    back = [library.restore(library.find_trashed("chorales")) for _ in range(3)]
    assert [(record.name, record.epochs) for record in back] == [("Chorales", 3), ("Chorales 2", 2), ("Chorales 3", 1)]
    assert set(back) <= set(library.list())
    with pytest.raises(ModelError, match="in the trash"):
        library.find_trashed("../models")


_DAMAGED_CARDS = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"format": 2}',
    b'{"format": "99", "name": "x"}',
    b"[" * 200_000,
    b"\xff\xfe",
    bytes(100),
)


@pytest.mark.parametrize("content", _DAMAGED_CARDS)
def test_a_damaged_model_is_listed_with_what_is_wrong_and_can_be_deleted_and_taken_back(library, record, content):
    (record.path / "model.json").write_bytes(content)
    starter, damaged = library.list()
    assert (damaged.id, damaged.name, damaged.state) == (record.id, record.id, "damaged")
    assert damaged.damage.startswith(f"“{record.id}” can't be opened")
    with pytest.raises(ModelError, match="can't be opened"):
        library.load(library.find(record.id))
    trashed = library.delete(damaged)
    assert library.list() == (starter,)
    assert library.trashed() == (trashed,)
    assert library.restore(trashed) == damaged
    (record.path / "model.json").unlink()
    (record.path / "model.json").mkdir()
    assert library.find(record.id).state == "damaged"


def test_a_model_of_a_newer_ritornello_is_told_from_a_damaged_one(library, record):
    (record.path / "model.json").write_text('{"format": 99, "name": "x"}')
    newer = library.find(record.id)
    assert (newer.state, newer.damage.count("newer Ritornello")) == ("newer", 1)
    with pytest.raises(ModelError, match="newer Ritornello"):
        library.load(newer)


def test_the_starter_stays(library):
    for change in (library.delete, lambda record: library.rename(record, "Mine")):
        with pytest.raises(ModelError, match="can't be renamed or deleted"):
            change(library.find("starter"))


def test_a_folders_name_is_plain_whatever_the_model_is_called():
    for name in ("Für Elise", "../../etc", "夜曲", "", "a" * 300, "CON"):
        id_ = new_id(name)
        assert id_.replace("-", "").isalnum()
        assert id_.isascii()
        assert len(id_) < 60
    assert new_id("Für Elise").startswith("fur-elise-")


# One file


@pytest.fixture
def packed(library, record, tmp_path):
    return library.export(record, tmp_path / "shared")


def test_a_model_survives_being_shared(library, record, packed, tmp_path):
    assert packed == tmp_path / "shared.ritornello-model"
    elsewhere = Library(tmp_path / "elsewhere", starter=tmp_path / "none")
    arrived = elsewhere.import_file(packed)
    assert replace(arrived, id=record.id, path=record.path) == record
    before, after = library.load(record), elsewhere.load(arrived)
    state_before, state_after = before.network.begin(96), after.network.begin(96)
    assert np.array_equal(state_before.heads, state_after.heads)
    assert elsewhere.history(arrived) == library.history(record)
    assert len(elsewhere.samples(arrived)) == 1
    assert elsewhere.export(arrived, tmp_path / "again").read_bytes() == packed.read_bytes()


def test_an_imported_name_that_is_taken_gets_a_number(library, record, packed):
    assert library.import_file(packed).name == "Chorales 2"


def test_a_packed_model_is_usable_where_it_lies(library, packed, home):
    before = sorted(home.rglob("*"))
    found = library.find(packed)
    assert found.name == "Chorales"
    assert library.load(found).vocabulary == CARD.vocabulary
    assert sorted(home.rglob("*")) == before


def repacked(packed, tmp_path, changes, *, kind=zipfile.ZIP_DEFLATED):
    """The packed model with other contents: name → bytes, or None to leave it out."""
    with zipfile.ZipFile(packed) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    target = tmp_path / "hostile.ritornello-model"
    with zipfile.ZipFile(target, "w", kind) as archive:
        for name, content in {**contents, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    return target


def card_with(**changes):
    return json.dumps({**CARD.to_json(), **changes}).encode()


def npz(arrays):
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def weights_with(name, array):
    return npz({**weights_of(CARD), name: array})


def header_claiming(shape):
    """Weights of which one array says it is enormous."""
    entry = io.BytesIO()
    np.lib.format.write_array_header_1_0(entry, {"descr": "<f4", "fortran_order": False, "shape": shape})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in weights_of(CARD).items():
            one = io.BytesIO()
            np.lib.format.write_array(one, array)
            archive.writestr(f"{name}.npy", entry.getvalue() if name == "lstm0/kernel" else one.getvalue())
    return content.getvalue()


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("code of the model was run",))


STUDIED = studied_index().to_arrays()
HOSTILE = {
    "no description": {"model.json": None},
    "no weights": {"weights.npz": None},
    "damaged description": {"model.json": b"\xff\xfe{"},
    "a name that is no text": {"model.json": card_with(name="  ")},
    "a later format": {"model.json": card_with(format=3)},
    "a format no longer read": {"model.json": card_with(format=1)},
    "specs that are none": {"model.json": card_with(network={"units": "many"})},
    "a spec of another type": {"model.json": card_with(tokenizer=[1, 2])},
    "fields that are none": {"model.json": card_with(tokenizer={"fields": ["pitch", "soul"]})},
    "an absurd network": {"model.json": card_with(network={**asdict(CARD.network), "units": 4096, "layers": 8})},
    "layers beyond all": {"model.json": card_with(network={**asdict(CARD.network), "layers": 10**9})},
    "an absurd vocabulary": {"model.json": card_with(vocabulary={**CARD.vocabulary.to_json(), "pitch": [10**9]})},
    "notes of no length": {"model.json": card_with(vocabulary={**CARD.vocabulary.to_json(), "duration": [0, 24]})},
    "a velocity beyond all": {"model.json": card_with(vocabulary={**CARD.vocabulary.to_json(), "velocity": [8]})},
    "a vocabulary without pitch": {"model.json": card_with(vocabulary={"delta": [1]})},
    "another network's weights": {"model.json": card_with(network=asdict(NetworkSpec()))},
    "weights of another shape": {"weights.npz": weights_with("lstm0/bias", np.zeros(31, np.float32))},
    "a weight missing": {"weights.npz": npz({"lstm0/bias": np.zeros(32, np.float32)})},
    "NaN": {"weights.npz": weights_with("lstm0/bias", np.full(32, np.nan, np.float32))},
    "infinity when narrowed": {"weights.npz": weights_with("lstm0/bias", np.full(32, 1e300))},
    "text as weights": {"weights.npz": weights_with("lstm0/bias", np.array(["x"] * 32))},
    "a pickle": {"weights.npz": weights_with("lstm0/bias", np.array([Trap()] * 32, dtype=object))},
    "an enormous header": {"weights.npz": header_claiming((10**12,))},
    "a header that claims too much": {"weights.npz": header_claiming((20, 32))},
    "a negative shape": {"weights.npz": header_claiming((-20, 32))},
    "cut weights": {"weights.npz": npz(weights_of(CARD))[:1000]},
    "studied pieces that don't fit": {"studied.npz": npz({"titles": np.zeros(3, np.uint8)})},
    "half a layer": {"model.json": card_with(network={**asdict(CARD.network), "layers": 1.5})},
    "units with a point": {"model.json": card_with(network={**asdict(CARD.network), "units": 8.0})},
    "half a velocity class": {"model.json": card_with(tokenizer={**asdict(CARD.tokenizer), "velocity_classes": 7.5})},
    "a dropout of NaN": {"model.json": card_with(network={**asdict(CARD.network), "dropout": float("nan")})},
    "endless minutes": {"model.json": card_with(training={**asdict(CARD.training), "minutes": float("inf")})},
    "a truth for a number": {"model.json": card_with(epochs=True)},
    "less than nothing": {"model.json": card_with(pieces=-1)},
    "half a surrogate pair": {"model.json": card_with(name="\ud800")},
    "brackets without end": {"model.json": b"[" * 200_000},
    "a huge number": {"model.json": card_with(pieces=10**400)},
    "a weight without dimensions": {"weights.npz": weights_with("lstm0/bias", np.float32(1))},
    "titles without dimensions": {"studied.npz": npz({**STUDIED, "titles": np.uint8(1)})},
    "bounds of another type": {"studied.npz": npz({**STUDIED, "bounds": STUDIED["bounds"].astype(float)})},
    "no bounds": {"studied.npz": npz({**STUDIED, "bounds": STUDIED["bounds"][:0]})},
    "bounds beyond the notes": {"studied.npz": npz({**STUDIED, "bounds": STUDIED["bounds"] * 1000})},
    "a share of NaN": {"studied.npz": npz({**STUDIED, "shared": STUDIED["shared"] * np.nan})},
    "titles that are no text": {"studied.npz": npz({**STUDIED, "titles": np.full(3, 255, np.uint8)})},
    "a pickle of studied pieces": {"studied.npz": npz({**STUDIED, "titles": np.array([Trap()] * 3, dtype=object)})},
    "a climbing path": {"../../evil.txt": b"x"},
    "an absolute path": {"/tmp/evil.txt": b"x"},
    "a path for Windows": {"..\\evil.txt": b"x"},
    "a drive": {"C:evil.txt": b"x"},
    "a bomb": {"history.jsonl": b" " * (20 << 20)},
    "a bomb that isn't ours": {"zeros": b"\0" * (20 << 20)},
    "a climbing sample": {"samples/../../evil.mid": b"x"},
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_gives_one_sentence_and_leaves_nothing(library, packed, tmp_path, home, case):
    hostile = repacked(packed, tmp_path, HOSTILE[case])
    before = sorted(tmp_path.rglob("*"))
    begun_s = time.thread_time()
    for attempt in (library.import_file, lambda path: library.load(library.find(path))):
        with pytest.raises(AppError) as caught:
            attempt(hostile)
        assert caught.value.sentence.startswith(f"“{hostile}” can't be opened: it")
        assert caught.value.sentence.endswith(".")
        assert "\n" not in str(caught.value)
        assert caught.value.hint
    assert time.thread_time() - begun_s < 5
    assert sorted(tmp_path.rglob("*")) == before


@given(
    st.dictionaries(st.sampled_from(sorted(CARD.to_json())), json_values(), max_size=3),
    st.dictionaries(st.sampled_from(sorted(asdict(CARD.network))), json_values(), max_size=2),
)
def test_whatever_a_card_says_it_is_one_or_refused(changed, network):
    stored = {**CARD.to_json(), "network": {**asdict(CARD.network), **network}, **changed}
    with suppress(AppError):
        card = ModelCard.from_json(json.loads(json.dumps(stored)))
        assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_way_of_packing_is_refused(library, packed, tmp_path, kind):
    with pytest.raises(ModelError, match="packed in a way"):
        library.import_file(repacked(packed, tmp_path, {}, kind=kind))


@pytest.mark.parametrize("name", ["weights.npz", "studied.npz"])
def test_zeros_that_were_packed_twice_take_no_memory(library, packed, tmp_path, name):
    """The .npz within the model inflates as well; its arrays are huge, and as the card wants them."""
    network = {**asdict(CARD.network), "layers": 2, "units": 1800}
    shapes = ModelCard.from_json(json.loads(card_with(network=network))).weight_shapes
    wanted = {"weights.npz": shapes, "studied.npz": {"pitches": (100_000_000,)}}[name]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for array, shape in wanted.items():
            with archive.open(f"{array}.npy", "w", force_zip64=True) as member:
                kind = {"weights.npz": "<f4", "studied.npz": "|i1"}[name]
                np.lib.format.write_array_header_1_0(member, {"descr": kind, "fortran_order": False, "shape": shape})
                size = int(np.prod(shape)) * int(kind[-1])
                for _ in range(0, size, 1 << 20):
                    member.write(bytes(min(1 << 20, size)))
                    size -= 1 << 20
        if name == "studied.npz":
            for array in STUDIED.keys() - wanted:
                with archive.open(f"{array}.npy", "w") as member:
                    np.lib.format.write_array(member, STUDIED[array])
    hostile = repacked(
        packed, tmp_path, {"model.json": card_with(network=network), name: content.getvalue()}, kind=zipfile.ZIP_STORED
    )
    assert hostile.stat().st_size < 10_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="can't be opened: its"):
            library.import_file(hostile)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_gives_one_sentence(library, packed, tmp_path, share):
    content = packed.read_bytes()
    broken = tmp_path / "broken.ritornello-model"
    broken.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=r"“/.*broken\.ritornello-model” can't be opened"):
        library.import_file(broken)


def test_flipped_bytes_never_crash(library, packed, tmp_path):
    content = packed.read_bytes()
    random = np.random.default_rng(1)
    for _ in range(60):
        spoilt = bytearray(content)
        for place in random.integers(0, len(content), 3):
            spoilt[place] ^= int(random.integers(1, 256))
        path = tmp_path / "spoilt.ritornello-model"
        path.write_bytes(spoilt)
        try:
            library.delete(library.import_file(path))
        except AppError as error:
            assert error.sentence  # noqa: PT017 -- either outcome is right; anything else fails


def test_a_file_entry_twice_is_refused(library, packed):
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("model.json", card_with(name="Another"))
    with pytest.raises(ModelError, match="twice"):
        library.import_file(packed)


def test_a_file_that_is_not_there_or_is_a_folder_is_told(library, tmp_path):
    with pytest.raises(FileError, match=r"‘none\.ritornello-model’ can't be read"):
        library.import_file(tmp_path / "none.ritornello-model")
    (tmp_path / "folder.ritornello-model").mkdir()
    with pytest.raises(ModelError, match="folder"):
        library.import_file(tmp_path / "folder.ritornello-model")


def test_a_full_disk_while_exporting_leaves_the_old_file(library, record, packed, monkeypatch):
    before = packed.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(FileError, match="the disk is full"):
        library.export(record, packed)
    assert packed.read_bytes() == before
    assert [path.name for path in packed.parent.glob(".shared*")] == []
