"""Ritornello's library: everything the app does, with no window.

From the top down, a module knows only those below it (import-linter checks it, tests/architecture checks import-linter):

    cli | workers            the command line; any task as a QThread (the one place of core that knows Qt)
    learning | playback      music → models → takes (its rooms: learning/__init__.py) | sound
    corpus                   files, folders and zips → a corpus of pieces, and what is in it
    music                    Note, Part, Score; edits; timing; pitch; .mid in and out
    settings | standing      what the musician prefers | the user folder and the shipped files, looked at
    paths | tasks | files    where things live; how long work talks; writing without losing
    trash                    what was deleted and can come back
    loading                  reading what may be damaged or hostile: files, JSON, zips and arrays
    processes                child processes that end with their parent
    wording                  how sentences say numbers
    silence                  shutting up libraries that speak past Python
    version                  which Ritornello this is
    errors                   expected failures: sentences for a person

Values are immutable and in ticks, 480 to the quarter. Long work is a function `task(control) -> result`.
TensorFlow lives in learning/network/tensorflow/, pygame in playback/pygame_output.py, the MIDI libraries in music/midi_file.py.
"""
