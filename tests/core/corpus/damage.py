"""Damage as disks, crashes and people do it: to any file, chosen by a seed."""

import os
import random
import shutil
from pathlib import Path

import pytest


def damage(path: Path, seed: int) -> str:
    """Do something to a file; what was done."""
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    kind = chance.choice(
        ("garble", "garble", "garble", "bits", "bits", "zeros", "heading", "pages", "cut", "cut", "longer", "replace")
    )
    size = len(content)
    if kind in ("garble", "zeros"):
        length = min(size, chance.choice((16, 500, 4096, 12_288)))
        start = chance.randrange(size - length + 1)
        content[start : start + length] = bytes(length) if kind == "zeros" else chance.randbytes(length)
    elif kind == "bits":
        for _ in range(chance.choice((1, 1, 10, 300))):
            content[chance.randrange(size)] ^= 1 << chance.randrange(8)
    elif kind == "heading":
        for _ in range(chance.choice((1, 8, 100))):
            content[chance.randrange(100)] = chance.randrange(256)
    elif kind == "pages":
        one, other = (4096 * chance.randrange(max(1, size // 4096)) for _ in range(2))
        content[one : one + 4096], content[other : other + 4096] = (
            content[other : other + 4096],
            content[one : one + 4096],
        )
    elif kind == "cut":
        del content[chance.choice((0, 1, 99, 4096, chance.randrange(size))) :]
    elif kind == "longer":
        content += chance.randbytes(chance.choice((1, 5000)))
    else:
        kind = chance.choice(("text", "folder", "pipe", "link to nothing", "link to itself", "another database"))
        path.unlink()
        if kind == "folder":
            (path / "with something in it").mkdir(parents=True)
        elif kind == "pipe":
            if not hasattr(os, "mkfifo"):
                pytest.skip("Windows has no pipes in folders")
            os.mkfifo(path)
        elif kind.startswith("link"):
            path.symlink_to(path if kind.endswith("itself") else path.parent / "nowhere" / "at all")
        elif kind == "text":
            path.write_bytes(b"no database, whatever its name says\n" * 200)
        else:
            shutil.copy(another(path.parent.parent / f"another {seed}.sqlite"), path)
        return kind
    path.write_bytes(content)
    if chance.random() < 0.2:  # and what a crash leaves beside it
        companion = path.with_name(path.name + chance.choice(("-wal", "-shm", "-journal")))
        companion.write_bytes(chance.choice((b"", chance.randbytes(5000), bytes(content[:4096]))))
        kind += f" and {companion.suffix}"
    return kind


def another(path: Path) -> Path:
    """A sound database of the same tables, with other columns."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as connection:
        for table in ("file", "content", "about", "piece", "verdict"):
            connection.execute(f"CREATE TABLE {table} (of_another_version INTEGER)")
    return path
