"""Numbers and spans of time in words, as every panel writes them. No Qt."""

THIN_SPACE = "\u2009"


def grouped(number: int) -> str:
    """A number with its thousands set apart by thin spaces: 31 960."""
    return f"{number:,}".replace(",", THIN_SPACE)


def counted(number: int, one: str, many: str) -> str:
    """A number and its noun: 1 piece, 1 148 pieces."""
    return f"{grouped(number)} {one if number == 1 else many}"


def clock(seconds: float) -> str:
    """The length of a piece: 0:52, 2:10, 1:02:30."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def span(seconds: float) -> str:
    """How long something takes or took: 8 s, 6 min 20 s, 3 h 12 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def about(seconds: float) -> str:
    """A span as rough as an estimate is: 20 s, 4 min, 2 h 10 min."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 60:
        return f"{round(seconds / 10) * 10} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return span(round(seconds / 600) * 600)
