"""Takes from networks with random weights: what must hold whatever the model has learnt."""

import functools
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SpecError
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import Vocabulary, encode, quantised
from core.learning.generation.character import Measures, characters, measured
from core.learning.generation.decoding import Decoding
from core.learning.generation.generation import (
    Source,
    _draw,
    _frame,
    continuation_start,
    generate,
    sources_of,
    surprise_of,
    unknown_notes,
)
from core.learning.models.library import ModelRecord, TrainedModel
from core.learning.network.inference import Network
from core.learning.network.weights import fresh_weights, weight_shapes
from core.learning.spec import GenerationRequest, NetworkSpec, TokenizerSpec, TrainingSpec
from core.music.pitch import parse_scale
from core.music.score import ControlChange, KeySignature, Metre, Note, Part, Score, Tempo, fitted
from core.music.settling import settled
from core.music.timing import TICKS_PER_STEP
from core.tasks import Cancelled, Control

VALUES = {
    "delta": (0, 6, 12, 18, 24, 36, 48, 96, 192),
    "pitch": tuple(range(50, 80)),
    "duration": (6, 12, 18, 24, 36, 48, 96),
    "velocity": (2, 4, 5),
}
MONO = Score((Part.of(Note(i * 240, 60 + [0, 2, 4, 5, 7, 5, 4, 2][i % 8], 240) for i in range(30)),))


def model_of(
    *,
    fields=("delta", "duration", "pitch", "velocity"),
    legato=False,
    seed=1,
    boldness=4.0,
    line=True,
    likes_chords=0.0,
    **network,
):
    tokenizer = TokenizerSpec(fields=fields, legato=legato)
    spec = NetworkSpec(**{"embedding": 8, "layers": 1, "units": 16, "attention_heads": 2, "head_units": 12, **network})
    training = TrainingSpec(window=32, stride=32, target="last_step" if legato else "every_step")
    vocabulary = Vocabulary({field: VALUES[field] for field in fields})
    weights = fresh_weights(weight_shapes(spec, tokenizer, vocabulary.sizes), random_seed=seed)
    weights = {name: value * (boldness if name.startswith("head") else 1) for name, value in weights.items()}
    if likes_chords:
        weights["head/delta/output_bias"][VALUES["delta"].index(0)] += likes_chords
    pieces = [("Studied", encode(MONO, tokenizer))] if line else [("Studied", encode(chords(), tokenizer))]
    return TrainedModel(
        ModelRecord("id", "Random", Path("none")),
        tokenizer,
        spec,
        training,
        vocabulary,
        Network(spec, tokenizer, training, vocabulary, weights),
        build_studied_index(pieces),
    )


def chords():
    return Score((Part.of(Note(bar * 960, pitch + bar % 3, 900) for bar in range(8) for pitch in (55, 60, 64, 67)),))


MODELS = {
    "line": model_of(),
    "chords": model_of(line=False, seed=2),
    "article": model_of(fields=("duration", "pitch"), legato=True, attention="running_mean", attention_heads=1),
    "pitch alone": model_of(fields=("pitch",)),
    "no velocity": model_of(fields=("delta", "duration", "pitch")),
}  # fmt: skip
EMPTY = Score()
WALTZ = Score(
    (Part(name="Other", notes=(Note(0, 40, 9000),)), Part.of([Note(1440 + 20 * i, 70 - i, 15) for i in range(10)], name="Tune", program=5,
        controls=[ControlChange(0, 64, 127)])),
    (Tempo(0, 400_000), Tempo(2880, 600_000)),
    (Metre(0, 3, 4), Metre(1440 * 5, 7, 16)),
    (KeySignature(0, -1, True),),
)  # fmt: skip
SEEDS = {"mono": (MONO, 0), "chords": (chords(), 0), "empty": (EMPTY, 0), "waltz": (WALTZ, 1)}


def generated(take):
    return sorted(take.generated, key=lambda note: (note.onset, note.pitch))


