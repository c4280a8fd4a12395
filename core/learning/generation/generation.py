"""A request and a trained model → takes. Needs no TensorFlow; the same request gives the same takes, byte for byte.

All takes of a request are drawn side by side, event by event and field by field, each with random numbers of its own.
What was asked for (range, scale, rhythm) is masked before drawing; surprise is always that of the model's own odds.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.errors import SpecError
from core.learning.events.memorisation import SharedRun
from core.learning.events.tokenizer import Events, bar_places, class_velocity, encode, velocity_class
from core.learning.generation.character import characters, measured
from core.learning.generation.constraints import AllowedPitches, KeptRhythm
from core.learning.generation.decoding import Decoding, Frame
from core.learning.generation.sampling import draw, log_softmax, nucleus, tempered, top_k
from core.learning.models.library import TrainedModel
from core.learning.network.inference import Network, Place, State, one_thread
from core.learning.spec import Field, GenerationRequest
from core.music.score import Note, Notes, Score, by_position
from core.music.settling import settled
from core.music.timing import bar_starts, continuation_start, metre_at, steps_at
from core.tasks import Control

_CONTEXT = 512
"""Events of the seed that are read at most: keeps the first note near however long the seed is."""
_PENALTIES = (2.0, 4.0, 8.0)
"""Nats, one for each time that a stuck take is drawn again; the last time it can't get stuck at all."""
_DEFAULT_VELOCITY = 80


@dataclass(frozen=True, slots=True)
class Take:
    """One generated continuation."""

    letter: str
    """A to Z, its place in the batch."""
    generated: frozenset[Note]
    """The continuation's notes."""
    start: int
    """Tick: the barline where the continuation starts."""
    end: int
    """Tick: the barline where it ends."""
    request: GenerationRequest
    random_seed: int
    """The number that it was drawn by."""
    surprise_bits: tuple[tuple[Note, float], ...]
    """Each generated note in order, with the surprise of all its fields."""
    copied: int = 0
    """Notes: the longest run that a studied piece holds too."""
    copied_notes: frozenset[Note] = frozenset()
    """The notes in runs longer than what the studied pieces share among themselves."""
    copied_from: str = ""
    """Title of the piece that the longest run is in."""
    character: str = ""
    """What tells it from the others of its batch; "" for nothing."""
    redrawn_from_bar: int | None = None
    """It got stuck and was drawn again from this bar of the score, counted from 1."""
    pitch_surprise_bits: tuple[tuple[Note, float], ...] = ()
    """Each generated note with the surprise of its pitch alone."""
    common_run: int = 0
    """What the studied pieces share among themselves: runs up to so many notes don't count as copied."""

    @property
    def score(self) -> Score:
        """The seed with the continuation in its part: made anew each time, which takes a while for a long seed."""
        seed, index = self.request.seed, self.request.part
        part = settled(seed.parts[index], self.start)
        return seed.with_part(index, part.with_notes([*part.notes, *self.generated]))

    @property
    def mean_surprise_bits(self) -> float:
        """0 without notes."""
        return float(np.mean([bits for _, bits in self.surprise_bits])) if self.surprise_bits else 0.0


def generate(model: TrainedModel, request: GenerationRequest, control: Control | None = None) -> tuple[Take, ...]:
    """The takes asked for, each also reported once it is complete.

    Stopped, what has come until then is returned. Raises SpecError where nothing can be what the request asks for.
    """
    control = control or Control()
    part = request.seed.parts[request.part]
    if part.is_drums and part.notes:
        raise SpecError(
            "part", f"{part.name or 'The seed'} is drums, and models learn pitches: there is no melody to continue."
        )
    frame = _frame(model, request)
    with one_thread():
        begun = model.network.read(_context(frame.seed), bar_steps=frame.bar_steps)
        decodings = [
            Decoding(frame, np.random.default_rng([request.random_seed, take])) for take in range(request.takes)
        ]
        batch = begun.repeated(request.takes)
        _draw(model.network, batch, decodings, request, control, guards=request.guards_repetition)
        redrawn: list[int | None] = []
        for index, decoding in enumerate(decodings):
            decodings[index], bar = _unstuck(model.network, begun, decoding, index, request, control)
            redrawn.append(bar)
    takes = [
        _take(model, request, frame, decoding, string.ascii_uppercase[index], bar)
        for index, (decoding, bar) in enumerate(zip(decodings, redrawn, strict=True))
        if decoding.is_done or decoding.steps
    ]
    measures = [
        measured([note for note, _ in take.surprise_bits], [bits for _, bits in take.surprise_bits]) for take in takes
    ]
    finished = tuple(replace(take, character=phrase) for take, phrase in zip(takes, characters(measures), strict=True))
    for take in finished:
        control.report(take)
    return finished


