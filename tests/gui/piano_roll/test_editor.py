"""The pieces around the canvas: ruler, part strip, keyboard, velocity lane, and what the editor shows and says."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.music import edits
from core.music.pitch import parse_scale
from core.music.score import Note, Part, Score
from gui import theme
from gui.controls import pitches
from gui.document import Snapshot
from gui.piano_roll.looks import Detail, Fill
from gui.piano_roll.quantise_dialog import QuantiseDialog
from tests.gui.piano_roll.conftest import ALT, CTRL, LEFT, NO_KEYS, QUARTER, SHIFT, Hands, mouse_move, seed
from tests.gui.settled import settle

BAR = 4 * QUARTER


@dataclass(frozen=True)
class TakeOnShow:
    """What the roll looks at of a take."""

    generated: frozenset[Note]
    start: int = BAR
    end: int = 3 * BAR
    letter: str = "B"
    request: object = field(default_factory=lambda: SimpleNamespace(part=0))
    surprise_bits: tuple[tuple[Note, float], ...] = ()
    copied_notes: frozenset[Note] = frozenset()


FIRST, SECOND = Note(BAR, 74, 720), Note(BAR + 720, 79, QUARTER)


@pytest.fixture
def take() -> TakeOnShow:
    return TakeOnShow(
        frozenset((FIRST, SECOND)), surprise_bits=((FIRST, 4.6), (SECOND, 0.2)), copied_notes=frozenset((SECOND,))
    )


def color_at(hands: Hands, tick: float, pitch: int) -> str:
    """The canvas's colour in a note's middle."""
    picture = hands.editor.canvas.grab().toImage()
    ratio = picture.devicePixelRatio()
    at = hands.point(tick, pitch)
    return picture.pixelColor(round(at.x() * ratio), round(at.y() * ratio)).name()


# Who wrote what


def test_your_notes_are_blue_and_the_models_amber(make_hands: Callable[..., Hands]) -> None:
    loud = tuple(replace(note, velocity=127) for note in seed())
    hands = make_hands(loud, generated=frozenset(loud[2:]))
    assert color_at(hands, QUARTER * 0.7, 72) == theme.current().hex("you.base").lower()
    assert color_at(hands, QUARTER * 2.7, 76) == theme.current().hex("model.base").lower()
    hands.document.select(frozenset(loud))
    assert color_at(hands, QUARTER * 0.7, 72) == theme.current().hex("you.strong").lower()
    assert color_at(hands, QUARTER * 2.7, 76) == theme.current().hex("model.strong").lower()


def test_a_note_of_the_model_turns_yours_when_it_is_edited(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands(seed(), generated=frozenset(seed()[2:]))
    hands.drag((2.5 * QUARTER, 76), (2.5 * QUARTER, 78))
    assert hands.editor.view.looks.by_model.tolist() == [False, False, False, True]


def test_a_take_on_show_is_amber_and_not_in_the_score(hands: Hands, take: TakeOnShow) -> None:
    hands.document.set_preview(take)
    assert color_at(hands, BAR + 500, 74) not in (color_at(hands, BAR + 500, 75), color_at(hands, 0.7 * QUARTER, 72))
    assert hands.notes == seed()
    assert hands.editor.part_strip.labels == ("Seed · 1 bar", "Take B · 2 bars · preview, not kept yet")
    hands.document.set_preview(None)
    assert hands.editor.part_strip.labels == ("Seed · 1 bar",)


def test_a_take_comes_into_sight_when_it_is_put_on_the_roll(hands: Hands) -> None:
    far = Note(20 * BAR, 40, QUARTER)
    hands.document.set_preview(TakeOnShow(frozenset((far,)), start=20 * BAR, end=24 * BAR))
    view = hands.editor.view.viewport
    assert 0 <= view.x_at(far.onset) <= view.width
    assert 0 <= view.y_at(far.pitch) <= view.height


def test_notes_of_a_take_can_be_heard_but_not_moved(hands: Hands, take: TakeOnShow, qtbot: QtBot) -> None:
    hands.document.set_preview(take)
    with qtbot.waitSignal(hands.editor.note_auditioned, check_params_cb=lambda pitch, _: pitch == 74):
        hands.press(BAR + 300, 74)
    with qtbot.waitSignal(hands.editor.status_changed, check_params_cb=lambda words: "Keep the take" in words):
        hands.move(BAR + 900, 70)
    hands.release(BAR + 900, 70)
    assert hands.notes == seed()


def test_the_eraser_passes_over_a_take(hands: Hands, take: TakeOnShow) -> None:
    hands.document.set_preview(take)
    hands.editor.set_tool("erase")
    hands.drag((BAR + 100, 74), (BAR + 600, 74))
    assert hands.notes == seed()


def test_a_page_is_not_turned_under_a_gesture(hands: Hands) -> None:
    editor = hands.editor
    editor.set_playing(is_playing=True)
    hands.press(200, 72)
    hands.move(700, 72)
    place = editor.view.viewport
    editor.set_playhead(9 * BAR)
    assert editor.view.viewport == place
    hands.release(700, 72)


def test_what_a_take_would_replace_is_outlined_and_out_of_reach(
    make_hands: Callable[..., Hands], take: TakeOnShow
) -> None:
    hands = make_hands(seed(), generated=frozenset(seed()[2:]))
    hands.document.select(frozenset(seed()))
    hands.document.set_preview(replace(take, start=2 * QUARTER))
    inside, ground = color_at(hands, 2.7 * QUARTER, 76), color_at(hands, 2.7 * QUARTER, 69)
    assert inside == ground
    edge = hands.point(2.7 * QUARTER, 76)
    edge.setY(hands.editor.view.viewport.y_at(76) + 1)
    picture = hands.editor.canvas.grab().toImage()
    assert picture.pixelColor(edge * picture.devicePixelRatio()).name() != ground
    assert hands.editor.view.hit(*_xy(hands, 2.5 * QUARTER, 76)) is None
    assert hands.editor.view.hit(*_xy(hands, 2 * QUARTER - 2, 76)) is None
    for gesture in (
        lambda: hands.type(Qt.Key.Key_A, CTRL),
        lambda: hands.drag((0, 90), (BAR, 60)),
        lambda: hands.drag((0, 90), (BAR, 60), keys=SHIFT),
        lambda: hands.document.select(frozenset(seed())),
    ):
        gesture()
        assert hands.editor.view.selection == set(seed()[:2])
    hands.type(Qt.Key.Key_Delete)
    assert set(hands.notes) == set(seed()[2:])


def test_what_is_under_a_take_is_told_under_the_pointer(make_hands: Callable[..., Hands], take: TakeOnShow) -> None:
    hands = make_hands(seed(), generated=frozenset(seed()[2:]))
    said: list[str] = []
    hands.editor.status_changed.connect(said.append)
    hands.document.set_preview(replace(take, start=2 * QUARTER))
    hands.move(2.5 * QUARTER, 76, button=Qt.MouseButton.NoButton)
    assert said[-1] == "E5 · under the take: Keep replaces it, Esc takes the take off"


def test_a_note_drawn_among_a_takes_is_seen_and_heard_and_stays_when_the_take_is_kept(
    hands: Hands, take: TakeOnShow
) -> None:
    hands.document.set_preview(take)
    hands.type(Qt.Key.Key_2)
    hands.click(BAR + 500, 70)
    drawn = Note(BAR + 480, 70, QUARTER)
    assert drawn in hands.notes
    assert color_at(hands, BAR + 700, 70) not in (color_at(hands, BAR + 700, 69), color_at(hands, BAR + 300, 74))
    assert drawn in hands.document.heard_score.parts[0].notes
    hands.document.keep_take()
    assert set(hands.notes) == {*seed(), FIRST, SECOND, drawn}
    assert hands.document.generated == {FIRST, SECOND}


def test_a_note_drawn_among_a_takes_can_be_selected_and_moved(hands: Hands, take: TakeOnShow) -> None:
    hands.document.set_preview(take)
    hands.type(Qt.Key.Key_2)
    hands.click(BAR + 500, 70)
    hands.type(Qt.Key.Key_1)
    hands.drag((BAR + 300, 72), (BAR + 800, 69))
    assert hands.editor.view.selection == {Note(BAR + 480, 70, QUARTER)}
    hands.type(Qt.Key.Key_Up)
    assert Note(BAR + 480, 71, QUARTER) in hands.notes


def test_keys_that_carry_notes_among_a_takes_hide_none(hands: Hands, take: TakeOnShow) -> None:
    hands.document.set_preview(take)
    hands.type(Qt.Key.Key_A, CTRL)
    hands.type(Qt.Key.Key_C, CTRL)
    hands.editor.set_playhead(BAR)
    hands.type(Qt.Key.Key_V, CTRL)
    pasted = {replace(note, onset=note.onset + BAR) for note in seed()}
    assert set(hands.notes) == {*seed(), *pasted}
    assert len(hands.editor.view.free_rows) == 8
    for _ in range(2):
        hands.type(Qt.Key.Key_Right)
    hands.type(Qt.Key.Key_Q)
    hands.type(Qt.Key.Key_Z, CTRL)
    assert len(hands.editor.view.free_rows) == len(hands.notes) == 8
    shown = hands.document.laid
    hands.document.keep_take()
    assert shown is not None
    assert hands.document.snapshot == shown.kept
    assert set(hands.notes) >= set(seed())


def _xy(hands: Hands, tick: float, pitch: int) -> tuple[int, int]:
    at = hands.point(tick, pitch)
    return at.x(), at.y()


def test_colouring_by_surprise_and_copied_changes_fills_and_not_shapes(hands: Hands, take: TakeOnShow) -> None:
    hands.document.set_preview(take)
    view = hands.editor.view
    hands.editor.set_surprise({seed()[0]: 5.0})
    hands.editor.set_color_by("surprise")
    assert view.looks.fill.tolist() == [Fill.SURPRISE + 8, Fill.YOURS, Fill.YOURS, Fill.YOURS]
    assert view.preview_looks.fill.tolist() == [Fill.SURPRISE + 7, Fill.SURPRISE]
    hands.editor.set_color_by("copied")
    assert view.preview_looks.fill.tolist() == [Fill.MODEL, Fill.COPIED]
    assert view.preview_looks.by_model.all()
    hands.editor.set_unknown(frozenset(seed()[:1]))
    hands.editor.set_color_by("origin")
    assert view.looks.fill.tolist() == [Fill.UNKNOWN, Fill.YOURS, Fill.YOURS, Fill.YOURS]


def test_the_strip_names_who_wrote_which_bars(make_hands: Callable[..., Hands]) -> None:
    written = tuple(Note(bar * BAR + 480, 70, QUARTER) for bar in (2, 3))
    hands = make_hands((*seed(), *written, Note(5 * BAR, 60, 2 * BAR)), generated=frozenset(written))
    assert hands.editor.part_strip.labels == ("Seed · 2 bars", "By the model · 3 bars", "Seed · 2 bars")


def test_rows_outside_the_scale_are_darker(hands: Hands) -> None:
    hands.editor.set_scale(parse_scale("C major"))
    assert color_at(hands, 9 * QUARTER + 200, 73) == theme.current().hex("roll.out_of_scale").lower()
    hands.editor.set_scale(None)
    assert color_at(hands, 9 * QUARTER + 200, 73) == theme.current().hex("roll.black_row").lower()


def test_notes_of_other_parts_are_faint_and_out_of_reach(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands(score=Score(parts=(Part.of(seed()), Part.of((Note(0, 69, QUARTER),)))))
    assert color_at(hands, 300, 69) != color_at(hands, 300, 68)
    hands.type(Qt.Key.Key_A, CTRL)
    assert hands.document.selection == set(seed())


def test_other_themes_repaint_everything(hands: Hands, qapp: QApplication) -> None:
    dark = color_at(hands, 9 * QUARTER + 200, 72)
    theme.apply(qapp, "light")
    try:
        assert color_at(hands, 9 * QUARTER + 200, 72) == theme.current().hex("roll.white_row").lower() != dark
    finally:
        theme.apply(qapp, "dark")


def test_a_song_of_thousands_is_drawn_with_less_detail(make_hands: Callable[..., Hands]) -> None:
    many = tuple(Note(30 * index, 40 + index % 50, 120, 100) for index in range(9000))
    hands = make_hands(many)
    hands.editor.fit()
    assert hands.editor.view.detail == Detail.DENSE
    picture = hands.editor.canvas.grab().toImage()
    assert any(picture.pixelColor(x, 300).name() == theme.current().hex("you.base").lower() for x in range(600))
    hands.editor.view.zoom(400)
    assert hands.editor.view.detail == Detail.FULL


def test_scrolling_paints_the_same_picture_as_painting_anew(make_hands: Callable[..., Hands]) -> None:
    some = tuple(Note(173 * index, 60 + index * 7 % 30, 20 + 37 * (index % 9), 60 + index % 60) for index in range(120))
    hands = make_hands(some, generated=frozenset(some[::3]))
    view, canvas = hands.editor.view, hands.editor.canvas
    for dx, dy in ((33, 0), (-7, 12), (260, -41), (1, 1)):
        view.set_viewport(view.viewport.scrolled(dx=dx, dy=dy))
        shifted = canvas.grab().toImage()
        view.notes_changed.emit()
        assert canvas.grab().toImage() == shifted


# The ruler


def test_a_press_on_the_ruler_seeks_and_a_drag_goes_on_seeking(hands: Hands) -> None:
    asked: list[int] = []
    hands.editor.seek_requested.connect(asked.append)
    ruler, view = hands.editor.ruler, hands.editor.view.viewport
    QTest.mousePress(ruler, LEFT, NO_KEYS, QPoint(round(view.x_at(2 * QUARTER)), 20))
    mouse_move(ruler, QPoint(round(view.x_at(3 * QUARTER)), 20), LEFT, NO_KEYS)
    QTest.mouseRelease(ruler, LEFT, NO_KEYS, QPoint(round(view.x_at(3 * QUARTER)), 20))
    assert asked == [2 * QUARTER, 3 * QUARTER]
    assert hands.editor.view.playhead == 3 * QUARTER


def test_a_drag_along_the_top_of_the_ruler_sets_the_loop(hands: Hands, qtbot: QtBot) -> None:
    ruler, view = hands.editor.ruler, hands.editor.view.viewport
    end = QPoint(round(view.x_at(2 * BAR)), 3)
    QTest.mousePress(ruler, LEFT, NO_KEYS, QPoint(round(view.x_at(BAR)), 3))
    mouse_move(ruler, end, LEFT, NO_KEYS)
    with qtbot.waitSignal(hands.editor.loop_requested) as asked:
        QTest.mouseRelease(ruler, LEFT, NO_KEYS, end)
    assert asked.args == [(BAR, 2 * BAR)]


def test_a_double_click_on_a_bar_loops_it_and_another_one_ends_that(hands: Hands) -> None:
    asked: list[object] = []
    hands.editor.loop_requested.connect(asked.append)
    at = QPoint(round(hands.editor.view.viewport.x_at(BAR + 700)), 20)
    for _ in range(2):
        QTest.mouseDClick(hands.editor.ruler, LEFT, NO_KEYS, at)
    assert asked == [(BAR, 2 * BAR), None]


def test_the_loops_edge_can_be_dragged(hands: Hands) -> None:
    hands.editor.set_loop((BAR, 2 * BAR))
    ruler, view = hands.editor.ruler, hands.editor.view.viewport
    QTest.mousePress(ruler, LEFT, NO_KEYS, QPoint(round(view.x_at(BAR)), 3))
    mouse_move(ruler, QPoint(round(view.x_at(0)), 3), LEFT, NO_KEYS)
    QTest.mouseRelease(ruler, LEFT, NO_KEYS, QPoint(round(view.x_at(0)), 3))
    assert hands.editor.view.loop == (0, 2 * BAR)


# The playhead


def test_while_playing_the_view_follows_by_pages_and_keys_light_up(hands: Hands) -> None:
    editor = hands.editor
    editor.set_playing(is_playing=True)
    editor.set_playhead(QUARTER + 10)
    assert editor.view.sounding == {74: False}
    editor.set_playhead(8 * BAR)
    assert editor.view.viewport.x_at(8 * BAR) == pytest.approx(5, abs=1)
    assert editor.view.sounding == {}
    editor.set_playing(is_playing=False)
    editor.set_playhead(0)
    assert editor.view.viewport.x_at(0) == 5


class PaintedAreas(QObject):
    """Watches what a widget is asked to paint."""

    def __init__(self) -> None:
        super().__init__()
        self.widths: list[int] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.widths += [area.width() for area in event.region()]  # type: ignore[attr-defined]  # the stubs miss it
        return False


def test_a_moving_playhead_repaints_two_strips_only(hands: Hands, qtbot: QtBot) -> None:
    hands.editor.set_playhead(100)
    settle()
    areas = PaintedAreas()
    hands.editor.canvas.installEventFilter(areas)
    hands.editor.set_playhead(400)
    qtbot.waitUntil(lambda: bool(areas.widths))
    assert areas.widths == [5, 5]
    hands.editor.set_playhead(400.1)
    settle()
    assert areas.widths == [5, 5]


# The keyboard


def test_a_key_plays_and_shift_click_selects_its_row(hands: Hands, qtbot: QtBot) -> None:
    at = QPoint(10, hands.point(0, 74).y())
    with qtbot.waitSignal(hands.editor.note_auditioned) as heard:
        QTest.mouseClick(hands.editor.keyboard, LEFT, NO_KEYS, at)
    assert heard.args == [74, 90]
    QTest.mouseClick(hands.editor.keyboard, LEFT, SHIFT, at)
    assert hands.document.selection == {seed()[1]}


def test_a_drag_over_the_keys_plays_all_of_them(hands: Hands) -> None:
    heard: list[int] = []
    hands.editor.note_auditioned.connect(lambda pitch, _velocity: heard.append(pitch))
    keyboard = hands.editor.keyboard
    QTest.mousePress(keyboard, LEFT, NO_KEYS, QPoint(10, hands.point(0, 74).y()))
    for pitch in (75, 76):
        mouse_move(keyboard, QPoint(10, hands.point(0, pitch).y()), LEFT, NO_KEYS)
    QTest.mouseRelease(keyboard, LEFT, NO_KEYS, QPoint(10, hands.point(0, 76).y()))
    assert heard == [74, 75, 76]


# The velocity lane


def lane_point(hands: Hands, tick: float, velocity: int) -> QPoint:
    return QPoint(round(hands.editor.view.viewport.x_at(tick)) + 2, round(hands.editor.velocity_lane.y_of(velocity)))


def paint_velocities(hands: Hands, start: tuple[float, int], end: tuple[float, int]) -> None:
    lane = hands.editor.velocity_lane
    QTest.mousePress(lane, LEFT, NO_KEYS, lane_point(hands, *start))
    mouse_move(lane, lane_point(hands, *end), LEFT, NO_KEYS)
    QTest.mouseRelease(lane, LEFT, NO_KEYS, lane_point(hands, *end))


def test_a_drag_across_the_lane_paints_a_ramp_as_one_step(hands: Hands) -> None:
    paint_velocities(hands, (0, 30), (3 * QUARTER, 120))
    velocities = [note.velocity for note in hands.notes]
    assert velocities == sorted(velocities)
    assert velocities[0] == pytest.approx(30, abs=2)
    assert velocities[3] == pytest.approx(120, abs=2)
    assert hands.document.undo_stack.undoText() == "Change velocity of 4 notes"
    hands.document.undo_stack.undo()
    assert hands.notes == seed()


def test_a_drag_that_begins_on_a_selected_stem_leaves_the_others_alone(hands: Hands) -> None:
    hands.document.select(frozenset((seed()[0], seed()[3])))
    paint_velocities(hands, (0, 60), (3 * QUARTER, 60))
    assert [note.velocity for note in hands.notes] == [
        pytest.approx(60, abs=1), 90, 40, pytest.approx(60, abs=1),
    ]  # fmt: skip
    assert hands.document.selection == {hands.notes[0], hands.notes[3]}


def test_v_folds_the_lane_and_brings_it_back(hands: Hands, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hands.editor.velocity_lane_toggled, check_params_cb=lambda shown: not shown):
        hands.type(Qt.Key.Key_V)
    assert not hands.editor.velocity_lane.isVisible()
    hands.type(Qt.Key.Key_V)
    assert hands.editor.velocity_lane.isVisible()


# Words and files


def test_the_note_under_the_pointer_is_put_in_words(hands: Hands, take: TakeOnShow) -> None:
    said: list[str] = []
    hands.editor.status_changed.connect(said.append)
    hands.move(2.5 * QUARTER, 76, button=Qt.MouseButton.NoButton)
    assert said[-1] == "E5 · bar 1 beat 3 · 1 beat · velocity 40 · yours"
    hands.document.set_preview(take)
    hands.move(BAR + 300, 74, button=Qt.MouseButton.NoButton)
    assert said[-1] == "D5 · bar 2 beat 1 · 1.5 beats · velocity 90 · by the model · surprise 4.6 bits"
    hands.move(6 * QUARTER + 200, 66, button=Qt.MouseButton.NoButton)
    assert said[-1] == "F♯4 · bar 2 beat 3"


def drop(hands: Hands, paths: list[Path]) -> bool:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, button = Qt.DropAction.CopyAction, LEFT
    enter = QDragEnterEvent(QPoint(50, 50), actions, mime, button, NO_KEYS)
    enter.ignore()
    QApplication.sendEvent(hands.editor.canvas, enter)
    if enter.isAccepted():
        QApplication.sendEvent(hands.editor.canvas, QDropEvent(QPointF(50, 50), actions, mime, button, NO_KEYS))
    return enter.isAccepted()


def test_a_mid_file_dropped_on_the_roll_is_handed_on(hands: Hands, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "Été à la mer.MID"
    path.write_bytes(b"MThd")
    with qtbot.waitSignal(hands.editor.midi_dropped) as dropped:
        assert drop(hands, [path])
    assert dropped.args == [path]


def test_folders_and_other_files_are_left_to_the_window(hands: Hands, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("C D E")
    mid = tmp_path / "a.mid"
    mid.write_bytes(b"MThd")
    assert not drop(hands, [tmp_path])
    assert not drop(hands, [text])
    assert not drop(hands, [mid, mid])
    assert not drop(hands, [tmp_path / "gone.mid"])


def test_opening_another_document_shows_its_notes(hands: Hands) -> None:
    from gui.document import Snapshot

    hands.editor.set_loop((0, BAR))
    low = Note(40 * BAR, 30, QUARTER)
    hands.document.open(Snapshot(Score(parts=(Part.of((low,)),))))
    view = hands.editor.view.viewport
    assert 0 <= view.x_at(low.onset) <= view.width
    assert 0 <= view.y_at(low.pitch) <= view.height
    assert hands.editor.view.loop is None


def test_free_placing_with_alt_on_the_ruler(hands: Hands) -> None:
    view = hands.editor.view.viewport
    QTest.mouseClick(hands.editor.ruler, LEFT, ALT, QPoint(round(view.x_at(555)), 20))
    assert hands.editor.view.playhead == pytest.approx(555, abs=8)
    assert hands.editor.view.playhead % 120


def test_shift_q_asks_how_strongly_to_quantise(make_hands: Callable[..., Hands], qtbot: QtBot) -> None:
    hands = make_hands((Note(40, 72, 200),))
    hands.type(Qt.Key.Key_A, CTRL)
    hands.type(Qt.Key.Key_Q, SHIFT)
    dialog = hands.editor.findChild(QuantiseDialog)
    assert dialog is not None
    dialog.strength.set_value(0.5)
    dialog.ends.setChecked(True)
    dialog.accept()
    assert hands.notes == (Note(20, 72, 220),)


def test_middle_c_is_called_as_preferred(hands: Hands) -> None:
    said: list[str] = []
    hands.editor.status_changed.connect(said.append)
    pitches.call_middle_c(3)
    hands.move(200, 72, button=Qt.MouseButton.NoButton)
    assert said[-1].startswith("C4 · ")


def test_what_is_said_of_a_note_follows_it(hands: Hands) -> None:
    hands.document.open(Snapshot())
    hands.document.apply("Write", edits.add(hands.document.score, 0, frozenset((Note(0, 72, 480),))))
    said: list[str] = []
    hands.editor.status_changed.connect(said.append)
    hands.editor.commands.select_all()
    hands.type(Qt.Key.Key_Plus)
    assert "velocity 98" in said[-1], said
    hands.document.undo_stack.undo()
    assert said[-1] == ""
    hands.move(100, 72, button=Qt.MouseButton.NoButton)
    assert "yours" in said[-1]
    hands.document.undo_stack.undo()
    assert said[-1].startswith("C5 · bar 1")


def test_a_view_scrolled_away_while_playing_stays_until_the_playhead_is_seen_again(hands: Hands) -> None:
    editor = hands.editor
    editor.set_playing(is_playing=True)
    editor.set_playhead(100)
    editor.view.set_viewport(editor.view.viewport.scrolled(dx=3000))
    place = editor.view.viewport
    editor.set_playhead(200)
    assert editor.view.viewport == place
    editor.set_playing(is_playing=False)
    editor.set_playing(is_playing=True)
    assert 0 <= editor.view.viewport.x_at(200) <= 100