requests = st.builds(
    lambda seed, bars, takes, temperature, k, p, scale, low, width, keep, motifs, guards, number: GenerationRequest(
        SEEDS[seed][0],
        part=SEEDS[seed][1],
        length_bars=bars,
        takes=takes,
        temperature=temperature,
        top_k=k,
        top_p=p,
        scale=scale,
        pitch_range=(low, low + width),
        keep=keep,
        motifs=motifs,
        guards_repetition=guards,
        random_seed=number,
    ),
    seed=st.sampled_from(list(SEEDS)),
    bars=st.integers(1, 6),
    takes=st.integers(1, 3),
    temperature=st.sampled_from([0.0, 0.3, 1.0, 3.0]),
    k=st.sampled_from([0, 1, 5]),
    p=st.sampled_from([0.05, 0.9, 1.0]),
    scale=st.sampled_from(["", "D minor", "F# major pentatonic"]),
    low=st.sampled_from([0, 45, 60, 100]),
    width=st.sampled_from([12, 27]),
    keep=st.sampled_from(["", "rhythm", "pitch"]),
    motifs=st.sampled_from([0.0, 3.0, -3.0]),
    guards=st.booleans(),
    number=st.integers(0, 2**40),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(MODELS)), requests)
def test_every_take_is_what_was_asked_for(name, request):
    model = MODELS[name]
    takes = generate(model, request)
    assert [take.letter for take in takes] == list("ABC"[: request.takes])
    part = request.seed.parts[request.part]
    start = continuation_start(request.seed, request.part)
    for take in takes:
        notes = generated(take)
        assert take.start == start
        assert start <= notes[0].onset
        assert all(note.end <= take.end for note in notes)
        low, high = request.pitch_range
        assert all(low <= note.pitch <= high for note in notes)
        if request.scale:
            assert all(parse_scale(request.scale).contains(note.pitch) for note in notes)
        assert take.score.parts[request.part].notes == fitted([*part.notes, *notes]) == (*part.notes, *notes)
        assert replace(take.score, parts=request.seed.parts) == request.seed
        assert take.score.parts[: request.part] == request.seed.parts[: request.part]
        assert replace(take.score.parts[request.part], notes=part.notes) == settled(part, start)
        assert [note for note, _ in take.surprise_bits] == notes
        assert all(bits >= 0 for _, bits in take.surprise_bits)
        assert [note for note, _ in take.pitch_surprise_bits] == notes
        if name in ("line", "article") and request.keep != "rhythm":
            assert all(later.onset >= earlier.end for earlier, later in itertools.pairwise(notes))
        if request.keep != "rhythm" and name != "pitch alone":
            longest_bar = max([metre.bar_duration for metre in request.seed.metres], default=1920)
            sounding = start
            for note in notes:
                assert note.onset - sounding <= longest_bar
                sounding = max(sounding, note.end)
            assert take.end - sounding <= longest_bar


@functools.cache
def polyphonic(weights, boldness):
    """A model of chords with random weights, the bolder the surer of itself."""
    return model_of(line=False, seed=weights, boldness=boldness, likes_chords=1.5)


HELD = Score((Part.of([*(Note(0, pitch, 1920) for pitch in (48, 55, 64)), Note(1440, 67, 480)]),))
CHORD_SEEDS = {"chords": chords(), "held": HELD, "empty": EMPTY}
chord_requests = st.builds(
    lambda seed, bars, temperature, p, scale, width, keep, motifs, guards, number: GenerationRequest(
        CHORD_SEEDS[seed],
        length_bars=bars,
        takes=2,
        temperature=temperature,
        top_p=p,
        scale=scale,
        pitch_range=(52, 52 + width),
        keep=keep,
        motifs=motifs,
        guards_repetition=guards,
        random_seed=number,
    ),
    seed=st.sampled_from(list(CHORD_SEEDS)),
    bars=st.integers(1, 6),
    temperature=st.sampled_from([0.0, 0.7, 1.0, 3.0]),
    p=st.sampled_from([0.5, 1.0]),
    scale=st.sampled_from(["", "D minor"]),
    width=st.sampled_from([4, 12, 27]),
    keep=st.sampled_from(["", "rhythm", "pitch"]),
    motifs=st.sampled_from([0.0, 3.0]),
    guards=st.booleans(),
    number=st.integers(0, 2**40),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 5), st.sampled_from([0.0, 2.0, 6.0]), chord_requests)
