"""What is wanted of a training, as a person says it: a preset, and what is to be otherwise."""

from dataclasses import dataclass, replace

from core.errors import SpecError
from core.learning.spec import PRESETS, NetworkSpec, PresetName, TokenizerSpec, TrainingSpec
from core.music.score import Score


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A preset and what replaces parts of it; what is None stays as there. Raises SpecError for what can't be."""

    preset: PresetName = "standard"
    name: str = ""
    """Of the model to be; "" = that of its pieces."""
    start_from: str = ""
    """A model as the library's `find` knows it, whose tokenizer, network and windows then count; "" or SCRATCH = none;
    AUTOMATIC = what suits the pieces, which is none for a tokenizer or network of one's own."""
    seed: Score | None = None
    """What the samples answer; None = the opening of a piece of the validation set."""
    tokenizer: TokenizerSpec | None = None
    network: NetworkSpec | None = None
    training: TrainingSpec | None = None
    """In the preset's place; each number below replaces one of its."""
    epochs: int | None = None
    minutes: float | None = None
    batch: int | None = None
    random_seed: int | None = None
    held_out: float | None = None

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            known = ", ".join(PRESETS)
            raise SpecError("preset", f"There is no preset ‘{self.preset}’.", hint=f"There are: {known}.")
        self.spec  # noqa: B018 -- refuses numbers out of their range

    @property
    def base(self) -> TrainingSpec:
        """The training specification before single numbers are replaced."""
        return self.training or PRESETS[self.preset].training

    @property
    def spec(self) -> TrainingSpec:
        """What is asked for. Going on from a model, and of few pieces, `prepare_job` still fits what nobody named."""
        names = ("epochs", "minutes", "batch", "random_seed", "held_out")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(self.base, **given)

    @property
    def leaves_epochs_open(self) -> bool:
        """Whether nobody named epochs, so that they may go by the pieces."""
        return self.epochs is None and self.base is PRESETS[self.preset].training
