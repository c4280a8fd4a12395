"""*Check this computer*: what was looked at and tried, line by line as it comes, to be copied for whoever helps."""

import importlib
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from core.tasks import Control
from core.version import version
from gui.controls.buttons import PlainButton
from gui.controls.text import Icon, Surface, Text, label
from gui.handbook import page_button
from gui.jobs import JobRunner

if TYPE_CHECKING:  # the checks load everything there is
    from core.checks.check import Check
    from core.playback.player import DeviceState
    from core.workers import Worker


class CheckPage(QDialog):
    """A page of results; emits what is wanted of the check that goes on."""

    check_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checks: list[Check] = []
        self.setWindowTitle(self.tr("Check this computer"))
        self.resize(820, 640)
        self._icon = Icon("circle-check", size=20)
        self._title = Text("", size="verdict", weight="semibold")
        head = QHBoxLayout()
        head.setContentsMargins(24, 20, 24, 4)
        head.setSpacing(10)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        self._page = Surface("bg.panel")
        self._rows = QGridLayout(self._page)
        self._rows.setContentsMargins(24, 16, 24, 16)
        self._rows.setHorizontalSpacing(14)
        self._rows.setVerticalSpacing(8)
        self._rows.setColumnStretch(2, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._page)
        self._scroll.setAccessibleName(self.tr("Results"))
        self.copy_button = PlainButton(self.tr("Copy results"), icon="files")
        self.again = PlainButton(self.tr("Check again"))
        self.stop = PlainButton(self.tr("Stop"))
        self.close_button = PlainButton(self.tr("Close"))
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addWidget(self.copy_button)
        foot.addWidget(page_button(self.tr("When something is wrong"), "troubleshooting"))
        foot.addStretch(1)
        for button in (self.stop, self.again, self.close_button):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        words = self.tr(
            "Looks at what this computer has, then does once, and small, all that Ritornello does. Your own files, pieces "
            "and models are not touched, and nothing is sent."
        )
        told = label(words, role="text.secondary", wraps=True)
        told.setContentsMargins(24, 0, 24, 0)
        column.addWidget(told)
        column.addWidget(self._scroll, 1)
        column.addLayout(foot)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report))
        self.again.clicked.connect(self.check_requested)
        self.stop.clicked.connect(self.cancel_requested)
        self.close_button.clicked.connect(self.accept)
        self.finished.connect(self.cancel_requested)

    @property
    def report(self) -> str:
        """The whole page as plain text."""
        lines = [f"Ritornello {version()}, {platform.platform()}", ""]
        for check in self._checks:
            lines.append(f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.detail}  ({check.took_s:.2f} s)")
            lines += [f"        {line}" for line in (check.hint, *check.trace.splitlines()) if line]
        return "\n".join([*lines, "", self._title.text(), ""])

    def begin(self) -> None:
        """A check begins."""
        self._checks = []
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._look(self.tr("Checking…"), is_busy=True)

    def show_trying(self, name: str) -> None:
        """What takes its time now."""
        self._look(self.tr("Checking: {name}…").format(name=name), is_busy=True)

    def add(self, check: "Check") -> None:
        """One more result."""
        self._checks.append(check)
        row = len(self._checks)
        top = Qt.AlignmentFlag.AlignTop
        icon, role = ("circle-check", "status.ok") if check.ok else ("circle-x", "status.error")
        name = Text(check.name, weight="medium")
        name.setAccessibleName(f"{check.name}: {self.tr('ok') if check.ok else self.tr('failed')}")
        detail = Text(" ".join(filter(None, (check.detail, check.hint))), role="text.secondary", wraps=True)
        detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._rows.setRowStretch(row, 0)
        self._rows.addWidget(Icon(icon, role=role, size=17), row, 0, top)
        self._rows.addWidget(name, row, 1, top)
        self._rows.addWidget(detail, row, 2)
        if check.took_s:
            time = self.tr("{seconds} s").format(seconds=f"{check.took_s:.1f}")
            self._rows.addWidget(Text(time, size="caption", role="text.muted"), row, 3, top)
        self._rows.setRowStretch(row + 1, 1)

    def conclude(self) -> None:
        """Everything was looked at."""
        failed = sum(not check.ok for check in self._checks)
        words = self.tr("1 thing needs attention") if failed == 1 else self.tr("{n} things need attention")
        self._look(words.format(n=failed) if failed else self.tr("Everything works"), is_busy=False)

    def break_off(self, words: str = "") -> None:
        """It ended before everything was looked at: cancelled, or for the reason in `words`."""
        self._look(words or self.tr("Stopped"), is_busy=False)

    def _look(self, title: str, *, is_busy: bool) -> None:
        if is_busy:
            icon = ("history", "text.secondary")
        elif all(check.ok for check in self._checks):
            icon = ("circle-check", "status.ok")
        else:
            icon = ("triangle-alert", "status.warning")
        self._title.setText(title)
        self._icon.set_icon(*icon)
        self.stop.setVisible(is_busy)
        self.again.setVisible(not is_busy)
        self.setAccessibleDescription(title)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.cancel_requested.emit()
        super().closeEvent(event)


class Checking(QObject):
    """Shows the page and has the check done, in a Worker."""

    def __init__(self, jobs: JobRunner, device: "Callable[[], DeviceState | None]", *, window: QWidget) -> None:
        super().__init__(window)
        self._jobs, self._device, self._window = jobs, device, window
        self._worker: Worker | None = None
        self.page: CheckPage | None = None

    def open(self) -> None:
        """Show the page, and check."""
        if self.page is None:
            self.page = CheckPage(self._window)
            self.page.check_requested.connect(self._begin)
            self.page.cancel_requested.connect(self._cancel)
        self.page.show()
        self.page.activateWindow()
        self._begin()

    def _begin(self) -> None:
        page = self.page
        if page is None or self._worker is not None:
            return
        page.begin()

        def heard(event: object) -> None:
            from core.checks.check import Check, Trying  # loaded by now, with what reports it

            if isinstance(event, Check):
                page.add(event)
            elif isinstance(event, Trying):  # training and generating speak too, of themselves
                page.show_trying(event.name)

        def ended(conclude: Callable[[], None]) -> None:
            self._worker = None
            conclude()

        self._worker = self._jobs.run(
            lambda control: _checked(control, self._device),
            on_report=heard,
            on_done=lambda _checks: ended(page.conclude),
            on_failed=lambda error: ended(lambda: page.break_off(str(error))),
            on_cancelled=lambda: ended(page.break_off),
        )

    def _cancel(self) -> None:
        if self._worker is not None:
            self._worker.control.cancel()


def _checked(control: Control, device: "Callable[[], DeviceState | None]") -> object:
    """In the Worker, where loading it all keeps nobody waiting."""
    checking = importlib.import_module("gui.checking")
    return checking.check_computer(control, device=device)
