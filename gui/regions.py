"""F6 goes round the regions of the window: to the first control of the next one."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def focus_region(regions: Sequence[QWidget], by: int) -> None:
    """Move the focus to the region that lies `by` (1 or -1) further, passing over those without a control."""
    focused = QApplication.focusWidget()
    at = next(
        (
            index
            for index, region in enumerate(regions)
            if focused is not None and (region is focused or region.isAncestorOf(focused))
        ),
        -1 if by > 0 else 0,
    )
    for step in range(1, len(regions) + 1):
        target = _first_control(regions[(at + by * step) % len(regions)])
        if target is not None:
            target.setFocus(Qt.FocusReason.TabFocusReason)
            return


def _first_control(region: QWidget) -> QWidget | None:
    """The first thing in a region that Tab would reach."""
    proxy = region.focusProxy()
    if proxy is not None:
        return proxy
    for widget in [region, *region.findChildren(QWidget)]:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible():
            return widget
    return None
