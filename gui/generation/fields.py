"""The Generate panel's own fields: the model chooser and the scale chooser."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QWidget

from core.music.pitch import SCALE_NAMES, Scale, parse_scale
from gui import theme
from gui.controls.focus import KeyboardFocus
from gui.generation.options import facts_about

if TYPE_CHECKING:  # the library loads the model's arithmetic, which starting up can do without
    from core.learning.models.library import ModelRecord

_OPENS = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _MenuField(KeyboardFocus, QAbstractButton):
    """A field that opens a menu beneath itself, by click, Space, Enter or an arrow key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = QMenu(self)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(self.open_menu)

    @property
    def menu(self) -> QMenu:
        return self._menu

    def open_menu(self) -> None:
        self._menu.setMinimumWidth(self.width())
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENS:
            self.open_menu()
        else:
            super().keyPressEvent(event)


class ModelField(_MenuField):
    """The chosen model with what it studied beneath its name."""

    chosen = Signal(str)
    """The id of the model the user chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records: tuple[ModelRecord, ...] = ()
        self._current = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("The trained model that continues your seed"))

    @property
    def record(self) -> "ModelRecord | None":
        return next((record for record in self._records if record.id == self._current), None)

    def set_records(self, records: "Sequence[ModelRecord]") -> None:
        """Offer these; the current one stays if it is still there, else the first is chosen, silently."""
        self._records = tuple(records)
        if self.record is None:
            self._current = self._records[0].id if self._records else ""
        self._menu.clear()
        for record in self._records:
            action = self._menu.addAction(f"{record.name}\t{facts_about(record)}")
            action.setCheckable(True)
            action.setChecked(record.id == self._current)
            action.setData(record.id)
            action.triggered.connect(lambda _checked, chosen=record.id: self._choose(chosen))
        self.setEnabled(bool(self._records))
        self._say()

    def offers(self, model_id: str) -> bool:
        return any(record.id == model_id for record in self._records)

    def set_current(self, model_id: str) -> None:
        """Show a model as chosen, silently; unknown ids change nothing."""
        if self.offers(model_id):
            self._current = model_id
            for action in self._menu.actions():
                action.setChecked(action.data() == model_id)
            self._say()

    def _choose(self, model_id: str) -> None:
        self.set_current(model_id)
        self.chosen.emit(model_id)

    def _say(self) -> None:
        record = self.record
        words = f"{record.name}, {facts_about(record)}" if record else self.tr("none")
        self.setAccessibleName(self.tr("Model: {model}").format(model=words))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 44)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors, record = theme.current(), self.record
        border = "border.control" if self.underMouse() and self.isEnabled() else "border.medium"
        painter.setPen(QPen(colors.color(border), 1))
        painter.setBrush(colors.color("bg.inset"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        room = self.width() - 44.0
        name, facts = (record.name, facts_about(record)) if record else (self.tr("No model yet"), "")
        if not facts:
            facts = self.tr("ready to use") if record else self.tr("Train one, or wait for the starter model")
        for text, size, weight, role, top in (
            (name, "body", "medium", "text.primary", 4.0),
            (facts, "caption", "regular", "text.muted", 22.0),
        ):
            font = colors.font(size, weight, tabular=True)  # type: ignore[arg-type]  # the tuple widens the literals
            painter.setFont(font)
            painter.setPen(colors.color(role if self.isEnabled() else "text.disabled"))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(12, top, room, 18), Qt.AlignmentFlag.AlignVCenter, shown)
        colors.draw_icon(painter, "chevron-down", QRectF(self.width() - 24, 14, 16, 16), "text.muted")


class ScaleField(_MenuField):
    """The name of a scale with a chevron; the menu holds every kind on every tonic, the seed's own first."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = Scale(0, "major")
        self._seed_scale = Scale(0, "major")
        self._from_seed = QAction(self)
        self._from_seed.triggered.connect(lambda: self._choose(self._seed_scale.name))
        self._menu.addAction(self._from_seed)
        self._menu.addSeparator()
        for kind in SCALE_NAMES:
            if kind == "chromatic":
                continue  # the switch beside it says that
            names = self._menu.addMenu(kind[0].upper() + kind[1:])
            for tonic in range(12):
                name = Scale(tonic, kind).name
                names.addAction(name).triggered.connect(lambda _checked, chosen=name: self._choose(chosen))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("Choose another scale"))
        self.set_seed_scale(self._seed_scale)

    @property
    def scale(self) -> str:
        return self._scale.name

    @property
    def value(self) -> Scale:
        return self._scale

    def set_scale(self, name: str) -> None:
        """Show a scale by name, silently. Raises SpecError where it is none."""
        self._scale = parse_scale(name)
        self.setAccessibleName(self.tr("Scale: {name}").format(name=self.scale))
        self.updateGeometry()
        self.update()

    def set_seed_scale(self, scale: Scale) -> None:
        """What the first line of the menu offers."""
        self._seed_scale = scale
        self._from_seed.setText(self.tr("As the seed: {name}").format(name=scale.name))

    def _choose(self, name: str) -> None:
        self.set_scale(name)
        self.chosen.emit(name)

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(theme.current().font()).horizontalAdvance(self.scale)
        return QSize(round(width) + 30, 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        if self.underMouse() and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("bg.hover"))
            painter.drawRoundedRect(self.rect(), 6, 6)
        painter.setFont(colors.font())
        painter.setPen(colors.color("text.secondary" if self.isEnabled() else "text.muted"))
        room = QRectF(6, 0, self.width() - 26, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.scale)
        colors.draw_icon(painter, "chevron-down", QRectF(self.width() - 17, 7, 14, 14), "text.muted")