def unknown_notes(model: TrainedModel, score: Score, part: int) -> frozenset[Note]:
    """The part's notes whose pitch or length the model never met; it hears the nearest it knows instead."""
    events, sources = _heard(model, score, part)
    unknown = np.zeros(len(events), bool)
    for field in ("pitch", "duration"):
        known = model.vocabulary.values.get(field)
        if known is not None:
            unknown |= ~np.isin(events.field(field), known)
    return frozenset(note for note, index in sources.items() if unknown[index])


def surprise_of(model: TrainedModel, score: Score, part: int) -> dict[Note, float]:
    """Surprise in bits, all fields together, of each note of the part that the model hears."""
    events, sources = _heard(model, score, part)
    with one_thread():
        logits = model.network.sequence_logits(events)
    symbols = model.vocabulary.indices(events)
    bits = sum(
        (_bits(scores, symbols[field]) for field, scores in logits.items()),
        start=np.zeros(len(events)),
    )
    return {note: float(bits[index]) for note, index in sources.items()}


@dataclass(frozen=True, slots=True)
class Source:
    """How much of a note's pitch was copied from earlier in its piece."""

    share: float
    """Of the chance that the model gave the pitch, 0 to 1: what its copy heads gave of it."""
    note: Note | None
    """The earlier note that they copied most from, as it was or transposed; None where nothing was copied."""


def sources_of(model: TrainedModel, score: Score, part: int) -> dict[Note, Source]:
    """The source of each note of the part that the model hears; without copy heads all have share 0."""
    events, places = _heard(model, score, part)
    note_at = {index: note for note, index in places.items()}
    with one_thread():
        shares, origins = model.network.sources(events)
    return {
        note: Source(float(shares[index]), note_at.get(int(origins[index])) if origins[index] >= 0 else None)
        for note, index in places.items()
    }


def _heard(model: TrainedModel, score: Score, part: int) -> tuple[Events, dict[Note, int]]:
    """The part's events, and which of them each note became; a note lost on the grid (two on one place) has none."""
    events = encode(score, model.tokenizer, part=part)
    index_at = {
        place: index for index, place in enumerate(zip(events.onsets.tolist(), events.pitch.tolist(), strict=True))
    }
    sources = {}
    for note in score.parts[part].notes:
        index = index_at.get((steps_at(note.onset), note.pitch))
        if index is not None:
            sources[note] = index
    return events, sources


# Before drawing


