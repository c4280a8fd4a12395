"""doctor."""

from core.checks import machine


def test_doctor_looks_at_everything_and_says_what_to_do(cli) -> None:
    outcome = cli("doctor", "--json")
    assert outcome.code == 0
    assert outcome.err == ""
    checks = {check["name"]: check for check in outcome.json["checks"]}
    wanted = {"Ritornello", "Python", "Packages", "User folder", "Soundfont", "Sound device", "MIDI keyboards", "GPU"}
    assert wanted <= checks.keys()
    assert checks["User folder"]["ok"]
    assert checks["Soundfont"]["ok"]
    assert "tensorflow 2." in checks["Packages"]["detail"]
    for check in checks.values():
        assert check["ok"] or check["hint"], check


def test_a_missing_sound_device_is_named(monkeypatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no-such-driver")
    check = machine._audio_device()
    assert not check.ok
    assert check.detail.startswith("No sound device found")
    assert check.hint


def test_a_user_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RITORNELLO_HOME", str(tmp_path / "file" / "home"))
    check = machine._user_folder()
    assert not check.ok
    assert "RITORNELLO_HOME" in check.hint
