"""What this machine has, and what to do about what is missing."""

import argparse

from core.checks.machine import looked_at
from core.cli.console import Console
from core.tasks import Control


def doctor(_arguments: argparse.Namespace, console: Console) -> None:
    """The command `doctor`."""
    checks = []
    for check in looked_at(Control()):
        checks.append(check)
        console.say(f"{'ok  ' if check.ok else 'NOTE'} {check.name}: {check.detail}")
        if check.hint:
            console.say(f"       {check.hint}")
    console.result({"checks": checks, "ok": all(check.ok for check in checks)})
