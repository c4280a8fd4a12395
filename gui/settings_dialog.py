"""What can be preferred: theme, middle C, takes that play by themselves, the first page, loud exports. At work at once."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from gui.controls.buttons import PlainButton
from gui.controls.segments import Segment, Segments
from gui.controls.switch import SwitchRow
from gui.controls.text import Divider, Text, label
from gui.preferences import Preferences


class SettingsDialog(QDialog):
    """Changes take hold as they are made; there is nothing to confirm."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        settings = preferences.settings
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumWidth(460)
        self.theme = Segments(
            [
                Segment("system", self.tr("As the system")),
                Segment("dark", self.tr("Dark")),
                Segment("light", self.tr("Light")),
            ],
            current=settings.theme,
            name=self.tr("Theme"),
        )
        self.middle_c = Segments(
            [Segment("4", "C4"), Segment("3", "C3")], current=str(settings.middle_c), name=self.tr("Middle C")
        )
        self.plays_takes = SwitchRow(self.tr("Play takes as they arrive"), checked=settings.plays_takes_on_arrival)
        self.first_page = SwitchRow(self.tr("Show the first page at start"), checked=settings.show_first_page)
        self.normalises = SwitchRow(self.tr("Make exported audio as loud as can be"), checked=settings.normalises_audio)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        column.addWidget(label(self.tr("Settings"), "verdict", "semibold"))
        column.addSpacing(8)
        column.addLayout(_row(self.tr("Theme"), self.theme))
        column.addLayout(_row(self.tr("Middle C is called"), self.middle_c))
        column.addWidget(Divider())
        for switch in (self.plays_takes, self.first_page, self.normalises):
            column.addWidget(switch)
        column.addSpacing(8)
        column.addWidget(
            Text(
                self.tr("Everything stays on this computer. Nothing is sent anywhere."),
                size="caption",
                role="text.muted",
                wraps=True,
            )
        )
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        close = PlainButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        foot.addWidget(close)
        column.addLayout(foot)
        self._connect()

    def _connect(self) -> None:
        change = self._preferences.change
        self.theme.chosen.connect(lambda key: change(theme=key))
        self.middle_c.chosen.connect(lambda key: change(middle_c=int(key)))
        self.plays_takes.toggled.connect(lambda on: change(plays_takes_on_arrival=on))
        self.first_page.toggled.connect(lambda on: change(show_first_page=on))
        self.normalises.toggled.connect(lambda on: change(normalises_audio=on))


def _row(text: str, control: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(label(text), 1)
    row.addWidget(control)
    return row
