"""What a release says of itself comes from the changelog, and only when that is ready."""

import re
from pathlib import Path

import frozen
import pytest
import release

PROJECT = Path(__file__).resolve().parents[2]
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.0] - 2030-01-31

### Added
- A thing.

## [1.1.0] - unreleased

- An older one.

## [1.0.0] - 2029-01-01
"""


def notes(tag: str, version: str) -> str:
    return release.notes(tag, version=version, changelog=CHANGELOG)


def test_a_release_says_what_its_section_of_the_changelog_says() -> None:
    assert notes("v1.2.0", "1.2.0") == "### Added\n- A thing."


@pytest.mark.parametrize(
    ("tag", "version", "why"),
    [
        ("v1.2.1", "1.2.0", "The tag is v1.2.1, but pyproject.toml says 1.2.0"),
        ("1.2.0", "1.2.0", "should be v1.2.0"),
        ("v1.3.0", "1.3.0", "no section"),
        ("v1.1.0", "1.1.0", "needs its date"),
        ("v1.0.0", "1.0.0", "says nothing about 1.0.0"),
    ],
)
def test_what_is_not_ready_is_refused_with_what_to_do(tag: str, version: str, why: str) -> None:
    with pytest.raises(release.ReleaseError, match=re.escape(why)):
        release.notes(tag, version=version, changelog=CHANGELOG)


def test_the_changelog_is_kept_and_has_a_section_for_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (PROJECT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert headings[1].startswith(f"[{frozen.version()}] - ")
    kinds = set(re.findall(r"^### (.+)$", (PROJECT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
