"""Run benchmarks and append what they print to a history: one line of JSON for each, with the commit and the computer.

python -m tests.benchmarks.history history.jsonl reading "importing FOLDER" generating
"""

import datetime as dt
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def measured(benchmark: str) -> dict[str, object]:
    """One line of the history. benchmark: a module beside this one, and its arguments."""
    name, *arguments = shlex.split(benchmark)
    began = time.monotonic()
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "computer": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "benchmark": benchmark,
        "seconds": round(time.monotonic() - began, 1),
        "status": done.returncode,
        "output": done.stdout.splitlines(),
    }


def _commit() -> str:
    asked = ["git", "rev-parse", "HEAD"]
    return subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=False).stdout.strip()


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__)
        return 2
    failed = False
    for benchmark in sys.argv[2:]:
        line = measured(benchmark)
        with Path(sys.argv[1]).open("a", encoding="utf-8") as history:
            history.write(json.dumps(line, ensure_ascii=False) + "\n")
        print("\n".join([f"== {benchmark}: {line['seconds']} s", *line["output"]]), flush=True)
        failed = failed or line["status"] != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
