from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QBoxLayout, QWidget

from core.learning.events.tokenizer import Vocabulary
from core.learning.models.limits import limits
from core.learning.spec import PRESETS
from gui import theme
from gui.controls.text import Chip, Text
from gui.training.about_model import AboutModelDialog
from tests.core.learning.models.test_library import CARD

KNOWN = replace(
    CARD,
    preset="standard",
    held_out_bits_per_pitch=2.0,
    licence="CC0 1.0",
    started_from="Lieder",
    chord_share=0.0,
)
ARTICLE = replace(
    CARD,
    preset="article",
    tokenizer=PRESETS["article"].tokenizer,
    network=PRESETS["article"].network,
    training=PRESETS["article"].training,
    vocabulary=Vocabulary({"duration": (12, 24), "pitch": (60, 62)}),
)


@pytest.fixture
def opened(qtbot):
    def opened(card, *, size=None, **more):
        dialog = AboutModelDialog(card, **more)
        qtbot.addWidget(dialog)
        if size is not None:
            dialog.resize(*size)
        dialog.show()
        qtbot.waitExposed(dialog)
        page, diagram = dialog.area.widget(), dialog.diagram
        qtbot.waitUntil(lambda: page.height() >= page.layout().heightForWidth(page.width()))
        qtbot.waitUntil(lambda: diagram.height() >= diagram.minimumSizeHint().height())
        return dialog

    return opened


def words_of(dialog):
    return [text.text() for text in dialog.findChildren(Text)]


def test_the_card_is_told_in_words(opened):
    words = words_of(opened(KNOWN))
    for expected in (
        "Chorales",
        "Standard · made 2 January 2026",
        "4.0 notes",
        "2.00 bits per pitch · 4.50 bits per note",
        "best epoch 1 of 2",
        "Bach",
        "3 pieces · 120 notes",
        "It started from “Lieder”, and knows what that knew.",
        "CC0 1.0",
        PRESETS["standard"].description,
    ):
        assert expected in words


def test_every_limit_is_shown(opened):
    words = words_of(opened(KNOWN))
    for limit in limits(KNOWN):
        assert limit.title in words
        assert limit.sentence in words


def test_what_is_not_known_is_said_to_be_so(opened):
    unknown = replace(CARD, held_out_bits_per_note=float("inf"), best_epoch=0, corpus_name="", pieces=0, notes=0)
    words = words_of(opened(unknown))
    assert "This has not been measured yet." in words
    assert "It isn't known what from." in words
    assert any(text.startswith("None is stated.") for text in words)


def test_the_starter_and_an_unfinished_model_are_marked(opened):
    def chips(dialog):
        return [chip.accessibleName() for chip in dialog.findChildren(Chip)]

    assert chips(opened(KNOWN)) == []
    assert chips(opened(KNOWN, is_starter=True)) == ["comes with Ritornello"]
    assert chips(opened(replace(KNOWN, state="unfinished"))) == ["still learning"]


def test_a_box_of_the_diagram_is_told_when_pointed_at(opened, qtbot):
    dialog = opened(KNOWN)
    diagram = dialog.diagram
    place = next(block.rect for block in diagram.plan.blocks if block.title == "Gates")
    qtbot.mouseMove(diagram, pos=diagram.rect().bottomRight())
    with qtbot.waitSignal(diagram.pointed) as pointed:
        qtbot.mouseMove(diagram, pos=QPointF(*place.middle).toPoint())
    assert pointed.args[0] == "Gates"
    assert f"Gates: {pointed.args[1]}" in words_of(dialog)
    qtbot.mouseMove(diagram, pos=diagram.rect().bottomRight())
    assert diagram.current is None


def test_the_arrow_keys_walk_the_boxes_and_stop_at_both_ends(opened, qtbot):
    dialog = opened(ARTICLE)
    diagram = dialog.diagram
    walked = []
    diagram.pointed.connect(lambda title, _tip: walked.append(title))
    diagram.setFocus(Qt.FocusReason.TabFocusReason)
    assert diagram.current.title == "Length"
    assert diagram.has_ring
    for _ in range(9):
        qtbot.keyClick(diagram, Qt.Key.Key_Right)
    assert walked == ["Length", "Pitch", "Memory 1", "Memory 2", "Mean of all", "Length", "Pitch"]
    assert diagram.accessibleName().startswith("Pitch: Knowing the length")
    qtbot.keyClick(diagram, Qt.Key.Key_Left)
    assert diagram.current.title == "Length"
    diagram.clearFocus()
    assert diagram.current is None


def test_the_diagram_is_told_whole_to_a_screen_reader(opened):
    dialog = opened(KNOWN)
    diagram = dialog.diagram
    assert diagram.accessibleName() == "How the network works"
    assert "Copying heads: They point to earlier places" in diagram.accessibleDescription()


@pytest.mark.parametrize("size", [(1000, 740), (1040, 640), (620, 420)])
def test_nothing_is_cut_off_sideways(opened, qtbot, size):
    long = replace(KNOWN, name="Songs for a very long summer evening by the lake " * 3, licence="By attribution. " * 30)
    dialog = opened(long, size=size)
    area = dialog.area
    qtbot.waitUntil(lambda: area.widget().width() <= area.viewport().width())
    for text in area.widget().findChildren(Text):
        right = text.mapTo(area.widget(), text.rect().topRight()).x()
        assert right < area.viewport().width()
        if not text.wordWrap():
            assert text.width() >= text.sizeHint().width()


def test_parts_stand_one_above_the_other_where_it_is_narrow(opened):
    dialog = opened(KNOWN, size=(620, 420))
    assert dialog._parts.direction() == QBoxLayout.Direction.TopToBottom
    dialog.resize(1000, 740)
    assert dialog._parts.direction() == QBoxLayout.Direction.LeftToRight


def test_it_fits_into_the_smallest_window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1080, 700)
    dialog = AboutModelDialog(KNOWN, parent=QWidget(window))
    assert dialog.width() <= 1040
    assert dialog.height() <= 640


@pytest.mark.parametrize("card", [KNOWN, ARTICLE])
@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_next_note_is_the_model_s_colour_in_both_themes(qapp, opened, card, name):
    theme.apply(qapp, name)
    try:
        dialog = opened(card)
        diagram = dialog.diagram
        head = diagram.plan.blocks[-1].rect
        image = diagram.grab().toImage()
        x, y = round(head.left) + 6, round(head.top + head.height / 2)
        assert image.pixelColor(x, y) == theme.current().color("model.wash")
        note = diagram.plan.notes[0]
        assert image.pixelColor(*map(round, note.middle)) == theme.current().color("you.base")
    finally:
        theme.apply(qapp, "dark")
