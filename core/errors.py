"""The expected failures of the whole program: each is a sentence for a person.

A failure that a musician can meet (a full disk, a damaged file, no sound device) is an AppError with
a sentence that names the thing and what is wrong, and a hint that says what to do. Anything else
that is raised is a bug and goes to the excepthook.
"""


class AppError(Exception):
    """An expected failure. `sentence` says what is wrong with what; `hint` what to do ("" if nothing)."""

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


class FileError(AppError):
    """A file or folder can't be read, written or understood."""


class NewerError(FileError):
    """A newer Ritornello made it, in a way that only that one knows. Whoever meets it leaves it as it is, to the byte."""

    def __init__(self, what: str, *, hint: str = "Update Ritornello to open it.") -> None:
        super().__init__(f"{what} was made by a newer Ritornello.", hint=hint)


class DamagedError(FileError):
    """What is stored isn't what it should be: core/loading raises nothing else.

    `reason` goes on “… can't be read: ”, without a full stop; who knows the name of the thing says a sentence of its own.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"It can't be read: {reason}.")
        self.reason = reason


class MissingError(DamagedError):
    """It isn't there at all, which is often no fault."""


class AudioError(AppError):
    """There is no usable sound device, soundfont or MIDI port."""


class ModelError(AppError):
    """A trained model is missing, damaged or not one."""


class TrainingError(AppError):
    """Training can't start or broke off; what was best so far is kept."""


class SpecError(AppError):
    """An input is not (yet) valid. `field` names the field that it belongs to."""

    def __init__(self, field: str, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.field = field
