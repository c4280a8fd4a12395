"""What is to be learnt and how: tokenizer, network and training specifications, presets, and the request to generate.

All are frozen, validated on construction (SpecError names the field) and travel as JSON: they are saved with
every trained model and cross to the training process.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from core.errors import SpecError
from core.music.score import Score

STEPS_PER_QUARTER = 24
"""The model's grid: divides 16ths and triplets alike."""

Field = Literal["delta", "pitch", "duration", "velocity"]
FIELDS: tuple[Field, ...] = ("delta", "duration", "pitch", "velocity")
"""In chain order: each field is chosen given the ones before it. A pitch knows its rhythm, whoever chose that."""

PresetName = Literal["article", "quick", "standard", "large"]


def _require(holds: bool, field: str, sentence: str) -> None:  # noqa: FBT001 -- reads as an assertion
    if not holds:
        raise SpecError(field, sentence)


@dataclass(frozen=True, slots=True)
class TokenizerSpec:
    """How notes become events on the grid of 24 steps a quarter."""

    fields: tuple[Field, ...] = FIELDS
    """Which fields of an event the model sees and predicts, in chain order. Pitch is always one."""
    velocity_classes: int = 8
    """Steps of loudness that are told apart."""
    legato: bool = False
    """Monophonic line whose rests are absorbed by the note before: lets (pitch, duration) alone carry the rhythm."""

    def __post_init__(self) -> None:
        _require("pitch" in self.fields, "fields", "A model has to predict pitch.")
        ordered = tuple(field for field in FIELDS if field in self.fields)
        _require(self.fields == ordered, "fields", f"Fields come in the order {', '.join(FIELDS)}.")
        _require(1 <= self.velocity_classes <= 127, "velocity_classes", "Velocity classes: 1 to 127.")


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Embeddings → stacked LSTM → attention over earlier states → chained heads."""

    embedding: int = 64
    """Width of each field's embedding."""
    layers: int = 2
    """LSTMs, each reading the one before."""
    units: int = 256
    """Cells of each of them."""
    attention: Literal["copying", "running_mean"] = "copying"
    """copying: heads that point to earlier events and offer what came there. running_mean: the article's softmax over time of tanh
    scores, in its causal form."""
    attention_heads: int = 4
    """copying: for the pitch; half of them transpose. Every other field has half as many."""
    head_units: int = 192
    """Width of the hidden layer in each output head; 0 = softmax straight on the features."""
    dropout: float = 0.4
    """Share of the numbers between layers that are left out by chance while it learns, lest it learn by heart."""

    def __post_init__(self) -> None:
        _require(1 <= self.embedding <= 1024, "embedding", "Embedding width: 1 to 1,024.")
        _require(1 <= self.layers <= 8, "layers", "Layers: 1 to 8.")
        _require(1 <= self.units <= 4096, "units", "Units: 1 to 4,096.")
        _require(self.attention in ("copying", "running_mean"), "attention", "Attention is copying or running_mean.")
        _require(1 <= self.attention_heads <= 32, "attention_heads", "Attention heads: 1 to 32.")
        fewest = int(self.attention == "copying")
        _require(fewest <= self.head_units <= 4096, "head_units", f"Head units: {fewest} to 4,096.")
        _require(0 <= self.dropout < 1, "dropout", "Dropout: 0 up to, but not, 1.")


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """How to train: windows, optimizer, when to stop."""

    window: int = 384
    """Events of one training example."""
    stride: int = 384
    """Events between the starts of neighbouring windows."""
    batch: int = 16
    """Windows that are read before the network changes."""
    epochs: int = 16
    """Readings of all pieces."""
    minutes: float = 0.0
    """Stop after so many minutes; 0 = no limit."""
    optimizer: Literal["rmsprop", "adam"] = "adam"
    """The rule by which each step changes the network."""
    learning_rate: float = 3e-3
    """How far a step changes the network."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """cosine: warms up, then falls towards 0 over all epochs."""
    weight_decay: float = 0.05
    """Share of every matrix that goes with each step, times the learning rate (Loshchilov & Hutter 2019); with adam alone."""
    averaging: float = 0.998
    """The model is the running mean of the weights of about the last 1 / (1 - averaging) steps; 0 = the weights as they are."""
    target: Literal["every_step", "last_step"] = "every_step"
    """last_step: one target a window, the event after it, as in the article."""
    transpose: int = 6
    """Each reading of a piece is transposed by a random -transpose … +transpose semitones; 0 = natural keys."""
    held_out: float = 0.1
    """Share of the pieces that are kept aside as the validation set."""
    patience: int = 8
    """Stop after so many epochs with no better validation loss; 0 = never."""
    random_seed: int = 1
    """The same number, pieces and settings give the same model."""

    def __post_init__(self) -> None:
        _require(2 <= self.window <= 4096, "window", "Looks back: 2 to 4,096 notes.")
        _require(1 <= self.stride <= self.window, "stride", "Stride: 1 to the window.")
        _require(1 <= self.batch <= 4096, "batch", "Batch: 1 to 4,096.")
        _require(1 <= self.epochs <= 100_000, "epochs", "Epochs: 1 to 100,000.")
        _require(0 <= self.minutes <= 100_000, "minutes", "Minutes: 0 to 100,000.")
        _require(0 < self.learning_rate <= 1, "learning_rate", "Learning rate: above 0, at most 1.")
        _require(0 <= self.weight_decay <= 10, "weight_decay", "Weight decay: 0 to 10.")
        _require(0 <= self.averaging < 1, "averaging", "Averaging: 0 up to, but not, 1.")
        _require(0 <= self.transpose <= 24, "transpose", "Transposition: 0 to 24 semitones.")
        _require(0 < self.held_out < 1, "held_out", "Kept aside: more than 0, less than 1.")
        _require(self.patience >= 0, "patience", "Patience can't be negative.")
        _require(0 <= self.random_seed < 2**63, "random_seed", "Random seed: 0 to 2^63 - 1.")


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of all three specifications, with the sentence that the window shows."""

    name: PresetName
    title: str
    description: str
    tokenizer: TokenizerSpec
    network: NetworkSpec
    training: TrainingSpec


