"""A training run as bytes: what the chief sends to the other machines, so that they need neither its pieces nor a shared folder."""

import io
import json
import zipfile
from pathlib import Path

from core.errors import TrainingError
from core.files import write_bytes
from core.learning.models import model_file
from core.learning.training.checkpoint import CHECKPOINT
from core.learning.training.run_folder import DATASET, JOB, SEED, START, TrainingJob, resume_job

_SENT = (model_file.CARD, JOB, SEED, DATASET, START, CHECKPOINT)
_ID = "id"


def packed(job: TrainingJob) -> bytes:
    """All that another machine needs to go on with a run from where it stands. Raises TrainingError."""
    content = io.BytesIO()
    try:
        with zipfile.ZipFile(content, "w") as parcel:
            parcel.writestr(_ID, json.dumps(job.model_id))
            for name in _SENT:
                path = job.folder / name
                if name != CHECKPOINT or path.exists():  # before the first is saved there is none
                    parcel.writestr(name, path.read_bytes())
    except OSError as error:
        raise TrainingError("This training can't go on: its folder is damaged.", hint="Train again.") from error
    return content.getvalue()


def unpacked(content: bytes, home: Path) -> TrainingJob:
    """The same run in a user folder of one's own. Raises AppError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parcel:
            model_id = Path(str(json.loads(parcel.read(_ID)))).name
            folder = home / "models" / model_id
            folder.mkdir(parents=True)
            for name in set(_SENT) & set(parcel.namelist()):
                write_bytes(folder / name, parcel.read(name))
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise TrainingError(
            "What the chief sent can't be understood.", hint="Run the same version of Ritornello on all machines."
        ) from error
    except OSError as error:
        raise TrainingError(
            f"This machine can't hold the pieces: {error.strerror or error}.", hint="Free some space."
        ) from error
    return resume_job(model_id, home)