def test_chords_lie_on_the_grid_notes_come_in_order_and_nothing_overlaps_on_one_pitch(weights, boldness, request):
    model = polyphonic(weights, boldness)
    for take in generate(model, request):
        notes = take.score.parts[0].notes
        assert list(notes) == sorted(notes, key=lambda note: (note.onset, note.pitch))
        assert all(note.onset % TICKS_PER_STEP == note.duration % TICKS_PER_STEP == 0 for note in take.generated)
        assert all(note.duration > 0 for note in take.generated)
        for pitch in {note.pitch for note in notes}:
            alike = [note for note in notes if note.pitch == pitch]
            assert all(earlier.end <= later.onset for earlier, later in itertools.pairwise(alike))
        for _, chord in itertools.groupby(notes, key=lambda note: note.onset):
            pitches = [note.pitch for note in chord]
            assert pitches == sorted(set(pitches))
        # What the model would read of its own take is the take: on the grid there is nothing to move or to cut.
        assert take.generated <= set(quantised(take.score, model.tokenizer).parts[0].notes)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 5), st.sampled_from([0.0, 2.0, 6.0]), chord_requests)
def test_notes_are_drawn_in_the_order_in_which_they_are_read_again(weights, boldness, request):
    model = polyphonic(weights, boldness)
    frame = _frame(model, request)
    line = Decoding(frame, np.random.default_rng(request.random_seed))
    begun = model.network.read(frame.seed, bar_steps=frame.bar_steps)
    _draw(model.network, begun, [line], request, Control(), guards=False)
    places = [(step.onset, step.values["pitch"]) for step in line.steps if step.sounds]
    if not request.keep:  # a kept rhythm or pitch may ask for the same note twice at once
        assert len(places) == len(line.steps)
    if request.keep != "pitch":
        assert places == sorted(set(places))