PRESETS: MappingProxyType[PresetName, Preset] = MappingProxyType(
    {
        "article": Preset(
            name="article",
            title="As in the article",
            description="Pitch and length alone, windows of 32, 100 epochs: the published recipe, its mistakes mended. Slow, for study.",
            tokenizer=TokenizerSpec(fields=("duration", "pitch"), legato=True),
            network=NetworkSpec(
                embedding=100,
                layers=2,
                units=256,
                attention="running_mean",
                attention_heads=1,
                head_units=0,
                dropout=0.0,
            ),
            training=TrainingSpec(
                window=32,
                stride=1,
                batch=64,
                optimizer="rmsprop",
                learning_rate=1e-3,
                schedule="constant",
                weight_decay=0.0,
                averaging=0.0,
                epochs=100,
                target="last_step",
                transpose=0,
                patience=0,
            ),
        ),
        "quick": Preset(
            name="quick",
            title="Quick",
            description="A small network. A few minutes on a laptop: good for a first listen.",
            tokenizer=TokenizerSpec(),
            network=NetworkSpec(embedding=32, layers=1, units=128, attention_heads=2, head_units=96, dropout=0.2),
            training=TrainingSpec(window=256, stride=256, epochs=12, learning_rate=4e-3, patience=5),
        ),
        "standard": Preset(
            name="standard",
            title="Standard",
            description="What most collections deserve. About ten minutes for a thousand tunes, on a laptop.",
            tokenizer=TokenizerSpec(),
            network=NetworkSpec(),
            training=TrainingSpec(),
        ),
        "large": Preset(
            name="large",
            title="Large",
            description="For hundreds of pieces or thick textures, and a computer that may work for hours.",
            tokenizer=TokenizerSpec(),
            network=NetworkSpec(embedding=96, layers=3, units=512, attention_heads=8, head_units=384, dropout=0.5),
            training=TrainingSpec(epochs=30, learning_rate=2e-3, patience=10),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Continue one part of a seed. The same request with the same model gives the same takes."""

    seed: Score
    """What is continued."""
    part: int = 0
    """Index of the part to continue."""
    length_bars: int = 8
    """Of each take."""
    takes: int = 4
    """So many different ones."""
    temperature: float = 0.9
    """0 = always the likeliest; 1 = the odds as learnt."""
    top_k: int = 0
    """Only the k likeliest; 0 = all."""
    top_p: float = 1.0
    """The likeliest that together reach this mass; 1 = all."""
    scale: str = ""
    """A name that pitch.py reads, such as "D minor"; "" = any pitch."""
    pitch_range: tuple[int, int] = (0, 127)
    """Lowest and highest pitch allowed, both inclusive."""
    keep: Literal["", "rhythm", "pitch"] = ""
    """Repeat the seed's rhythm (or pitches) and let the model choose the rest."""
    motifs: float = 0.0
    """How much the take comes back to earlier figures; 0 = as learnt."""
    guards_repetition: bool = True
    """Whether a take that goes round in circles is drawn again from there."""
    random_seed: int = 0
    """The same number gives the same takes."""

    def __post_init__(self) -> None:
        _require(0 <= self.part < len(self.seed.parts), "part", "There is no such part in the seed.")
        _require(1 <= self.length_bars <= 256, "length_bars", "Length: 1 to 256 bars.")
        _require(1 <= self.takes <= 26, "takes", "Takes: 1 to 26.")
        _require(0 <= self.temperature <= 5, "temperature", "Adventurousness: 0 to 5.")
        _require(self.top_k >= 0, "top_k", "Only the k likeliest: 0 or more.")
        _require(0 < self.top_p <= 1, "top_p", "Mass kept: above 0, at most 1.")
        low, high = self.pitch_range
        _require(0 <= low <= high <= 127, "pitch_range", "Range: from a lower to a higher pitch, 0 to 127.")
        _require(self.keep in ("", "rhythm", "pitch"), "keep", "Keep rhythm or pitch.")
        _require(-10 <= self.motifs <= 10, "motifs", "Motifs: -10 to 10.")
        _require(0 <= self.random_seed < 2**63, "random_seed", "Random seed: 0 to 2^63 - 1.")