def _frame(model: TrainedModel, request: GenerationRequest) -> Frame:
    seed, spec = request.seed, model.tokenizer
    notes = seed.parts[request.part].notes
    start = continuation_start(seed, request.part)
    longest_bar = max([metre.bar_duration for metre in seed.metres], default=0) or metre_at(seed, start).bar_duration
    reach = start + (request.length_bars + 1) * max(longest_bar, metre_at(seed, start).bar_duration)
    bars = tuple(tick for tick in bar_starts(seed, reach) if tick >= start)[: request.length_bars + 1]
    events = encode(seed, spec, part=request.part)
    room = np.maximum(1, steps_at(start) - events.onsets).astype(np.int32)
    duration = np.minimum(events.duration, room)  # heard no longer than to the barline
    if spec.legato:  # and the melody goes on without a rest: its last note lasts until there
        duration[-1:] = room[-1:]
    events = replace(events, duration=duration)
    allowed = AllowedPitches.of(request.pitch_range, request.scale)
    keeps_rhythm = request.keep == "rhythm" or not {"delta", "duration"} & set(spec.fields)
    first_bar = max((tick for tick in bar_starts(seed, start) if notes and tick <= notes[0].onset), default=start)
    velocity = round(float(np.mean(notes.velocity))) if notes else _DEFAULT_VELOCITY
    return Frame(
        vocabulary=model.vocabulary,
        velocity_classes=spec.velocity_classes,
        seed=events,
        start=start,
        end=bars[-1],
        bars=bars,
        metres=seed.metres,
        allowed=allowed,
        is_monophonic=model.studied.is_monophonic or spec.legato,
        rhythm=KeptRhythm.of(notes, first_bar=first_bar, start=start, end=bars[-1]) if keeps_rhythm and notes else None,
        pitches=tuple(notes.pitch.tolist()) if request.keep == "pitch" else (),
        velocity=class_velocity(velocity_class(velocity, spec.velocity_classes), spec.velocity_classes),
        values={field: np.asarray(values, np.int64) for field, values in model.vocabulary.values.items()},
        pitch_mask=allowed.mask(model.vocabulary),
    )


def _context(seed: Events) -> Events:
    if len(seed) <= _CONTEXT:
        return seed
    columns = ("delta", "pitch", "duration", "velocity", "bar_position", "bar_steps")
    return Events(**{name: getattr(seed, name)[-_CONTEXT:] for name in columns})


# Drawing


def _draw(
    network: Network,
    state: State,
    decodings: Sequence[Decoding],
    request: GenerationRequest,
    control: Control,
    *,
    guards: bool,
) -> None:
    """Draw every take to its end, or (with `guards`) until it is stuck, one event of each at a time."""
    while not all(decoding.is_done for decoding in decodings):
        control.checkpoint()
        if control.stopping:
            return
        chosen: dict[Field, npt.NDArray[np.integer]] = {}
        place = None if "delta" in network.fields else _place(decodings)
        for field in network.fields:
            own, bent = network.bent_logits(state, field, chosen, place, motifs=request.motifs)
            chosen[field] = _drawn(field, bent, own, decodings, request)
            if field == "delta":
                place = _place(decodings)
        if place is None:
            raise AssertionError("the place is known before or after delta")
        for row, decoding in enumerate(decodings):
            if not decoding.is_done:
                decoding.finish_step(
                    bar_position=int(place.bar_position[row]),
                    bar_steps=int(place.bar_steps[row]),
                    guards=guards,
                )
        state = network.advance(state, chosen, place)


def _drawn(
    field: Field,
    logits: npt.NDArray[np.floating],
    own: npt.NDArray[np.floating],
    decodings: Sequence[Decoding],
    request: GenerationRequest,
) -> npt.NDArray[np.integer]:
    """One symbol for each take, from `logits`; its surprise is that in the model's own odds."""
    scores = np.stack(
        [
            row.astype(np.float64) if decoding.is_done else decoding.scores(field, row.astype(np.float64))
            for decoding, row in zip(decodings, logits, strict=True)
        ]
    )
    odds = nucleus(top_k(tempered(scores, request.temperature), request.top_k), request.top_p)
    symbols = draw(odds, [0.5 if decoding.is_done else decoding.random.random() for decoding in decodings])
    bits = _bits(own, symbols)
    for decoding, symbol, surprise in zip(decodings, symbols.tolist(), bits.tolist(), strict=True):
        if not decoding.is_done:
            decoding.choose(field, symbol, surprise)
    return symbols


