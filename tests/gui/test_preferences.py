from gui.preferences import Preferences
from gui.settings_dialog import SettingsDialog


def test_a_change_is_kept_at_once(home, qtbot, qapp):
    preferences = Preferences(home / "settings.json")
    with qtbot.waitSignal(preferences.changed):
        preferences.change(volume=0.3)
    assert Preferences(home / "settings.json").settings.volume == 0.3


def test_what_slides_is_kept_once_it_has_rested(home, qtbot, qapp):
    file = home / "settings.json"
    preferences = Preferences(file)
    for step in range(1, 10):
        preferences.slide(volume=step / 10)
    assert preferences.settings.volume == 0.9
    assert not file.exists()
    qtbot.waitUntil(file.exists)
    assert Preferences(file).settings.volume == 0.9


def test_what_slides_is_not_lost_where_something_else_changes_or_the_end_comes_first(home, qapp):
    preferences = Preferences(home / "settings.json")
    preferences.slide(volume=0.2)
    preferences.change(theme="light")
    assert Preferences(home / "settings.json").settings.volume == 0.2
    preferences.slide(volume=0.4)
    preferences.keep()
    assert Preferences(home / "settings.json").settings.volume == 0.4


def test_what_stays_the_same_is_not_told(home, qtbot, qapp):
    preferences = Preferences(home / "settings.json")
    with qtbot.assertNotEmitted(preferences.changed):
        preferences.change(volume=0.7)


def test_recent_files_are_ten_and_newest_first(home, qapp, tmp_path):
    preferences = Preferences(home / "settings.json")
    for number in (*range(12), 5):
        preferences.remember_file(tmp_path / f"{number}.mid")
    recent = [name.rsplit("/", 1)[-1] for name in preferences.settings.recent_files]
    assert len(recent) == 10
    assert recent[:3] == ["5.mid", "11.mid", "10.mid"]
    preferences.forget_file(tmp_path / "5.mid")
    assert len(preferences.settings.recent_files) == 9


def test_a_settings_folder_that_cannot_be_written_stops_nobody(tmp_path, qapp):
    (tmp_path / "file").write_text("")
    preferences = Preferences(tmp_path / "file" / "settings.json")
    preferences.change(volume=0.1)
    assert preferences.settings.volume == 0.1


def test_the_dialog_changes_things_as_they_are_clicked(home, qtbot, dressed):
    preferences = Preferences(home / "settings.json")
    dialog = SettingsDialog(preferences)
    qtbot.addWidget(dialog)
    dialog.theme.chosen.emit("light")
    dialog.middle_c.chosen.emit("3")
    dialog.plays_takes.click()
    settings = preferences.settings
    assert (settings.theme, settings.middle_c, settings.plays_takes_on_arrival) == ("light", 3, True)


def test_that_settings_are_not_kept_is_told_once(tmp_path, qapp, posted):
    (tmp_path / "file").write_text("")
    preferences = Preferences(tmp_path / "file" / "settings.json")
    preferences.change(volume=0.1)
    preferences.change(volume=0.2)
    assert [message.sentence for message in posted] == ["‘settings.json’ was not saved: a file is in the way."]


def test_damaged_settings_are_kept_aside_before_others_take_their_place(home, qapp):
    home.mkdir()
    (home / "settings.json").write_text('{"theme": "li')
    preferences = Preferences(home / "settings.json")
    assert "can't be read" in preferences.trouble.sentence
    preferences.change(volume=0.1)
    assert (home / "settings.json.damaged").read_text() == '{"theme": "li'
    assert Preferences(home / "settings.json").trouble is None
