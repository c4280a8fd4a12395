"""Words and surfaces: labels in a role's colour, chips, dividers, flat panels and cards."""

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gui import theme

Tone = Literal["neutral", "model", "you", "copied", "ok", "warning", "error"]

_TONES: dict[Tone, tuple[str, str]] = {
    "neutral": ("bg.raised", "text.secondary"),
    "model": ("model.wash", "model.text"),
    "you": ("you.wash", "you.text"),
    "copied": ("copied.wash", "copied.text"),
    "ok": ("status.ok_wash", "status.ok"),
    "warning": ("status.warning_wash", "status.warning"),
    "error": ("status.error_wash", "status.error"),
}
"""Tone → role of the ground, role of the words."""


class Text(QLabel):
    """A label in a role's colour that follows the theme; with `elides`, cut with an ellipsis where room is short."""

    def __init__(
        self,
        text: str = "",
        *,
        size: str | int = "body",
        weight: theme.Weight = "regular",
        role: str = "text.primary",
        wraps: bool = False,
        elides: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._role = role
        self._elides = elides
        self.setFont(theme.current().font(size, weight, tabular=True))
        self.setWordWrap(wraps)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if elides:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._color()
        theme.events().changed.connect(self._color)

    def set_role(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self._color()

    def _color(self) -> None:
        palette = QPalette(self.palette())
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            palette.setColor(group, QPalette.ColorRole.WindowText, theme.current().color(self._role))
        palette.setColor(
            QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, theme.current().color("text.disabled")
        )
        self.setPalette(palette)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._elides:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)


def label(
    text: str,
    size: str | int = "body",
    weight: theme.Weight = "regular",
    role: str = "text.primary",
    *,
    wraps: bool = False,
) -> Text:
    """The short way to a Text."""
    return Text(text, size=size, weight=weight, role=role, wraps=wraps)


def section(text: str) -> Text:
    """A heading within a panel."""
    return Text(text, size="section", weight="semibold")


class Icon(QWidget):
    """A still icon in a role's colour, square."""

    def __init__(
        self, name: str, *, role: str = "text.secondary", size: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._role = name, role
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_icon(self, name: str, role: str = "") -> None:
        self._name, self._role = name, role or self._role
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme.current().draw_icon(QPainter(self), self._name, QRectF(self.rect()), self._role)


class Chip(QWidget):
    """A short remark on a pill, 22 high, with an icon if one is named."""

    def __init__(self, text: str, *, tone: Tone = "neutral", icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._tone, self._icon = text, tone, icon
        self.setFont(theme.current().font("caption", tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def set_text(self, text: str, *, tone: Tone | None = None) -> None:
        self._text = text
        self._tone = tone or self._tone
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + 17 + (19 if self._icon else 0), 22)

    def paintEvent(self, _event: QPaintEvent) -> None:
        ground, words = _TONES[self._tone]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().color(ground))
        painter.drawRoundedRect(self.rect(), 11, 11)
        left = 8
        if self._icon:
            theme.current().draw_icon(painter, self._icon, QRectF(8, 4, 14, 14), words)
            left += 19
        painter.setPen(theme.current().color(words))
        painter.drawText(self.rect().adjusted(left, 0, -8, 0), int(Qt.AlignmentFlag.AlignVCenter), self._text)


class Divider(QWidget):
    """A hairline: across, or upright and 22 high between groups of a bar."""

    def __init__(self, *, upright: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._upright = upright
        self.setFixedSize(1, 22) if upright else self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        role = "border.medium" if self._upright else "border.subtle"
        QPainter(self).fillRect(self.rect(), theme.current().color(role))


class Surface(QWidget):
    """A flat ground in a role's colour; `edges` names the sides with a hairline out of "ltrb", radius rounds all corners."""

    def __init__(
        self, role: str = "bg.panel", *, edges: str = "", radius: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._role, self._edges, self._radius = role, edges, radius

    def set_role(self, role: str) -> None:
        self._role = role
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        ground, line = theme.current().color(self._role), theme.current().color("border.subtle")
        if self._radius:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(ground)
            painter.setPen(QPen(line, 1) if self._edges else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), self._radius, self._radius)
            return
        painter.fillRect(self.rect(), ground)
        width, height = self.width(), self.height()
        for edge, place in {
            "l": (0, 0, 1, height),
            "t": (0, 0, width, 1),
            "r": (width - 1, 0, 1, height),
            "b": (0, height - 1, width, 1),
        }.items():
            if edge in self._edges:
                painter.fillRect(*place, line)


class Card(Surface):
    """A panel of its own: rounded, with a hairline around."""

    def __init__(self, *, radius: int = 8, parent: QWidget | None = None) -> None:
        super().__init__("bg.panel", edges="ltrb", radius=radius, parent=parent)


class KeyCap(QWidget):
    """A key's name in a small outlined box."""

    def __init__(self, key: str, *, role: str = "text.secondary", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._role = key, role
        self.setFont(theme.current().font("caption", "medium"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._key) + 12, 18)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw_key_cap(painter, QRectF(self.rect()), self._key, self._role)


def draw_key_cap(painter: QPainter, rect: QRectF, key: str, role: str) -> None:
    """The outlined box of a key, with its name, in the painter's font."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.current().color(role, alpha=0.75), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), key)
