"""Every picture of the handbook and of README, from the real window: `python docs/screenshots.py [NAME…]`.

Takes half a minute, needs no screen, and writes docs/pictures. Run it when the window looks different.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

_HOME = tempfile.TemporaryDirectory()
os.environ.update(
    QT_QPA_PLATFORM="offscreen",
    SDL_AUDIODRIVER="dummy",
    PYGAME_HIDE_SUPPORT_PROMPT="1",
    OPENBLAS_NUM_THREADS="1",
    RITORNELLO_HOME=_HOME.name,
)
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 -- after the environment that it looks at
from PySide6.QtCore import QEventLoop, QRect, QSize, Qt, QTimer  # noqa: E402
from PySide6.QtGui import QImage  # noqa: E402
from PySide6.QtWidgets import QApplication, QDialog, QWidget  # noqa: E402

from core import paths  # noqa: E402
from gui import theme  # noqa: E402
from gui.app import make_window  # noqa: E402
from gui.jobs import JobRunner  # noqa: E402
from gui.main_window import MainWindow  # noqa: E402
from gui.preferences import Preferences  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SIZE = QSize(1360, 860)
_RANDOM_SEED = 81_273
_COLOURS = 200
"""Of a picture: the window has few, and the edges of letters look the same with their nearest."""
_BOX = 0xFFF8F8F8
"""Colours that agree in these bits are taken for one."""


def wait_for(has_come: Callable[[], object], *, settle_ms: int = 400) -> None:
    """Let the window work until something is there, and then until it has been painted."""
    loop = QEventLoop()
    timer = QTimer(interval=20)
    timer.timeout.connect(lambda: has_come() and loop.quit())
    timer.start()
    if not has_come():
        loop.exec()
    timer.stop()
    QTimer.singleShot(settle_ms, loop.quit)
    loop.exec()


def keep(name: str, widget: QWidget, part: QRect | None = None) -> None:
    """Write what a widget looks like, in few colours."""
    image = widget.grab(part or widget.rect()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    few = image.convertToFormat(QImage.Format.Format_Indexed8, _palette(pixels), Qt.ImageConversionFlag.ThresholdDither)
    few.save(str(PICTURES / f"{name}.png"), "PNG", 0)
    sys.stdout.write(f"{name}.png: {(PICTURES / f'{name}.png').stat().st_size / 1024:.0f} KB\n")


def _palette(pixels: "np.ndarray[tuple[int, int], np.dtype[np.uint32]]") -> list[int]:
    """The colours that stand for all: of each small box of colours the most frequent, the fullest boxes first."""
    found = Counter(pixels.ravel().tolist()).most_common()
    boxes: dict[int, tuple[int, int]] = {}
    for colour, count in found:
        best, total = boxes.get(colour & _BOX, (colour, 0))
        boxes[colour & _BOX] = best, total + count
    fullest = sorted(boxes.values(), key=lambda box: -box[1])
    return [colour for colour, _ in fullest[:_COLOURS]]


def with_takes(window: MainWindow) -> None:
    """Takes on the seed, the first of them on the roll."""
    panel, tray = window.compose.panel, window.compose.tray
    window.show_compose()
    if tray.takes:
        return
    wait_for(lambda: panel.is_ready)
    panel.random_seed.set_value(_RANDOM_SEED)
    panel.lock.setChecked(True)
    panel.start()
    wait_for(lambda: len(tray.takes) == panel.takes.value and panel.is_ready, settle_ms=1500)
    window.actions_["zoom_fit"].trigger()


def with_pieces(window: MainWindow) -> None:
    """The sample pieces, brought in."""
    window.build_rest()
    if window.others.corpus.corpus_id:
        return
    window.others.corpus.import_samples()
    jobs = window.findChild(JobRunner)
    wait_for(lambda: window.others.corpus.corpus_id and not jobs.is_busy("import"), settle_ms=1500)


def first_page(window: MainWindow) -> None:
    wait_for(lambda: window.compose.panel.is_ready and window.first_page.demo.accessibleName())
    window.show_first_page()
    wait_for(lambda: True)
    keep("first-page", window)


def compose(window: MainWindow) -> None:
    with_takes(window)
    wait_for(lambda: True)
    keep("compose", window)


def panel(window: MainWindow) -> None:
    with_takes(window)
    keep("generate-panel", window.compose.panel)


def takes(window: MainWindow) -> None:
    with_takes(window)
    keep("takes", window.compose.tray)


def surprise(window: MainWindow) -> None:
    with_takes(window)
    window.compose.bar.color_by.set_current("surprise")
    window.compose.bar.color_by.chosen.emit("surprise")
    wait_for(lambda: True, settle_ms=1500)
    keep("surprise", window.compose.roll)
    window.compose.bar.color_by.set_current("origin")
    window.compose.bar.color_by.chosen.emit("origin")


def pieces(window: MainWindow) -> None:
    with_pieces(window)
    window.show_workspace("pieces")
    wait_for(lambda: True, settle_ms=1500)
    keep("pieces", window)


def train(window: MainWindow) -> None:
    with_pieces(window)
    window.show_workspace("train")
    window.others.training.show_model("starter")
    wait_for(lambda: True, settle_ms=1500)
    keep("train", window)


def models(window: MainWindow) -> None:
    window.build_rest()
    window.others.library.open()
    _keep_dialog("models")


def about_model(window: MainWindow) -> None:
    window.build_rest()
    window.others.library.about("starter")
    _keep_dialog("about-model")


def keys(window: MainWindow) -> None:
    window.actions_["keys"].trigger()
    _keep_dialog("keys")


def settings(window: MainWindow) -> None:
    window.actions_["settings"].trigger()
    _keep_dialog("settings")


def _keep_dialog(name: str) -> None:
    wait_for(_dialog, settle_ms=800)
    dialog = _dialog()
    if dialog is not None:
        keep(name, dialog)
        dialog.close()
    wait_for(lambda: _dialog() is None)


def _dialog() -> QDialog | None:
    shown = (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog) and widget.isVisible())
    return next(shown, None)


SCENES = (first_page, compose, panel, takes, surprise, pieces, train, models, about_model, keys, settings)


def main(names: list[str]) -> None:
    app = QApplication(["ritornello"])
    theme.apply(app, "dark")
    preferences = Preferences(paths.settings_file())
    preferences.change(theme="dark", tour_shown=True)
    PICTURES.mkdir(exist_ok=True)
    window = make_window(preferences)
    window.resize(SIZE)
    window.show_first_page(awaits_seed=True)
    window.show()
    window.prepare_rest()
    window.read_seed()
    for scene in SCENES:
        if not names or scene.__name__ in names:
            scene(window)
    window.end_session()


if __name__ == "__main__":
    main(sys.argv[1:])
