"""Arguments in, exit code out: 0 done, 1 an expected failure, 2 wrong usage, 130 and 143 interrupted (Ctrl+C, SIGTERM)."""

import argparse
import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from core.cli.arguments import file_to_write, named
from core.cli.console import Console, UsageError, shown
from core.cli.interruption import Interrupted, interruptible
from core.errors import AppError
from core.files import refused
from core.version import version

_LOG = logging.getLogger(__name__)

DONE, FAILED = 0, 1
_PRESETS = ("article", "quick", "standard", "large")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Raises SystemExit for --help and wrong usage, as argparse does."""
    _take_any_text()
    try:
        with interruptible():
            return _run(argv)
    except Interrupted as error:
        with contextlib.suppress(OSError):  # the terminal may be what is gone
            sys.stderr.write("Interrupted.\n")
        return error.exit_code


def _run(argv: Sequence[str] | None) -> int:
    parser = make_parser()
    arguments = parser.parse_args(argv)
    console = Console(as_json=arguments.json, progress_as_json=getattr(arguments, "progress", "") == "json")
    try:
        _command(arguments.run)(arguments, console)
        sys.stdout.flush()
    except AppError as error:
        console.failure(error)
        return FAILED
    except UsageError as error:
        arguments.parser.error(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            return _unheard()
        _LOG.info("the system refused", exc_info=True)
        console.failure(refused(error))
        return FAILED
    return DONE


def _unheard() -> int:
    """Whoever read the output has gone. Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _command(name: str) -> Callable[[argparse.Namespace, Console], None]:
    """The function behind "module:function", its module imported only now."""
    module, _, function = name.partition(":")
    run: Callable[[argparse.Namespace, Console], None] = getattr(
        importlib.import_module(f"core.cli.{module}"), function
    )
    return run


def _take_any_text() -> None:
    """File names may hold what the terminal can't show; that must not end the program.

    What Windows' programs read of one another is in an alphabet of its own unless they are told otherwise.
    """
    encoding = "utf-8" if sys.platform == "win32" else None
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding=encoding, errors="backslashreplace")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(shown(message))


def make_parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="ritornello-cli",
        description="Your own MIDI files become your own small model: it continues what you give it.",
        epilog="RITORNELLO_HOME moves the folder of models, corpora, cache and settings elsewhere.",
    )
    parser.add_argument("--version", action="version", version=f"Ritornello {version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, run: str, words: str, parent: "argparse._SubParsersAction[argparse.ArgumentParser]" = commands
    ) -> argparse.ArgumentParser:
        made = parent.add_parser(name, help=words, description=words)
        made.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="the result as JSON, the last line of stdout"
        )
        made.set_defaults(run=run, parser=made)
        return made

    parser.set_defaults(json=False)
    _pieces(command)
    _training(command)
    _generating(command)
    _evaluating(command)

    made = command("render", "files:render", "Turn a .mid into audio.")
    made.add_argument("file", type=named, metavar="FILE.mid")
    made.add_argument("out", type=file_to_write, metavar="OUT.wav")
    made.add_argument("--soundfont", type=named, metavar="F", help="a .sf2 or .sf3 file")
    made.add_argument(
        "--normalise",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="as loud as can be, its true peak 1 dB below full scale (the default), or at the level it is played",
    )
    made = command("info", "files:info", "Say what is in a .mid: parts, notes, tempo, metre, key.")
    made.add_argument("file", type=named, metavar="FILE.mid")
    command("doctor", "doctor:doctor", "Say what this machine has, and what to do about what is missing.")
    return parser


_Command = Callable[..., argparse.ArgumentParser]


def _pieces(command: _Command) -> None:
    made = command("import", "pieces:import_", "Read files, folders and zips into a corpus.")
    made.add_argument("paths", type=named, metavar="PATH", nargs="+")
    made.add_argument("--name", default="", help="what the corpus is called; by default as the first path")
    made.add_argument("--add-to", type=named, metavar="CORPUS", help="add to this corpus instead of making one")
    made.add_argument("--lines", choices=("melody", "all"), help="what is learnt of each piece")

    made = command(
        "corpora", "pieces:list_corpora", "List the corpora; or rename, delete, restore, or choose what is learnt."
    )
    actions = made.add_subparsers(metavar="ACTION")
    action = command("rename", "pieces:rename_corpus", "Give a corpus another name.", actions)
    action.add_argument("corpus", type=named, metavar="CORPUS")
    action.add_argument("name", type=named, metavar="NEW_NAME")
    action = command("delete", "pieces:delete_corpus", "Put a corpus into the trash of the user folder.", actions)
    action.add_argument("corpus", type=named, metavar="CORPUS")
    action = command("restore", "pieces:restore_corpus", "Take a deleted corpus back out of the trash.", actions)
    action.add_argument("corpus", type=named, metavar="CORPUS")
    action = command("lines", "pieces:set_lines", "Learn the melodies alone, or all notes.", actions)
    action.add_argument("corpus", type=named, metavar="CORPUS")
    action.add_argument("lines", choices=("melody", "all"))

    made = command("models", "models:list_models", "List the models; or rename, delete, restore, export, import.")
    actions = made.add_subparsers(metavar="ACTION")
    action = command("rename", "models:rename", "Give a model another name.", actions)
    action.add_argument("model", type=named, metavar="MODEL")
    action.add_argument("name", type=named, metavar="NEW_NAME")
    action = command("delete", "models:delete", "Put a model into the trash of the user folder.", actions)
    action.add_argument("model", type=named, metavar="MODEL")
    action = command("restore", "models:restore", "Take a deleted model back out of the trash.", actions)
    action.add_argument("model", type=named, metavar="MODEL")
    action = command("export", "models:export", "Write a model as one file.", actions)
    action.add_argument("model", type=named, metavar="MODEL")
    action.add_argument("out", type=file_to_write, metavar="FILE")
    action = command("import", "models:import_", "Add a .ritornello-model to the library.", actions)
    action.add_argument("file", type=named, metavar="FILE")

    made = command("trash", "trash:trash", "List the deleted corpora and models that can come back; or empty it.")
    made.add_argument("--empty", action="store_true", help="delete all of it for good")


