"""The handbook builds without a warning, is whole and needs no network; what the program doesn't have breaks it."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import PROJECT

DOCS = PROJECT / "docs"


class Page(HTMLParser):
    """What a page loads, where it leads, and what can be led to in it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.untold: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.ids.add(told.get("id", ""))
        if tag == "a" or (tag == "link" and told.get("rel") in ("next", "prev", "index", "search")):
            self.links.append(told.get("href", ""))
        else:
            self.loads += [
                told[name] for name in ("src", "href", "srcset", "data", "poster", "action") if told.get(name)
            ]
        if tag == "img" and not told.get("alt"):
            self.untold.append(told.get("src", ""))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The pages as `packaging/build.py docs` makes them."""
    out = tmp_path_factory.mktemp("handbook") / "docs"
    program = f"from pathlib import Path; from target_docs import build; build(Path({str(out)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT / "packaging", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def test_the_handbook_is_whole_and_opens_from_a_disk_without_a_network(built):
    pages = {file.name: Page(file) for file in built.glob("*.html")}
    assert {f"{source.stem}.html" for source in DOCS.glob("*.md")} <= set(pages)
    missing = []
    for name, page in pages.items():
        for address in page.loads + page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                missing += [f"{name} loads {address}"] * (address in page.loads and parts.scheme != "data")
                continue
            place = built / unquote(parts.path or name)
            wanted = unquote(parts.fragment)
            inside = pages[place.name].ids if wanted and place.name in pages else {wanted}
            missing += [f"{name} needs {address}"] * (not place.exists() or wanted not in inside)
        missing += [f"{name} shows {picture} and says nothing of it" for picture in page.untold]
    assert missing == []
    styles = [
        file for file in built.rglob("*.css") if re.search(r"@import|url\(\s*['\"]?(https?:)?//", file.read_text())
    ]
    assert styles == []


def test_the_licences_of_its_scripts_and_styles_lie_beside_them(built):
    told = (built / "_static" / "LICENCES.txt").read_text("utf-8")
    named = {line.split()[0] for line in told.splitlines() if re.match(r"[\w-]+ [\d.]+\w*: \w+", line)}
    assert named == {"Sphinx", "furo", "sphinx-basic-ng", "Pygments", "snowballstemmer"}
    assert told.count("Copyright") >= len(named)


def test_the_reference_holds_everything_that_the_program_has(built):
    from core.cli.entry import make_parser
    from core.settings import Settings
    from gui.actions import SPECS

    def ids(page):
        return Page(built / page).ids

    assert {f"action-{spec.name}".replace("_", "-") for spec in SPECS} <= ids("keys.html")
    assert {f"setting-{name}".replace("_", "-") for name in Settings.__dataclass_fields__} <= ids("settings.html")
    commands = make_parser()._subparsers._group_actions[0].choices
    for name, parser in commands.items():
        options = {option for option in parser._option_string_actions if option.startswith("--")} - {"--help", "--json"}
        expected = {f"cmdoption-ritornello-cli-{name}-{option.strip('-')}" for option in options}
        assert expected <= ids("command-line.html"), name


WRONG = {
    "{action}`levitate`": "no action ‘levitate’",
    "{key}`train`": "no action with a key ‘train’",
    "{setting}`gravity`": "no setting ‘gravity’",
    "{ui}`Make it famous`": "no text ‘Make it famous’",
    "{option}`ritornello-cli train --harder`": "unknown option: 'ritornello-cli train --harder'",
    "`ritornello-cli levitate`": "no command ‘ritornello-cli levitate’",
    "`ritornello --levitate`": "‘ritornello’ has no option --levitate",
    "`ritornello-cli train Mine --harder`": "‘ritornello-cli train’ has no option --harder",
    "[there](nowhere.md)": "nowhere.md",
    "{image} pictures/nothing.png": "pictures/nothing.png",
}
"""What a page may say wrongly, and what the build answers."""


def test_a_page_that_names_what_the_program_does_not_have_breaks_the_build(tmp_path):
    for name in ("conf.py", "handbook.py", "network_drawing.py", "_static"):
        (tmp_path / name).symlink_to(DOCS / name)
    (tmp_path / "index.md").write_text("# Wrong\n\n" + "\n\n".join(
        f"```{line}\n```" if line.startswith("{image}") else line for line in WRONG
    ), "utf-8")  # fmt: skip
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "dummy", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert [line for line, answer in WRONG.items() if answer not in done.stderr] == [], done.stderr


def test_commands_named_elsewhere_exist_too():
    sys.path.insert(0, str(DOCS))
    try:
        from handbook import wrong_commands
    finally:
        sys.path.remove(str(DOCS))
    said = {}
    for name in ("README.md", "CONTRIBUTING.md"):
        code = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", (PROJECT / name).read_text("utf-8"), re.DOTALL)
        said[name] = [wrong for pair in code for wrong in wrong_commands("\n".join(pair))]
    assert said == {"README.md": [], "CONTRIBUTING.md": []}


def test_every_picture_is_used_and_made_by_the_script(built):
    script = (DOCS / "screenshots.py").read_text("utf-8")
    shown = "\n".join(file.read_text("utf-8") for file in (PROJECT / "README.md", *DOCS.glob("*.md")))
    pictures = {file.stem for file in (DOCS / "pictures").iterdir()}
    assert {name for name in pictures if f'"{name}"' not in script} == set()
    assert {name for name in pictures if f"pictures/{name}.png" not in shown} == set()
    assert sum(file.stat().st_size for file in (DOCS / "pictures").iterdir()) < 1_000_000
