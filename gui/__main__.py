"""`ritornello [FILE…]`: opens the window. `--screenshot PNG` saves a picture of it and quits, for trying it out."""

import argparse
import multiprocessing
import os
import sys
from pathlib import Path

from gui.screen import missing_screen


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ritornello", description="Your own small model continues your music.")
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="a .mid file, a project or a model to open, or pieces to bring in",
    )
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the window and quit")
    parser.add_argument(
        "--smoke-test",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="try everything once, with no screen needed and nothing of yours touched; leave what it wrote in FOLDER",
    )
    parser.add_argument("--wait-ms", type=int, default=1500, metavar="N", help="how long before the picture is taken")
    return parser


def main(argv: list[str] | None = None) -> int:
    """The exit status."""
    multiprocessing.freeze_support()  # first: a frozen child process starts here too
    arguments = sys.argv[1:] if argv is None else argv
    options = make_parser().parse_args(arguments)
    missing = missing_screen()
    if missing and options.smoke_test is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif missing:
        sys.stderr.write(f"{missing} Without one, ritornello-cli does the same jobs.\n")
        return 1
    # Before NumPy is loaded: libraries that look for sound and desktop fork (libdbus), which waits for ever for OpenBLAS'
    # helper threads where one of them is computing; the window would wait with it. Without helpers there is no such wait.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    if options.smoke_test is not None:
        from gui import smoke_test

        return smoke_test.run([sys.argv[0]], Path(options.smoke_test) if options.smoke_test else None)
    from gui.app import run

    return run([sys.argv[0]], files=options.files, screenshot=options.screenshot, wait_ms=options.wait_ms)


if __name__ == "__main__":
    sys.exit(main())
