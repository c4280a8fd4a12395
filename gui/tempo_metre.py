"""The tempo and the metre at the playhead, asked for from the top bar's readout; each change is one undo step."""

from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QWidget

from core.music.edits import Edited
from core.music.score import Metre, Score, Tempo
from core.music.timing import metre_at, tempo_at
from gui.document import Document

METRES = ("2/4", "3/4", "4/4", "5/4", "6/4", "7/4", "2/2", "3/2", "3/8", "5/8", "6/8", "7/8", "9/8", "12/8")
_SLOWEST, _FASTEST = 10.0, 400.0


def with_tempo(score: Score, tick: int, quarters_per_minute: float) -> Score:
    """The score whose tempo in force at `tick` is another."""
    tempo = tempo_at(score, tick)
    changed = Tempo(tempo.tick, round(60e6 / quarters_per_minute))
    tempos = sorted([*(one for one in score.tempos if one.tick != tempo.tick), changed], key=lambda one: one.tick)
    return replace(score, tempos=tuple(tempos))


def with_metre(score: Score, tick: int, numerator: int, denominator: int) -> Score:
    """The score whose metre in force at `tick` is another."""
    metre = metre_at(score, tick)
    changed = Metre(metre.tick, numerator, denominator)
    metres = sorted([*(one for one in score.metres if one.tick != metre.tick), changed], key=lambda one: one.tick)
    return replace(score, metres=tuple(metres))


class TempoMetre(QObject):
    """Asks, and writes the answer into the document."""

    def __init__(self, document: Document, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._window = document, window

    def ask_tempo(self, tick: int) -> None:
        now = tempo_at(self._document.score, tick).quarters_per_minute
        wanted, is_given = QInputDialog.getDouble(
            self._window,
            self.tr("Tempo"),
            self.tr("Quarter notes a minute"),
            min(max(round(now, 2), _SLOWEST), _FASTEST),
            _SLOWEST,
            _FASTEST,
            2,
        )
        if is_given:
            self.set_tempo(tick, wanted)

    def set_tempo(self, tick: int, quarters_per_minute: float) -> None:
        document = self._document
        edited = with_tempo(document.score, tick, quarters_per_minute)
        document.apply(self.tr("Set the tempo"), Edited(edited, document.selection))

    def ask_metre(self, tick: int) -> None:
        metre = metre_at(self._document.score, tick)
        now = f"{metre.numerator}/{metre.denominator}"
        choices = list(METRES if now in METRES else (now, *METRES))
        wanted, is_given = QInputDialog.getItem(
            self._window, self.tr("Metre"), self.tr("Beats in a bar"), choices, choices.index(now), editable=False
        )
        if is_given:
            numerator, denominator = map(int, wanted.split("/"))
            self.set_metre(tick, numerator, denominator)

    def set_metre(self, tick: int, numerator: int, denominator: int) -> None:
        document = self._document
        edited = with_metre(document.score, tick, numerator, denominator)
        document.apply(self.tr("Set the metre"), Edited(edited, document.selection))
