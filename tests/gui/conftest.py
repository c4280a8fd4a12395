"""A player that makes no sound, answers to dialogs given beforehand, and a window made of them."""

from collections import deque

import pytest

from core.music.score import Note, Part, Score
from core.playback.player import DeviceState
from gui import messages, theme
from gui.controls import pitches
from gui.document import Document, Snapshot, Work
from gui.generating import Generator
from gui.jobs import JobRunner
from gui.main_window import MainWindow
from gui.playback import Playback
from gui.preferences import Preferences
from gui.recovery import Autosave


def line(*pitches, onset=0, duration=480):
    """One note after another."""
    return tuple(Note(onset + index * duration, pitch, duration) for index, pitch in enumerate(pitches))


def score_of(*notes):
    return Score((Part.of(notes),))


@pytest.fixture(autouse=True)
def _middle_c_is_called_c4():
    yield
    pitches.call_middle_c(4)


class FakePlayer:
    """Plays in no time and no sound; the test moves `tick`."""

    def __init__(self):
        self.on_ended = lambda: None
        self.on_device_changed = lambda: None
        self.device = DeviceState(True, "")
        self.is_playing = False
        self.score = Score()
        self.tick = 0.0
        self.loop = None
        self.volume = 0.0
        self.metronome = False
        self.heard = []
        self.is_closed = False

    def start(self): ...

    def set_score(self, score):
        self.score = score

    def play(self, from_tick=None):
        self.is_playing = True
        if from_tick is not None:
            self.tick = float(from_tick)

    def pause(self):
        self.is_playing = False

    def seek(self, tick):
        self.tick = float(tick)

    def set_loop(self, loop):
        self.loop = loop

    def position_tick(self):
        return self.tick

    def set_volume(self, volume):
        self.volume = volume

    def set_metronome(self, on):
        self.metronome = on

    def audition(self, pitch, velocity=90, program=0, *, is_drums=False):
        self.heard.append(pitch)

    def check_device(self): ...

    def close(self):
        self.is_closed = True

    def end(self):
        """The music comes to its end by itself."""
        self.is_playing = False
        self.on_ended()


class FakeDialogs:
    """Answers given before the question."""

    def __init__(self):
        self.paths = deque()
        self.unsaved = deque()
        self.changed = deque()
        self.asked = []

    def open_path(self, title, filters):
        self.asked.append(title)
        return self.paths.popleft() if self.paths else None

    def save_path(self, title, suggestion, filters):
        self.asked.append(title)
        return self.paths.popleft() if self.paths else None

    def about_unsaved(self, sentence, question):
        self.asked.append(f"{sentence} {question}")
        return self.unsaved.popleft()

    def about_changed(self, sentence):
        self.asked.append(sentence)
        return self.changed.popleft()


@pytest.fixture
def dressed(qapp):
    theme.apply(qapp, "dark")
    return qapp


@pytest.fixture
def document(qapp):
    return Document()


@pytest.fixture
def jobs(qapp):
    runner = JobRunner()
    yield runner
    runner.close()
    for _ in range(3):
        qapp.processEvents()


@pytest.fixture
def posted(qapp):
    """The messages posted during the test."""
    heard = []
    messages.center().posted.connect(heard.append)
    yield heard
    messages.center().posted.disconnect(heard.append)


class Desk:
    """A window, and both ends of what it stands on."""

    def __init__(self, home, qtbot, library):
        self.player = FakePlayer()
        self.dialogs = FakeDialogs()
        self.document = Document()
        self.jobs = JobRunner()
        self.preferences = Preferences(home / "settings.json")
        self.playback = Playback(lambda: self.player)
        self.autosave = Autosave(self.document, self.jobs, folder=home / "recovery")
        self.generator = Generator(lambda: library, self.jobs)
        self.window = MainWindow(
            self.document,
            self.preferences,
            self.jobs,
            self.playback,
            self.generator,
            self.autosave,
            dialogs=self.dialogs,
        )
        self.window.resize(1600, 1000)
        qtbot.addWidget(self.window, before_close_func=self._let_go)

    def _let_go(self, _window):
        self.document.open(Work())
        self.window._is_closing = True

    def open(self, *pitches):
        self.document.open(Snapshot(score_of(*line(*pitches))))


@pytest.fixture
def library(home):
    """A library without any model."""
    from core.learning.models.library import Library

    return Library(home, starter=home / "no-starter")


@pytest.fixture
def desk(home, qtbot, dressed, library):
    home.mkdir(exist_ok=True)
    desk = Desk(home, qtbot, library)
    yield desk
    desk._let_go(None)
    desk.window.close()
    for _ in range(3):
        dressed.processEvents()
