"""A training run as bytes: what the chief sends to the other machines, so that they need neither its pieces nor a shared folder."""

import io
import json
import zipfile
from pathlib import Path

from core.errors import DamagedError, TrainingError
from core.files import write_bytes
from core.learning.models import model_file
from core.learning.training.checkpoint import CHECKPOINT
from core.learning.training.run_folder import DATASET, JOB, SEED, START, TrainingJob, resume_job
from core.loading.json_values import build, parse_json
from core.loading.opening import read_file
from core.loading.zips import Zip

_SENT = (model_file.CARD, JOB, SEED, DATASET, START, CHECKPOINT)
_ID = "id"
_MOST_BYTES = 1 << 40


def packed(job: TrainingJob) -> bytes:
    """All that another machine needs to go on with a run from where it stands. Raises TrainingError."""
    content = io.BytesIO()
    try:
        with zipfile.ZipFile(content, "w") as parcel:
            parcel.writestr(_ID, json.dumps(job.model_id))
            for name in _SENT:
                path = job.folder / name
                if name != CHECKPOINT or path.exists():  # before the first is saved there is none
                    parcel.writestr(name, read_file(path, at_most=_MOST_BYTES))
    except DamagedError as error:
        raise TrainingError("This training can't go on: its folder is damaged.", hint="Train again.") from error
    return content.getvalue()


def unpacked(content: bytes, home: Path) -> TrainingJob:
    """The same run in a user folder of one's own. Raises AppError."""
    try:
        with Zip(content, most_members=len(_SENT) + 1, most_bytes=len(content)) as parcel:
            model_id = Path(build(str, parse_json(parcel.read(_ID, at_most=1000), at_most=1000))).name
            folder = home / "models" / model_id
            folder.mkdir(parents=True)
            for name in set(_SENT) & set(parcel.names()):
                write_bytes(folder / name, parcel.read(name, at_most=len(content)))
    except DamagedError as error:
        raise TrainingError(
            "What the chief sent can't be understood.", hint="Run the same version of Ritornello on all machines."
        ) from error
    except OSError as error:
        raise TrainingError(
            f"This machine can't hold the pieces: {error.strerror or error}.", hint="Free some space."
        ) from error
    return resume_job(model_id, home)