def test_a_model_of_chords_writes_chords_and_holds_notes_while_others_begin():
    takes = [
        generate(polyphonic(weights, 2.0), GenerationRequest(chords(), takes=2, temperature=1.0))
        for weights in range(6)
    ]
    lines = [generated(take) for pair in takes for take in pair]
    together = sum(earlier.onset == later.onset for line in lines for earlier, later in itertools.pairwise(line))
    held = sum(
        earlier.onset < later.onset < earlier.end for line in lines for earlier, later in itertools.pairwise(line)
    )
    cut = sum(note.duration // TICKS_PER_STEP not in VALUES["duration"] for line in lines for note in line)
    assert together > 20
    assert held > 20
    assert cut > 0, "a note whose pitch is struck again ends there"


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_request_gives_the_same_takes(name, seed):
    score, part = SEEDS[seed]
    request = GenerationRequest(score, part=part, length_bars=4, takes=3, random_seed=11)
    once, again = generate(MODELS[name], request), generate(MODELS[name], request)
    assert once == again
    assert len({take.generated for take in once}) > 1


def test_another_random_seed_and_another_temperature_give_other_takes():
    request = GenerationRequest(MONO, takes=1)
    first = generate(MODELS["line"], request)[0].generated
    assert generate(MODELS["line"], replace(request, random_seed=1))[0].generated != first
    assert generate(MODELS["line"], replace(request, temperature=2.0))[0].generated != first


def test_a_take_does_not_depend_on_how_many_others_are_drawn():
    request = GenerationRequest(MONO, takes=1, random_seed=3)
    alone = generate(MODELS["line"], request)[0]
    beside = generate(MODELS["line"], replace(request, takes=5))[0]
    assert beside.generated == alone.generated


def test_greedy_takes_the_likeliest_each_time():
    takes = generate(MODELS["line"], GenerationRequest(MONO, temperature=0, guards_repetition=False, takes=2))
    assert takes[0].generated == takes[1].generated
    top = generate(MODELS["line"], GenerationRequest(MONO, top_k=1, guards_repetition=False, takes=1))
    assert top[0].generated == takes[0].generated


def test_the_continuation_fills_exactly_the_bars_asked_for_across_a_change_of_metre():
    take = generate(MODELS["line"], GenerationRequest(WALTZ, part=1, length_bars=5, takes=1))[0]
    assert take.start == 2 * 1440  # the tune ends in the second bar, whatever the other part does
    assert take.end == 5 * 1440 + 2 * 840


def test_an_empty_seed_starts_at_once():
    take = generate(MODELS["line"], GenerationRequest(EMPTY, length_bars=2, takes=1))[0]
    assert (take.start, take.end) == (0, 3840)
    assert take.generated


def test_a_kept_rhythm_is_the_seeds_to_the_tick():
    uneven = Score((Part.of([Note(7, 60, 333), Note(480, 64, 100), Note(1111, 62, 700)]),))
    take = generate(MODELS["line"], GenerationRequest(uneven, keep="rhythm", length_bars=2, takes=1))[0]
    assert [(note.onset - 1920, note.duration) for note in generated(take)] == [
        (7, 333),
        (480, 100),
        (1111, 700),
        (1927, 333),
        (2400, 100),
        (3031, 700),
    ]


def test_kept_chords_keep_their_onsets():
    take = generate(MODELS["chords"], GenerationRequest(chords(), keep="rhythm", length_bars=4, takes=1))[0]
    assert {note.onset for note in take.generated} == {take.start + bar * 960 for bar in range(8)}


def test_kept_pitches_come_in_their_order():
    take = generate(MODELS["line"], GenerationRequest(MONO, keep="pitch", length_bars=8, takes=1))[0]
    pitches = [note.pitch for note in MONO.parts[0].notes]
    notes = [note.pitch for note in generated(take)]
    assert notes == [pitches[index % len(pitches)] for index in range(len(notes))]


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_no_take_goes_round_for_more_than_four_bars(temperature, seed):
    from core.learning.generation.repetition import stuck_since

    model = model_of(seed=seed, boldness=12.0)
    request = GenerationRequest(MONO, length_bars=16, takes=2, temperature=temperature)
    for take in generate(model, request):
        notes = generated(take)
        onsets = [note.onset // 20 for note in notes]
        pitches = [note.pitch for note in notes]
        for count in range(1, len(notes) + 1):
            assert stuck_since(onsets[:count], pitches[:count], bar=96) is None


def test_a_take_that_was_drawn_again_says_from_which_bar_and_is_the_same_before():
    model = model_of(boldness=0.0)  # all is as likely: greedily it takes the first pitch and length each time
    request = GenerationRequest(MONO, length_bars=12, takes=1, temperature=0)
    stuck = generate(model, replace(request, guards_repetition=False))[0]
    take = generate(model, request)[0]
    assert take.redrawn_from_bar is not None
    assert stuck.redrawn_from_bar is None
    bar = (take.redrawn_from_bar - 1) * 1920
    assert take.start <= bar < take.end
    before = [note for note in generated(stuck) if note.end <= bar]
    assert before == [note for note in generated(take) if note.end <= bar]
    assert take.generated != stuck.generated


def test_a_take_of_one_possible_pitch_still_fills_its_bars():
    request = GenerationRequest(MONO, length_bars=8, takes=1, pitch_range=(60, 60))
    take = generate(MODELS["line"], request)[0]
    assert {note.pitch for note in take.generated} == {60}
    assert take.end - max(note.end for note in take.generated) <= 1920


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_chords_end_where_no_pitch_that_the_model_knows_is_allowed(temperature):
    request = GenerationRequest(chords(), length_bars=4, takes=1, pitch_range=(0, 12), temperature=temperature)
    take = generate(MODELS["chords"], request)[0]
    assert {note.pitch for note in take.generated} == {12}
    assert take.end - max(note.end for note in take.generated) <= 1920


def test_motifs_come_back_the_more_the_stronger_the_wish():
    def share(motifs):
        """Of the notes drawn, those on a pitch of the seed: the heads of these random weights point anywhere in it."""
        request = GenerationRequest(MONO, motifs=motifs, takes=8, length_bars=8, temperature=1, guards_repetition=False)
        seed = {note.pitch for note in MONO.parts[0].notes}
        return np.mean([note.pitch in seed for take in generate(MODELS["line"], request) for note in take.generated])

    assert share(-8.0) + 0.1 < share(0.0) < share(8.0) - 0.1


def test_a_wish_for_motifs_does_not_change_how_surprising_a_take_is():
    request = GenerationRequest(MONO, takes=1, length_bars=2, temperature=1.0, motifs=5.0)
    take = generate(MODELS["line"], request)[0]
    own = surprise_of(MODELS["line"], take.score, 0)
    first, bits = take.surprise_bits[0]
    assert own[first] == pytest.approx(bits, abs=1e-3)


def test_a_note_names_the_earlier_note_that_it_was_copied_from():
    model = MODELS["line"]
    sources = sources_of(model, MONO, 0)
    notes = MONO.parts[0].notes
    assert sources[notes[0]] == Source(0.0, None)
    for place, note in enumerate(notes[2:], start=2):
        source = sources[note]
        assert 0 <= source.share <= 1
        if source.note is None:
            continue
        before = notes.index(source.note)
        assert before < place
        moved = before > 0 and note.pitch - notes[place - 1].pitch == source.note.pitch - notes[before - 1].pitch
        assert source.note.pitch == note.pitch or moved
    assert any(source.share > 0.1 for source in sources.values())
    assert {source.share for source in sources_of(MODELS["article"], MONO, 0).values()} == {0.0}


def test_an_unmet_note_is_named_and_heard_as_the_nearest():
    seed = Score((Part.of([Note(0, 60, 480), Note(480, 20, 480), Note(960, 62, 9 * 1920)]),))
    model = MODELS["line"]
    assert unknown_notes(model, seed, 0) == {Note(480, 20, 480), Note(960, 62, 9 * 1920)}
    nearest = Score((Part.of([Note(0, 60, 480), Note(480, 50, 480), Note(960, 62, 9 * 1920)]),))
    request = GenerationRequest(seed, takes=1)
    assert generate(model, request)[0].generated == generate(model, replace(request, seed=nearest))[0].generated
    assert unknown_notes(model, MONO, 0) == frozenset()


def test_surprise_of_a_part_is_that_of_the_takes_own_notes():
    take = generate(MODELS["line"], GenerationRequest(MONO, takes=1, length_bars=4, temperature=1.0))[0]
    whole = surprise_of(MODELS["line"], take.score, 0)
    assert set(whole) == set(take.score.parts[0].notes)
    # Notes are cut where the next one begins: those that were not are heard just as they were drawn.
    alike = [abs(whole[note] - bits) < 1e-3 for note, bits in take.surprise_bits]
    assert alike[0]
    assert surprise_of(MODELS["line"], EMPTY, 0) == {}


def test_a_copied_run_is_found_and_marked_only_beyond_what_is_common():
    model = MODELS["line"]
    own = build_studied_index(
        [("Itself", encode(generate(model, GenerationRequest(MONO, takes=1))[0].score, model.tokenizer))]
    )
    take = generate(replace(model, studied=own), GenerationRequest(MONO, takes=1))[0]
    assert take.copied == len(take.generated)
    assert take.copied_notes == take.generated
    assert take.copied_from == "Itself"
    lenient = replace(own, common_run=take.copied)
    again = generate(replace(model, studied=lenient), GenerationRequest(MONO, takes=1))[0]
    assert (again.copied, again.copied_notes) == (take.copied, frozenset())


def test_each_take_is_reported_and_cancel_ends_at_once():
    heard = []
    takes = generate(MODELS["line"], GenerationRequest(MONO), Control(heard.append))
    assert tuple(heard) == takes
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        generate(MODELS["line"], GenerationRequest(MONO), control)
    assert heard == list(takes)


def test_a_stopped_generation_returns_what_has_come():
    control = Control()
    control.stop()
    assert generate(MODELS["line"], GenerationRequest(MONO), control) == ()


def test_impossible_wishes_are_refused_by_name():
    with pytest.raises(SpecError, match="is not a scale"):
        generate(MODELS["line"], GenerationRequest(MONO, scale="H dur"))
    with pytest.raises(SpecError, match="No note of"):
        generate(MODELS["line"], GenerationRequest(MONO, scale="C major", pitch_range=(61, 61)))


@pytest.mark.parametrize("onset", [1911, 1920, 2000])
def test_a_note_of_the_next_bar_is_waited_for_however_short(onset):
    assert continuation_start(Score((Part.of([Note(0, 60, 480), Note(onset, 60, 60)]),)), 0) == 3840


@pytest.mark.parametrize("overhang", [0, 1, 40, 239])
def test_a_note_held_over_the_barline_is_neither_cut_nor_waited_for(overhang):
    seed = Score((Part.of([*MONO.parts[0].notes, Note(7200, 64, 480 + overhang)]),))
    start = continuation_start(seed, 0)
    assert start == 7680
    for take in generate(MODELS["line"], GenerationRequest(seed, takes=3, random_seed=5)):
        notes = generated(take)
        assert start <= notes[0].onset < start + 480
        assert take.score.parts[0].notes == (*seed.parts[0].notes, *notes)


def test_the_start_is_the_first_barline_after_the_part():
    assert continuation_start(EMPTY, 0) == 0
    assert continuation_start(Score((Part.of([Note(0, 60, 1920)]),)), 0) == 1920
    assert continuation_start(Score((Part.of([Note(0, 60, 1920 + 239)]),)), 0) == 1920
    assert continuation_start(Score((Part.of([Note(0, 60, 1920 + 240)]),)), 0) == 3840
    assert continuation_start(WALTZ, 0) == 1440 * 5 + 840 * 2


# Words


def test_characters_compare_the_takes_of_a_batch():
    plain = Measures(2.0, 3.0, 240.0, 0.2, 66.0, 30)
    assert characters([replace(plain, surprise_bits=1.0), plain, replace(plain, surprise_bits=3.0)]) == (
        "Stays close",
        "",
        "Adventurous",
    )
    assert characters([plain, replace(plain, leap=7.0)])[1] == "Leaps about"
    assert characters([plain, plain, replace(plain, length=960.0)])[2] == "Slow and plain"
    assert characters([plain, replace(plain, repeats=0.9)])[1] == "Circles one figure"
    assert characters([plain, replace(plain, leap=1.5)])[1] == "Moves by step"
    assert characters([plain, replace(plain, pitch=72.0)]) == ("Lies low", "Lies high")
    assert characters([plain, replace(plain, notes=60)]) == ("Few notes", "Many notes")


def test_no_phrase_is_said_of_two_takes_nor_where_they_do_not_differ():
    plain = Measures(2.0, 3.0, 240.0, 0.2, 66.0, 30)
    bold, bolder = replace(plain, surprise_bits=4.0, pitch=70.0), replace(plain, surprise_bits=4.5, pitch=66.0)
    assert characters([plain, bolder, bold, plain])[1:3] == ("Adventurous", "Lies high")
    assert characters([plain, replace(plain, surprise_bits=2.1)] * 2) == ("",) * 4
    assert characters([plain]) == ("",)
    assert characters([]) == ()


def test_measures_are_those_of_the_notes():
    notes = [Note(i * 240, 60 + 4 * (i % 2), 240 if i else 960) for i in range(9)]
    measures = measured(notes, [1.0] * 9)
    assert (measures.surprise_bits, measures.leap, measures.length) == (1.0, 4.0, 240.0)
    assert measures.repeats == pytest.approx(1 - 2 / 6)
