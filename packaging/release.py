"""What a release says of itself.

    python3 packaging/release.py v0.2.0     print the changelog's section, the text of the release of that tag

Refuses a tag that isn't the version of pyproject.toml, and a section that is missing, empty or has no date yet.
"""

import re
import sys
from pathlib import Path

import frozen

ROOT = Path(__file__).resolve().parent.parent


class ReleaseError(Exception):
    """Not ready to be released; the text says what to do."""


def notes(tag: str, *, version: str, changelog: str) -> str:
    """The changelog's section of `version`, without its heading. Raises ReleaseError."""
    if tag != f"v{version}":
        raise ReleaseError(f"The tag is {tag}, but pyproject.toml says {version}: the tag should be v{version}.")
    for heading, text in _sections(changelog):
        if heading.startswith(f"[{version}]"):
            if not re.fullmatch(r"\[.+\] - \d{4}-\d\d-\d\d", heading):
                raise ReleaseError(f"CHANGELOG.md: the heading ‘{heading}’ needs its date: [{version}] - YYYY-MM-DD.")
            if not text:
                raise ReleaseError(f"CHANGELOG.md says nothing about {version}.")
            return text
    raise ReleaseError(f"CHANGELOG.md has no section [{version}].")


def _sections(changelog: str) -> list[tuple[str, str]]:
    """Heading and text of each version."""
    parts = re.split(r"^## (.+)$", changelog, flags=re.MULTILINE)[1:]
    return [(heading.strip(), text.strip()) for heading, text in zip(parts[::2], parts[1::2], strict=True)]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__.strip())
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        print(notes(arguments[0], version=frozen.version(), changelog=(ROOT / "CHANGELOG.md").read_text("utf-8")))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