def _bits(logits: npt.NDArray[np.floating], symbols: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """−log₂ of each row's odds for its symbol."""
    rows = log_softmax(logits.astype(np.float64))
    bits: npt.NDArray[np.float64] = -rows[np.arange(len(rows)), symbols] / np.log(2)
    return bits


def _place(decodings: Sequence[Decoding]) -> Place:
    onsets = np.array([decoding.onset for decoding in decodings], np.int64)
    return Place(*bar_places(onsets, decodings[0].frame.metres))


def _unstuck(
    network: Network, begun: State, decoding: Decoding, take: int, request: GenerationRequest, control: Control
) -> tuple[Decoding, int | None]:
    """The take, drawn again from the bar after the one where it got stuck as often as needed, and the first such bar."""
    frame = decoding.frame
    first_bar: int | None = None
    for attempt, penalty in enumerate(_PENALTIES, start=1):
        if decoding.stuck_from is None:
            break
        turning = decoding.steps[decoding.stuck_from].onset
        again = next((bar for bar in frame.bars if steps_at(bar) > turning), frame.end)
        if decoding.onset < steps_at(again):  # all of it within one bar
            again = max(bar for bar in frame.bars if steps_at(bar) <= turning)
        kept = [step for step in decoding.steps if step.onset < steps_at(again)]
        first_bar = min(first_bar or frame.bars.index(again), frame.bars.index(again))
        stuck_on = frozenset(step.values["pitch"] for step in decoding.steps[decoding.stuck_from :])
        decoding = Decoding(
            frame,
            np.random.default_rng([request.random_seed, take, attempt]),
            penalty=penalty,
            penalised=stuck_on,
            never_stuck=attempt == len(_PENALTIES),
        )
        decoding.replay(kept)
        state = begun
        for step in kept:
            state = network.advance(
                state,
                {field: np.array([symbol]) for field, symbol in step.symbols.items()},
                Place(np.array([step.bar_position]), np.array([step.bar_steps])),
            )
        # Where only one pitch is allowed nothing helps: the last drawing goes on to its end whatever comes.
        _draw(network, state, [decoding], request, control, guards=attempt < len(_PENALTIES))
    if first_bar is None:
        return decoding, None
    bars_before = len(bar_starts(request.seed, frame.start)) - 1
    return decoding, bars_before + first_bar


# After drawing


def _clear_of(seed: Notes, drawn: list[tuple[Note, float, float]]) -> list[tuple[Note, float, float]]:
    """The notes, each struck once the seed has let go of its pitch; what was over by then is left out."""
    let_go = dict(zip(seed.pitch.tolist(), seed.end.tolist(), strict=True))
    clear = []
    for note, bits, pitch_bits in drawn:
        onset = max(note.onset, let_go.get(note.pitch, 0))
        if onset < note.end:
            clear.append((replace(note, onset=onset, duration=note.end - onset), bits, pitch_bits))
    return sorted(clear, key=lambda entry: by_position(entry[0]))


def _take(
    model: TrainedModel, request: GenerationRequest, frame: Frame, decoding: Decoding, letter: str, bar: int | None
) -> Take:
    drawn = _clear_of(request.seed.parts[request.part].notes, decoding.notes())
    notes = [note for note, _, _ in drawn]
    pitches = [note.pitch for note in notes]
    lengths = [steps_at(note.duration) for note in notes]
    longest = model.studied.longest_run(pitches, lengths)
    runs: list[SharedRun] = []
    if longest.notes > model.studied.common_run:
        runs = model.studied.runs(pitches, lengths, longer_than=model.studied.common_run)
    in_runs = {index for run in runs for index in range(run.start, run.start + run.notes)}
    return Take(
        letter=letter,
        generated=frozenset(notes),
        start=frame.start,
        end=frame.end,
        request=request,
        random_seed=request.random_seed,
        surprise_bits=tuple((note, bits) for note, bits, _ in drawn),
        copied=longest.notes,
        copied_notes=frozenset(notes[index] for index in in_runs),
        copied_from=longest.title,
        character="",
        redrawn_from_bar=bar,
        pitch_surprise_bits=tuple((note, bits) for note, _, bits in drawn),
        common_run=model.studied.common_run,
    )
