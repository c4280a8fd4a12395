"""The command line: everything that the window does to files and models, without it.

entry.py reads the arguments and turns what happens into an exit code; console.py speaks; the other modules hold the
commands by subject. What a command needs is imported when it runs, so that `--help` answers at once.
"""
