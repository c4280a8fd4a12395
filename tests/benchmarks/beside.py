"""The same benchmark in this checkout and in another, turn by turn: what is compared is measured in one run.

A benchmark prints its figures as JSON with `--json`; the other checkout, such as a `git worktree` of an older commit,
need not have that benchmark: it is run from here over the other's code.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROUNDS = 3
"""A busy machine interrupts some of them; the lowest figure tells what the work costs."""
_HERE = Path(__file__).parents[2]


def print_beside(script: str, arguments: list[str], other: Path | None) -> None:
    """Run `script --json arguments` in turn and print milliseconds side by side."""
    checkouts = [_HERE, *([other.absolute()] if other else [])]
    best: list[dict[str, float]] = [{} for _ in checkouts]
    for _ in range(ROUNDS):
        for figures, checkout in zip(best, checkouts, strict=True):
            run = subprocess.run(
                [sys.executable, script, "--json", *arguments],
                cwd=checkout,
                env={**os.environ, "PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"},
                stdout=subprocess.PIPE,
                check=True,
            )
            for name, value in json.loads(run.stdout).items():
                figures[name] = min(value, figures.get(name, value))
    print(f"{'ms':44}{'here':>12}" + (f"{'there':>12}{'times':>8}" if other else ""))
    for name, here in best[0].items():
        there = [figures[name] for figures in best[1:]]
        print(f"{name:44}{here:12.2f}" + "".join(f"{ms:12.2f}{ms / here:8.1f}" for ms in there))
