"""How long the piano roll takes a frame, beside a QGraphicsScene with one item a note.

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.piano_roll [--rival 10000] [--json]

Median milliseconds a frame, 1600 × 900, painted into the widget's own backing store as on a screen.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsRectItem, QGraphicsScene, QGraphicsView

from core.music.score import Note, Part, Score
from gui import theme
from gui.document import Document, Snapshot
from gui.piano_roll.editor import PianoRollEditor

WIDTH, HEIGHT = 1600, 900
ROUNDS = 15


def song(count: int) -> Score:
    """So many notes, as dense as a busy arrangement: sixteen a beat, on 60 pitches."""
    random = np.random.default_rng(7)
    onsets = np.sort(random.integers(0, count * 30, count))
    pitches = random.integers(34, 94, count)
    durations = random.integers(30, 480, count)
    velocities = random.integers(40, 127, count)
    rows = zip(onsets.tolist(), pitches.tolist(), durations.tolist(), velocities.tolist(), strict=True)
    return Score(parts=(Part.of([Note(*row) for row in rows]),))


def median_ms(do: Callable[[int], object], *, rounds: int = ROUNDS) -> float:
    times = []
    for turn in range(rounds):
        begun = time.perf_counter()
        do(turn)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def measure_editor(app: QApplication, count: int) -> dict[str, float]:
    score = song(count)
    document = Document()
    editor = PianoRollEditor(document)
    editor.resize(WIDTH, HEIGHT)
    editor.show()
    app.processEvents()
    figures: dict[str, float] = {}
    begun = time.perf_counter()
    document.open(Snapshot(score))
    app.processEvents()
    figures["open, whole song in view"] = 1000 * (time.perf_counter() - begun)
    view = editor.view

    def frame(change: Callable[[int], object]) -> Callable[[int], None]:
        def do(turn: int) -> None:
            change(turn)
            app.processEvents()

        return do

    figures["whole song, all painted anew"] = median_ms(frame(lambda _: view.notes_changed.emit()))
    figures["whole song, zoom a step"] = median_ms(
        frame(lambda turn: view.set_viewport(view.viewport.zoomed(1.2 if turn % 2 else 1 / 1.2, x=500)))
    )
    view.set_viewport(view.viewport.showing(count * 10, count * 10 + 16 * 480, low=40, high=90))
    app.processEvents()
    figures["four bars, all painted anew"] = median_ms(frame(lambda _: view.notes_changed.emit()))
    figures["scroll 8 px"] = median_ms(frame(lambda _: view.set_viewport(view.viewport.scrolled(dx=8))), rounds=60)
    figures["scroll 57 px down"] = median_ms(
        frame(lambda turn: view.set_viewport(view.viewport.scrolled(dy=57 if turn % 2 else -57)))
    )
    figures["zoom a step"] = median_ms(
        frame(lambda turn: view.set_viewport(view.viewport.zoomed(1.1 if turn % 2 else 1 / 1.1, x=500)))
    )
    start = view.viewport.tick_at(100)
    figures["playhead a frame"] = median_ms(frame(lambda turn: view.set_playhead(start + turn * 12)), rounds=200)
    figures["hit test"] = median_ms(lambda turn: view.hit(20 + 7 * turn, 400), rounds=200)
    figures["drag a note a frame"] = _drag(app, editor)
    editor.close()
    editor.deleteLater()
    app.processEvents()
    return figures


def _drag(app: QApplication, editor: PianoRollEditor) -> float:
    view, canvas = editor.view, editor.canvas
    low, high = view.viewport.ticks_visible
    rows = view.index.between(low + 2 * 480, high - 8 * 480, low=60, high=70)
    note = view.index.notes[int(rows[np.argmax(view.index.end[rows] - view.index.onset[rows])])]
    x = int((view.viewport.x_at(note.onset) + view.viewport.x_at(note.end)) / 2)
    y = view.viewport.y_at(note.pitch) + 8
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, y))

    def move(turn: int) -> None:
        QTest.mouseMove(canvas, QPoint(x + 10 + 6 * turn, y + 2 * turn))
        app.processEvents()

    median = median_ms(move, rounds=40)
    canvas.abandon()
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    return median


def measure_rival(app: QApplication, count: int) -> dict[str, float]:
    """One QGraphicsRectItem a note: the way one would begin."""
    score = song(count)
    begun = time.perf_counter()
    scene = QGraphicsScene()
    pen, brush = QPen(theme.current().color("roll.note_outline"), 1), QBrush(theme.current().color("you.base"))
    for note in score.parts[0].notes:
        item = QGraphicsRectItem(QRectF(note.onset / 10, (127 - note.pitch) * 19 + 1, note.duration / 10, 17))
        item.setPen(pen)
        item.setBrush(brush)
        item.setFlag(QGraphicsRectItem.GraphicsItemFlag.ItemIsSelectable)
        scene.addItem(item)
    widget = QGraphicsView(scene)
    widget.setRenderHint(QPainter.RenderHint.Antialiasing)
    widget.resize(WIDTH, HEIGHT)
    widget.show()
    widget.fitInView(scene.sceneRect(), Qt.AspectRatioMode.IgnoreAspectRatio)
    app.processEvents()
    figures = {"open, whole song in view": 1000 * (time.perf_counter() - begun)}

    def repaint(_turn: int) -> None:
        widget.viewport().update()
        app.processEvents()

    figures["whole song, all painted anew"] = median_ms(repaint, rounds=5)

    def zoom(turn: int) -> None:
        widget.scale(1.2 if turn % 2 else 1 / 1.2, 1)
        app.processEvents()

    figures["whole song, zoom a step"] = median_ms(zoom, rounds=5)
    widget.resetTransform()
    widget.centerOn(QPointF(count, 1000))
    app.processEvents()
    figures["four bars, all painted anew"] = median_ms(repaint)
    bar = widget.horizontalScrollBar()

    def scroll(_turn: int) -> None:
        bar.setValue(bar.value() + 8)
        app.processEvents()

    figures["scroll 8 px"] = median_ms(scroll, rounds=60)
    figures["zoom a step"] = median_ms(
        lambda turn: (widget.scale(1.1 if turn % 2 else 1 / 1.1, 1), app.processEvents())
    )
    figures["hit test"] = median_ms(lambda turn: widget.itemAt(20 + 7 * turn, 400), rounds=200)
    widget.close()
    scene.clear()
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rival", type=int, default=10_000, help="notes of the rival, 0 for none")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    table = {f"{count:,} notes".replace(",", " "): measure_editor(app, count) for count in arguments.counts}
    if arguments.rival:
        table[f"{arguments.rival:,} items".replace(",", " ")] = measure_rival(app, arguments.rival)
    if arguments.json:
        print(json.dumps(table, indent=1))
        return 0
    lines = list(dict.fromkeys(line for figures in table.values() for line in figures))
    print(f"{'ms a frame':32}" + "".join(f"{column:>18}" for column in table))
    for line in lines:
        cells = (figures.get(line) for figures in table.values())
        print(f"{line:32}" + "".join(f"{'–' if cell is None else format(cell, '.2f'):>18}" for cell in cells))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
