"""Everything that can be looked at and tried on this computer: core's checks, and documents, which are the window's."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from core.checks.check import Check
from core.checks.machine import looked_at
from core.checks.trial import STEPS as CORE_STEPS
from core.checks.trial import Trial, steps_tried
from core.errors import FileError
from core.playback.player import DeviceState
from core.tasks import Control
from gui.document import Snapshot, Work
from gui.project_file import PROJECT_SUFFIX, read_document, write_document


def _project(trial: Trial, _control: Control) -> str:
    path = trial.folder / f"project{PROJECT_SUFFIX}"
    score = trial.music
    write_document(path, Work(Snapshot(score)))
    if read_document(path).work.snapshot.score.parts != score.parts:
        raise FileError(f"‘{path.name}’ came back otherwise than it was written.")
    return f"‘{path.name}’, {score.note_count} notes"


STEPS = (*CORE_STEPS, ("Project", _project))


def check_computer(control: Control, *, device: Callable[[], DeviceState | None]) -> tuple[Check, ...]:
    """Look at the computer, and try everything in a temporary folder; each check is also reported as it comes.

    device: what the player knows of the sound device. Raises Cancelled, and OSError where no folder can be made.
    """
    checks = []
    for check in looked_at(control, device=device):
        control.report(check)
        checks.append(check)
    with tempfile.TemporaryDirectory(prefix="ritornello-check-", ignore_cleanup_errors=True) as folder:
        for check in steps_tried(STEPS, Path(folder), control):
            control.report(check)
            checks.append(check)
    return tuple(checks)