def _training(command: _Command) -> None:
    made = command("train", "train:train", "Train a model on a corpus, or on files that are imported first.")
    made.add_argument("corpus", type=named, metavar="CORPUS_OR_PATH", nargs="*")
    made.add_argument("--preset", choices=_PRESETS, default="standard")
    made.add_argument("--epochs", type=int, metavar="N", help="at most so many readings of all pieces")
    made.add_argument("--minutes", type=float, metavar="M", help="at most so long")
    made.add_argument(
        "--batch", type=int, metavar="N", help="windows read at each step, by all devices and machines together"
    )
    made.add_argument("--random-seed", type=int, metavar="N")
    made.add_argument(
        "--start-from",
        type=named,
        default="automatic",
        metavar="MODEL",
        help="go on from the weights of this model; scratch: from nothing; by default what suits the pieces",
    )
    made.add_argument("--name", default="", help="what the model is called; by default as the corpus")
    made.add_argument(
        "--out", type=file_to_write, metavar="FILE", help="write the model as one .ritornello-model as well"
    )
    made.add_argument(
        "--resume",
        action="store_true",
        help="go on with a training of this corpus (or of --name, or the last one) that broke off, as it was begun",
    )
    made.add_argument("--progress", choices=("bar", "json"), default="bar", help="json: a line on stderr each epoch")


def _generating(command: _Command) -> None:
    made = command("generate", "generate:generate", "Continue a melody.")
    made.add_argument("--model", type=named, default="starter", help="a name, starter, or a .ritornello-model file")
    made.add_argument("--seed", type=named, metavar="FILE.mid", help="what is continued; by default the demo melody")
    made.add_argument("--part", type=int, metavar="N", help="which part of it, from 1; by default the melody")
    made.add_argument("--bars", type=int, default=8, metavar="N")
    made.add_argument("--takes", type=int, default=1, metavar="K", help="with more than one: FILE-A.mid, FILE-B.mid …")
    made.add_argument("--temperature", type=float, default=0.9, metavar="T", help="0: always the likeliest")
    made.add_argument("--top-k", type=int, default=0, metavar="K", help="only the k likeliest; 0: all")
    made.add_argument(
        "--top-p", type=float, default=1.0, metavar="P", help="the likeliest that reach this mass; 1: all"
    )
    made.add_argument("--scale", default="", metavar='"D minor"', help="no other pitches")
    made.add_argument("--range", metavar="A3-D6", help="lowest and highest pitch")
    made.add_argument("--keep", choices=("rhythm", "pitch"), help="repeat the seed's, let the model choose the rest")
    made.add_argument("--motifs", type=float, default=0.0, metavar="X", help="how much it comes back to its figures")
    made.add_argument("--random-seed", type=int, metavar="N", help="the same number, the same takes")
    made.add_argument("--out", type=file_to_write, required=True, metavar="FILE.mid")


def _evaluating(command: _Command) -> None:
    made = command(
        "evaluate",
        "evaluate:evaluate",
        "Say how well a model foresees pieces (MODEL PATH…), how near its continuations of those that it did not study"
        " come to real ones (MODEL PATH… --samples), how well a preset does, trained anew (--folds K PATH…), or plain"
        " counting (--counting PATH…).",
    )
    made.add_argument("arguments", type=named, metavar="MODEL PATH", nargs="+")
    made.add_argument(
        "--samples", type=int, nargs="?", const=200, metavar="N", help="judge so many continuations; by default 200"
    )
    made.add_argument("--temperature", type=float, default=0.9, metavar="T", help="of the continuations")
    made.add_argument("--bars", type=int, default=8, metavar="B", help="of each continuation, after 4 of its piece")
    made.add_argument("--against", type=named, metavar="MODEL", help="a second column: another model on the same seeds")
    made.add_argument("--folds", type=int, metavar="K", help="cross-validate by piece, training anew for each fold")
    made.add_argument("--only", type=int, nargs="+", default=[], metavar="N", help="only these folds, counted from 1")
    made.add_argument(
        "--by-composer", action="store_true", help="whole composers in a fold: pieces whose names begin with one word"
    )
    made.add_argument("--preset", choices=_PRESETS, default="standard")
    made.add_argument("--random-seed", type=int, metavar="N")
    made.add_argument("--epochs", type=int, metavar="N")
    made.add_argument("--minutes", type=float, metavar="M", help="at most so long for each fold")
    made.add_argument("--pitch-only", action="store_true", help="the model sees and predicts pitches alone")
    made.add_argument("--lines", choices=("melody", "all"), help="judge the melodies alone, or all notes")
    made.add_argument(
        "--counting",
        action="store_true",
        help="count which notes follow which, in the pieces that train would study, and judge on those it would keep aside",
    )
    made.add_argument(
        "--order", type=int, metavar="K", help="with --counting: only so many notes back; by default 0 to 5"
    )
    made.add_argument("--natural-keys", action="store_true", help="with --counting: don't count in other keys")
