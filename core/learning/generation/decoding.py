"""One take while it is being drawn: what may come next, and what has come so far.

Onsets and durations are in steps from the score's start, as the model counts; a kept rhythm also has its exact ticks.
A Frame is what all takes of a request share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.learning.events.tokenizer import Events, Vocabulary, class_velocity
from core.learning.generation.constraints import AllowedPitches, KeptRhythm
from core.learning.generation.repetition import stuck_since
from core.learning.spec import STEPS_PER_QUARTER, Field
from core.music.score import Metre, Note, by_position, fitted
from core.music.timing import TICKS_PER_STEP

BoolArray = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_MOST_AT_ONCE = 12
"""Notes of one chord; ten fingers and a little more."""
_PENALISED_BARS = 2
"""For so long the choices that got a take stuck are less likely when it is drawn again."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What all takes of one request share."""

    vocabulary: Vocabulary
    velocity_classes: int
    seed: Events
    start: int
    """Tick: where the continuation starts, on a barline."""
    end: int
    """Tick: where it ends, on a barline."""
    bars: tuple[int, ...]
    """Ticks: the barlines from `start` up to and with `end`."""
    metres: tuple[Metre, ...]
    allowed: AllowedPitches
    is_monophonic: bool
    """One note at a time, as everything that the model studied."""
    rhythm: KeptRhythm | None
    pitches: tuple[int, ...]
    """Kept pitches, over and over; none kept: ()."""
    velocity: int
    """Of notes for which the model predicts none."""
    values: Mapping[Field, npt.NDArray[np.int64]]
    """The vocabulary's values as arrays."""
    pitch_mask: BoolArray
    """(pitches of the vocabulary,): within range and scale."""

    @cached_property
    def start_step(self) -> int:
        return -(-self.start // TICKS_PER_STEP)

    @cached_property
    def bar_steps(self) -> int:
        """Steps of the first new bar."""
        return max(1, (self.bars[1] - self.bars[0]) // TICKS_PER_STEP)

    @cached_property
    def highest_pitch(self) -> int:
        return int(self.values["pitch"][self.pitch_mask].max())


@dataclass(frozen=True, slots=True)
class Step:
    """One event as it was drawn: for reading it again, and for the note it became."""

    symbols: Mapping[Field, int]
    values: Mapping[Field, int]
    """What the take got for them, in steps and MIDI pitch."""
    onset: int
    bar_position: int
    bar_steps: int
    bits: float
    """Surprise: −log₂ of its probability before anything was filtered, all fields together."""
    pitch_bits: float
    sounds: bool


@dataclass(eq=False)
class Decoding:
    """One take in the making."""

    frame: Frame
    random: np.random.Generator
    penalty: float = 0.0
    """Nats taken from the score of `penalised` pitches in the first bars, when drawn again."""
    penalised: frozenset[int] = frozenset()
    never_stuck: bool = False
    """Refuses every pitch that would get it stuck."""
    steps: list[Step] = field(default_factory=list)
    is_done: bool = False
    stuck_from: int | None = None
    """Index of the step from which it only goes round."""

    def __post_init__(self) -> None:
        seed = self.frame.seed
        onsets = seed.onsets
        self._onset = int(onsets[-1]) if len(seed) else self.frame.start_step
        self._sounding_until = self.frame.start_step
        self._sounding: dict[int, int] = {}
        self._at_once: list[int] = []
        self._ticks: list[list[int]] = []  # onset, pitch, duration, velocity of each note that sounds
        self._last_of: dict[int, int] = {}  # where in it each pitch was struck last
        self._row: tuple[list[int], list[int]] = ([], [])  # onset and pitch of each step
        self._redrawn_at = self.frame.start_step
        self._last_duration = 0
        self._more_at_once = 0
        self._begin_step()

    # Before each event

    def _begin_step(self) -> None:
        self._chosen: dict[Field, int] = {}
        self._given: dict[Field, int] = {}
        self._bits: dict[Field, float] = {}
        count, frame = len(self.steps), self.frame
        if frame.rhythm is not None:
            if count >= len(frame.rhythm.notes):
                self.is_done = True
                return
            kept = frame.rhythm.notes[count]
            onset = max(self._onset if self.steps else frame.start_step, round(kept.onset / TICKS_PER_STEP))
            self._given["delta"] = onset - self._onset
            self._given["duration"] = max(1, round(kept.duration / TICKS_PER_STEP))
            following = frame.rhythm.notes[count + 1 : count + 1 + _MOST_AT_ONCE]
            self._more_at_once = sum(later.onset == kept.onset for later in following)
        elif "delta" not in frame.values:
            ends = self._onset + self._last_duration if self.steps else frame.start_step
            self._given["delta"] = ends - self._onset
        if frame.pitches:
            self._given["pitch"] = frame.allowed.nearest(frame.pitches[count % len(frame.pitches)])
        if "delta" in self._given:
            self._move_to(self._given["delta"])

    # For each field in turn

    def scores(self, name: Field, logits: Floats) -> Floats:
        """The scores to draw from: what isn't allowed at −∞, what got it stuck lowered."""
        if name in self._given:
            return self._only(name, self._given[name], len(logits))
        scores = logits
        if name == "delta":
            low, high = self._delta_bounds()
            mask = (self.frame.values["delta"] >= low) & (self.frame.values["delta"] <= high)
            return np.where(mask, scores, -np.inf) if mask.any() else self._only("delta", low, len(logits))
        if name == "pitch":
            if self.penalised and self._onset < self._redrawn_at + _PENALISED_BARS * self.frame.bar_steps:
                scores = scores - self.penalty * np.isin(self.frame.values["pitch"], list(self.penalised))
            return np.where(self._pitch_mask(), scores, -np.inf)
        return scores

    def _only(self, name: Field, value: int, size: int) -> Floats:
        scores = np.full(size, -np.inf)
        scores[self.frame.vocabulary.index(name, value)] = 0.0
        return scores

    def choose(self, name: Field, symbol: int, bits: float) -> None:
        """The field's symbol was drawn; `bits` is its surprise in the unfiltered distribution."""
        self._chosen[name] = symbol
        self._bits[name] = bits
        if name in self._given:
            return
        value = int(self.frame.values[name][symbol])
        if name == "delta":
            low, high = self._delta_bounds()
            value = min(max(value, low), high)
            self._move_to(value)
        elif name == "pitch":
            value = self.frame.allowed.nearest(value)
        self._given[name] = value

    def _delta_bounds(self) -> tuple[int, int]:
        """Fewest and most steps to the next onset: at the seam and between notes no rest is longer than a bar."""
        frame = self.frame
        if not self.steps:
            low = frame.start_step - self._onset
            return low, low + frame.bar_steps - 1
        highest = (
            frame.allowed.nearest(frame.pitches[len(self.steps) % len(frame.pitches)])
            if frame.pitches
            else frame.highest_pitch
        )
        has_room = highest > self._at_once[-1] and self.steps[-1].sounds
        low = 0 if has_room and not frame.is_monophonic and len(self._at_once) < _MOST_AT_ONCE else 1
        return low, max(low, max(self._sounding_until, self._onset) + frame.bar_steps - self._onset)

    def _move_to(self, delta: int) -> None:
        if delta > 0 or not self.steps:
            self._at_once = []
        self._onset += delta
        self._tick = self._onset * TICKS_PER_STEP
        if self.frame.rhythm is not None:
            self._tick = self.frame.rhythm.notes[len(self.steps)].onset
        if self._tick >= self.frame.end:
            self.is_done = True

    def _pitch_mask(self) -> BoolArray:
        """In range and scale; a chord goes upwards; no pitch that still sounds, unless nothing else is left."""
        frame, values = self.frame, self.frame.values["pitch"]
        mask = frame.pitch_mask
        if self._at_once:
            upwards = mask & (values > self._at_once[-1])
            mask = upwards if upwards.any() else mask
        if self._more_at_once:  # leave room above for the notes of this chord that are still to come
            allowed = values[mask]
            highest = allowed[
                max(0, len(allowed) - 1 - self._more_at_once)
            ]  # the lowest, where they are too few for all
            mask = mask & (values <= highest)
        still = [pitch for pitch, until in self._sounding.items() if until > self._onset]
        if still and not frame.is_monophonic:  # a melody cuts what still sounds
            free = mask & ~np.isin(values, still)
            mask = free if free.any() else mask
        if self.never_stuck:
            mask = self._without_stuck(mask)
        return mask

    def _without_stuck(self, mask: BoolArray) -> BoolArray:
        onsets, pitches = self._row
        bar = self.frame.bar_steps
        # Only going on as one has, or repeating what came a figure ago, can get stuck: few pitches are to be tried.
        for pitch in set(pitches):
            if stuck_since([*onsets, self._onset], [*pitches, pitch], bar=bar) is not None:
                others = mask & (self.frame.values["pitch"] != pitch)
                mask = others if others.any() else mask
        return mask

    # After the last field

    @property
    def onset(self) -> int:
        """Of the event being drawn, once its delta is known; of the last one when done."""
        return self._onset

    def finish_step(self, *, bar_position: int, bar_steps: int, guards: bool) -> None:
        """The event is complete: note it, and see whether the take is stuck (with `guards`)."""
        frame = self.frame
        pitch = self._given["pitch"]
        duration = self._given.get("duration", STEPS_PER_QUARTER)
        velocity = (
            class_velocity(self._given["velocity"], frame.velocity_classes)
            if "velocity" in self._given
            else frame.velocity
        )
        sounds = pitch not in self._at_once
        if sounds:
            ticks = duration * TICKS_PER_STEP
            if frame.rhythm is not None:
                ticks = frame.rhythm.notes[len(self.steps)].duration
            self._cut_before_this(pitch)
            self._ticks.append([self._tick, pitch, min(ticks, frame.end - self._tick), velocity])
            self._last_of[pitch] = len(self._ticks) - 1
            self._at_once.append(pitch)
            self._sounding[pitch] = self._onset + duration
            self._sounding_until = self._onset + duration if frame.is_monophonic else max(self._sounding.values())
        self._last_duration = duration
        self._row[0].append(self._onset)
        self._row[1].append(pitch)
        self.steps.append(
            Step(
                symbols=dict(self._chosen),
                values={**self._given, "duration": duration},
                onset=self._onset,
                bar_position=bar_position,
                bar_steps=bar_steps,
                bits=sum(self._bits.values()),
                pitch_bits=self._bits.get("pitch", 0.0),
                sounds=sounds,
            )
        )
        if guards and not frame.pitches:
            self.stuck_from = stuck_since(*self._row, bar=frame.bar_steps)
            self.is_done = self.stuck_from is not None
        if not self.is_done:
            self._begin_step()

    def _cut_before_this(self, pitch: int) -> None:
        """In a melody the note before ends here at the latest; anywhere, a note ends where its pitch is struck again."""
        before = len(self._ticks) - 1 if self.frame.is_monophonic else self._last_of.get(pitch, -1)
        while before >= 0 and self._ticks[before][0] >= self._tick:  # a kept chord within a melody
            before -= 1
        if before >= 0:
            note = self._ticks[before]
            note[2] = min(note[2], self._tick - note[0])

    # What has come

    def replay(self, steps: Sequence[Step]) -> None:
        """Take over the first events of an earlier drawing."""
        for step in steps:
            if "delta" not in self._given:
                self._move_to(step.values["delta"])
            self._given, self._chosen = dict(step.values), dict(step.symbols)
            self._bits = {"pitch": step.pitch_bits, "duration": step.bits - step.pitch_bits}
            self.finish_step(bar_position=step.bar_position, bar_steps=step.bar_steps, guards=False)
        self._redrawn_at = self._onset

    def notes(self) -> list[tuple[Note, float, float]]:
        """Each note that sounds, with its surprise in bits: of all fields, and of the pitch alone."""
        sounding = [step for step in self.steps if step.sounds]
        made = [(Note(*ticks), step.bits, step.pitch_bits) for ticks, step in zip(self._ticks, sounding, strict=True)]
        kept = set(fitted(note for note, _, _ in made))
        return sorted((entry for entry in made if entry[0] in kept), key=lambda entry: by_position(entry[0]))
