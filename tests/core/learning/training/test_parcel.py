"""A run sent to another machine: the same job there, and nothing but what it needs."""

import zipfile
from io import BytesIO

import pytest

from core.errors import TrainingError
from core.learning.training.checkpoint import CHECKPOINT, Cursor, read_checkpoint, write_checkpoint
from core.learning.training.parcel import packed, unpacked
from core.learning.training.run_folder import DATASET, START
from tests.core.learning.machines import small_job


def test_a_run_is_the_same_on_another_machine(tmp_path):
    job = small_job(tmp_path / "here")
    there = unpacked(packed(job), tmp_path / "there")
    assert there.folder == tmp_path / "there" / "models" / job.model_id
    assert (there.name, there.tokenizer, there.network, there.training) == (
        job.name,
        job.tokenizer,
        job.network,
        job.training,
    )
    for name in (DATASET, START):
        assert (there.folder / name).read_bytes() == (job.folder / name).read_bytes()
    assert not (there.folder / CHECKPOINT).exists()


def test_a_run_that_has_begun_goes_on_there_from_where_it_stands(tmp_path):
    job = small_job(tmp_path / "here")
    write_checkpoint(job.folder, Cursor(epoch=3, step=17), {})
    stored = read_checkpoint(unpacked(packed(job), tmp_path / "there").folder)
    assert stored is not None
    assert (stored[0].epoch, stored[0].step) == (3, 17)


def test_what_was_not_sent_by_a_chief_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="can't be understood"):
        unpacked(b"PK but no zip", tmp_path)
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as parcel:
        parcel.writestr("id", '"../../climbing"')
        parcel.writestr("../climbing.txt", "x")
    with pytest.raises(TrainingError):
        unpacked(content.getvalue(), tmp_path / "there")
    assert list(tmp_path.rglob("*")) == []
