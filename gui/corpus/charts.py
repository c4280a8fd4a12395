"""The five charts of a corpus, and how its statistics become their bars."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from gui.controls.numbers import counted, grouped
from gui.controls.pitches import name_of
from gui.corpus.histogram import Bar, Histogram, PitchHistogram

if TYPE_CHECKING:  # statistics load the MIDI libraries, which starting up can do without
    from core.corpus.statistics import Chart, CorpusStatistics

CHARTS = ("pitch", "key", "length", "tempo", "notes_at_once")
Bars = Mapping[str, tuple[Bar, ...]]


def bars_of(statistics: "CorpusStatistics", chosen: frozenset[str] | None = None) -> dict[str, tuple[Bar, ...]]:
    """The bars of all charts by their names; chosen: fingerprints of the pieces whose share is drawn in blue.

    A bar's key is its place in the chart. Some tenths of a second for 100,000 pieces: run it in a Worker.
    """
    return {name: _bars(name, getattr(statistics, name), chosen) for name in CHARTS}


def _bars(name: str, chart: "Chart", chosen: frozenset[str] | None) -> tuple[Bar, ...]:
    amounts = chart.amounts
    shares = chart.amounts_of(chosen) if chosen is not None else (0.0,) * len(amounts)
    places = range(len(amounts))
    if name == "pitch":
        sounding = [pitch for pitch in places if amounts[pitch]]
        low, high = (min(sounding), max(sounding)) if sounding else (60, 71)
        places = range(low - low % 12, min(127, high + 11 - high % 12) + 1)
    return tuple(
        Bar(
            str(place),
            short_label(name, label_of(name, chart, place)),
            amounts[place],
            shares[place],
            _number(name, amounts[place]),
            f"{long_label(name, label_of(name, chart, place))}: {_amount(name, amounts[place])}",
        )
        for place in places
    )


def label_of(name: str, chart: "Chart", bar: int) -> str:
    """What a bar stands for; pitches as the musician calls them."""
    return name_of(bar) if name == "pitch" else chart.labels[bar]


def short_label(name: str, label: str) -> str:
    """Under the bar: "Dm" for D minor."""
    if name != "key":
        return label
    return label.replace(" minor", "m").replace(" major", "")


def long_label(name: str, label: str) -> str:
    """In a sentence, on the chip and in the tip."""
    if name == "tempo":
        return _tr("{low} to {high} BPM").format(low=label, high=int(label) + 9)
    if name == "notes_at_once":
        if label == "rest":
            return _tr("Silence")
        return _tr("1 note") if label == "1" else _tr("{count} at once").format(count=label)
    return label


def _number(name: str, amount: float) -> str:
    if name in ("length", "notes_at_once"):
        return f"{amount * 100:.0f}" if amount >= 0.005 else ""
    return grouped(round(amount)) if amount and name == "key" else ""


def _amount(name: str, amount: float) -> str:
    if name == "pitch":
        return counted(round(amount), "note", "notes")
    if name in ("key", "tempo"):
        return counted(round(amount), "piece", "pieces")
    percent = f"{amount * 100:.0f} %" if amount >= 0.005 or not amount else "under 1 %"
    words = _tr("{percent} of the notes") if name == "length" else _tr("{percent} of the time")
    return words.format(percent=percent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("charts", text)


class Charts(QWidget):
    """Pitch over the whole width; key and note length, tempo and notes at once side by side."""

    bar_chosen = Signal(str, int)
    """Name of the chart and place of its bar, or -1 when it was let go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = {
            "pitch": self.tr("Pitch"),
            "key": self.tr("Key"),
            "length": self.tr("Note length"),
            "tempo": self.tr("Tempo"),
            "notes_at_once": self.tr("Notes at once"),
        }
        captions = {
            "key": self.tr("guessed for each piece"),
            "length": self.tr("share of all notes, %"),
            "notes_at_once": self.tr("share of the time, %"),
        }
        self.histograms: dict[str, Histogram] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        places = {
            "pitch": (0, 0, 2),
            "key": (1, 0, 1),
            "length": (1, 1, 1),
            "tempo": (2, 0, 1),
            "notes_at_once": (2, 1, 1),
        }
        for name in CHARTS:
            kind = PitchHistogram if name == "pitch" else Histogram
            gap = 18.0 if name in ("length", "notes_at_once") else 6.0 if name == "tempo" else 10.0
            chart = kind(self._titles[name], captions.get(name, ""), gap=gap)
            chart.set_chart_height(138 if name == "pitch" else 112)
            row, column, span = places[name]
            grid.addWidget(chart, row, column, 1, span)
            chart.chosen.connect(lambda key, name=name: self.bar_chosen.emit(name, int(key) if key else -1))
            self.histograms[name] = chart
        for column in (0, 1):
            grid.setColumnStretch(column, 1)

    def title_of(self, name: str) -> str:
        return self._titles[name]

    def show_bars(self, bars: Bars, *, without_tempo: int = 0, chosen: tuple[str, int] | None = None) -> None:
        """Draw these; chosen: the chart and the place of the bar that filters."""
        for name, chart in self.histograms.items():
            place = str(chosen[1]) if chosen and chosen[0] == name else ""
            chart.show_bars(bars.get(name, ()), chosen=place)
        shown = bars.get("pitch", ())
        if shown:
            low, high = name_of(int(shown[0].key)), name_of(int(shown[-1].key))
            words = self.tr("how often each note is played, {low} to {high}").format(low=low, high=high)
            if chosen:
                words += self.tr(" · blue: the chosen pieces")
            self.histograms["pitch"].set_caption(words)
        tempo = self.tr("pieces per 10 BPM")
        if without_tempo:
            tempo += self.tr("; {files} name none").format(files=counted(without_tempo, "file", "files"))
        self.histograms["tempo"].set_caption(tempo)
