"""What the handbook's pages take from the program itself, so that they can't go stale: a Sphinx extension.

Roles: {action}`name` an action by its menu and words, {key}`name` its first key, {setting}`name` a setting, {ui}`words`
words of the window. A name that the program doesn't know is a warning, and the build takes warnings for errors. So is a
command or option of `ritornello-cli` that doesn't exist, wherever a page writes one; {option}`…` is Sphinx' own.

Directives: keys, fields, presets, command-line, docstring and network make the pages of reference.
"""

import argparse
import ast
import dataclasses
import importlib
import inspect
import math
import re
import shlex
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from docutils import nodes
from docutils.parsers.rst import directives
from network_drawing import drawing, starter_plan
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from core.cli.entry import make_parser
from core.learning.spec import PRESETS
from core.settings import Settings
from gui.__main__ import make_parser as make_window_parser
from gui.actions import MENUS, SPECS, ActionSpec
from gui.shortcuts_page import mouse_table

_LOG = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parent.parent
ACTIONS = {spec.name: spec for spec in SPECS}
PROGRAM, WINDOW = "ritornello-cli", "ritornello"
_KINDS = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "on or off", "tuple": "a list"}


# What there is


@cache
def window_words() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """All texts of the program; and those with gaps to be filled in, as patterns."""
    found: set[str] = set()
    for folder in ("gui", "core"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    gap = re.compile(r"\\\{\w*\\\}")
    patterns = [re.compile(gap.sub(".+", re.escape(text))) for text in found if "{" in text and len(text) < 200]
    return frozenset(found), tuple(patterns)


def is_in_window(words: str) -> bool:
    texts, patterns = window_words()
    return words in texts or f"{words}…" in texts or any(pattern.fullmatch(words) for pattern in patterns)


def keys_of(spec: ActionSpec) -> list[str]:
    """As they are written on most keyboards, each once."""
    keys = [key.replace("Return", "Enter") for key in spec.keys] or [spec.key_words] * bool(spec.key_words)
    return list(dict.fromkeys(keys))


def parsers(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A parser and all beneath it, by what is typed to reach them."""
    yield name, parser
    for action in parser._actions:  # noqa: SLF001 -- argparse has no other door
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for word, inner in action.choices.items():
                yield from parsers(inner, f"{name} {word}")


@cache
def commands() -> dict[str, argparse.ArgumentParser]:
    return {**dict(parsers(make_parser(), PROGRAM)), **dict(parsers(make_window_parser(), WINDOW))}


def wrong_commands(text: str) -> Iterator[str]:
    """What is wrong with the commands in a piece of code or shell script."""
    for line in text.replace("\\\n", " ").splitlines():
        named = re.search(rf"(?:^|[\s/])({WINDOW}|{PROGRAM})(?= |$)(.*)", line)
        if not named:
            continue
        command, rest = named.groups()
        try:
            words = shlex.split(re.split(r"[|;)>]|&&", rest)[0], comments=True)
        except ValueError:
            words = rest.split()
        while words and f"{command} {words[0]}" in commands():
            command += f" {words.pop(0)}"
        parser = commands()[command]
        if command == PROGRAM and words and words[0][0] not in "-[" and words[0] != "COMMAND":
            yield f"there is no command ‘{PROGRAM} {words[0]}’"
        known = parser._option_string_actions  # noqa: SLF001
        wrong = [
            word.partition("=")[0] for word in words if word.startswith("--") and word.partition("=")[0] not in known
        ]
        yield from (f"‘{command}’ has no option {word}" for word in wrong)


def documented_fields(kind: type) -> Iterator[tuple[str, str, Any, str]]:
    """Name, type, default (dataclasses.MISSING where there is none) and docstring of a dataclass's fields."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    told, last, written = {}, "", {}
    for node in tree.body if isinstance(tree, ast.ClassDef) else ():
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
            written[last] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last:
            told[last] = inspect.cleandoc(str(node.value.value)).replace("\n", " ")
    hints = {}
    with suppress(NameError):  # of what is imported for the sake of types alone
        hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        hint = hints.get(field.name)
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        yield (
            field.name,
            " or ".join(map(_shown, choices)) or _kind(written.get(field.name, "")),
            default,
            told.get(field.name, ""),
        )


def _kind(hint: str) -> str:
    """What a type is in JSON, in words."""
    one, _, rest = hint.partition(" | None")
    return _KINDS.get(one.partition("[")[0], "an object") + (" or nothing" if hint != one and not rest else "")


def loaded(name: str) -> Any:
    """A module, or something of one, by "module:name"."""
    module, _, inner = name.partition(":")
    found = importlib.import_module(module)
    return getattr(found, inner) if inner else found


# Roles


class _Named(SphinxRole):
    """A role that takes a name which the program must know."""

    kind = ""
    label = ""

    def wrong(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        _LOG.warning("there is no %s ‘%s’ in the program", self.kind, self.text, location=self.get_location())
        return [nodes.literal(self.text, self.text)], []

    def linked(self, shown: nodes.Node) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        link = addnodes.pending_xref(
            "",
            shown,
            refdomain="std",
            reftype="ref",
            reftarget=f"{self.label}-{self.text}".lower(),
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        return [link], []


class ActionRole(_Named):
    kind = label = "action"

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        spec = ACTIONS.get(self.text)
        if spec is None:
            return self.wrong()
        words = spec.text.rstrip("…")
        words = f"{spec.menu} ▸ {words}" if spec.menu else words
        return self.linked(nodes.inline(words, words, classes=["in-window"]))


class KeyRole(_Named):
    kind = "action with a key"

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        spec = ACTIONS.get(self.text)
        if spec is None or not keys_of(spec):
            return self.wrong()
        return [_key(keys_of(spec)[0])], []


class SettingRole(_Named):
    kind = label = "setting"

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text not in {field.name for field in dataclasses.fields(Settings)}:
            return self.wrong()
        return self.linked(nodes.literal(self.text, self.text))


class WordsRole(_Named):
    kind = "text"

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if not is_in_window(self.text):
            return self.wrong()
        return [nodes.inline(self.text, self.text, classes=["in-window"])], []


def _key(words: str) -> nodes.literal:
    return nodes.literal(words, words, classes=["kbd"])


# Directives


def _paragraph(text: str, *more: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph(text, text, *more) if text else nodes.paragraph("", "", *more)


def _table(head: list[str], rows: list[list[nodes.Node]], widths: list[int]) -> nodes.table:
    group = nodes.tgroup(cols=len(widths))
    group += [nodes.colspec(colwidth=width) for width in widths]
    titles = [nodes.entry("", _paragraph(title)) for title in head]
    group += nodes.thead("", nodes.row("", *titles))
    group += nodes.tbody("", *(nodes.row("", *(nodes.entry("", cell) for cell in row)) for row in rows))
    return nodes.table("", group, classes=["wide"])


class _FromCode(SphinxDirective):
    has_content = False

    def target(self, name: str) -> nodes.target:
        """Where a role's link leads."""
        target = nodes.target("", "", ids=[nodes.make_id(name)], names=[name.lower()])
        self.state.document.note_explicit_target(target)
        return target


class KeysDirective(_FromCode):
    """Every action, menu by menu, and what the mouse does on the roll."""

    def run(self) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for menu in (*MENUS, ""):
            specs = [spec for spec in SPECS if spec.menu == menu]
            if specs:
                section = nodes.section(ids=[nodes.make_id(f"menu-{menu or 'none'}")])
                title = menu or "In no menu"
                rows = [self._row(spec) for spec in specs]
                section += [nodes.title(title, title), _table(["What", "Keys", ""], rows, [34, 26, 40])]
                made.append(section)
        title, rows = mouse_table()
        section = nodes.section(ids=["mouse"])
        cells = [[_paragraph(what), _paragraph(how)] for what, how in rows]
        made.append(section)
        section += [nodes.title(title, title), _table(["What", "How"], cells, [40, 60])]
        return made

    def _row(self, spec: ActionSpec) -> list[nodes.Node]:
        keys: list[nodes.Node] = []
        for key in keys_of(spec):
            keys += [nodes.Text(" ")] * bool(keys) + [_key(key)]
        return [
            _paragraph("", self.target(f"action-{spec.name}"), nodes.Text(spec.text)),
            _paragraph("", *keys),
            _paragraph(spec.tip),
        ]


class FieldsDirective(_FromCode):
    """The fields of a dataclass: name, what it may be, what it is where nothing is said, what it means.

    label: what roles call them by. also: another class, which tells of fields of the same names.
    """

    required_arguments = 1
    option_spec: ClassVar = {"label": directives.unchanged, "also": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        rows = []
        also = self.options.get("also")
        elsewhere = {name: told for name, _, _, told in documented_fields(loaded(also))} if also else {}
        for name, kind, default, own in documented_fields(loaded(self.arguments[0])):
            told = own or elsewhere.get(name, "")
            if not told:
                _LOG.warning("‘%s’ of %s is told of nowhere", name, self.arguments[0], location=self.get_location())
            target = [self.target(f"{self.options['label']}-{name}")] if "label" in self.options else []
            words, _ = self.parse_inline(told)
            empty = (
                default is dataclasses.MISSING
                or dataclasses.is_dataclass(default)
                or default in ((), {}, None, "")
                or default == math.inf
            )
            said = kind if empty else f"{kind}; by default {_shown(default)}"
            first = _paragraph("", *target, nodes.literal(name, name))
            rows.append([first, _paragraph(said), nodes.paragraph("", "", *words)])
        return [_table(["", "Is", "Means"], rows, [22, 26, 52])]


def _shown(value: object) -> str:
    if value is True or value is False:
        return "on" if value else "off"
    return repr(value) if not isinstance(value, str) else f"“{value}”" if value else "nothing"


class PresetsDirective(_FromCode):
    """The four manners of training side by side: every number of each."""

    def run(self) -> list[nodes.Node]:
        presets = list(PRESETS.values())
        rows = [
            [_paragraph("", nodes.literal(field.name, field.name))]
            + [_paragraph(_plain(getattr(getattr(preset, part), field.name))) for preset in presets]
            for part in ("tokenizer", "network", "training")
            for field in dataclasses.fields(getattr(presets[0], part))
        ]
        return [_table(["", *(preset.title for preset in presets)], rows, [24, 19, 19, 19, 19])]


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return _shown(value) if isinstance(value, bool) else str(value)


class CommandLineDirective(_FromCode):
    """Every command with its usage, arguments and options, from the parsers themselves."""

    def run(self) -> list[nodes.Node]:
        parts: list[str] = []
        for name, parser in commands().items():
            heading = f"## {name}\n\n" if name.count(" ") < 2 else f"### {name}\n\n"
            usage = parser.format_usage().removeprefix("usage: ").replace(parser.prog, name).rstrip()
            parts.append(f"{heading}{parser.description or ''}\n\n```text\n{textwrap.dedent(usage)}\n```\n\n")
            parts.append(f"```{{program}} {name}\n```\n\n")
            parts += [_argument(action) for action in parser._actions]  # noqa: SLF001
            if parser.epilog:
                parts.append(f"{parser.epilog}\n\n")
        return self.parse_text_to_nodes("".join(parts), allow_section_headings=True)


def _argument(action: argparse.Action) -> str:
    if isinstance(action, (argparse._HelpAction, argparse._SubParsersAction)) or action.dest == "json":  # noqa: SLF001
        return ""
    value = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    value = "" if action.nargs == 0 else str(action.metavar or value)
    told = (action.help or "").replace("%%", "%")
    if action.default not in (None, False, "", argparse.SUPPRESS, []):
        told += f" By default {action.default}." if told.endswith(".") or not told else f"; by default {action.default}"
    told = told[:1].upper() + told[1:]
    if not action.option_strings:
        return f"`{value or action.dest}`\n: {told or 'Needed.'}\n\n" if told else ""
    signature = ", ".join(f"{option} {value}".strip() for option in action.option_strings)
    return f":::{{option}} {signature}\n{told}\n:::\n\n"


class DocstringDirective(_FromCode):
    """The docstring of a module as it stands, from its second line on where `tail` is said."""

    required_arguments = 1
    option_spec: ClassVar = {"tail": directives.flag}

    def run(self) -> list[nodes.Node]:
        text = inspect.cleandoc(loaded(self.arguments[0]).__doc__)
        if "tail" in self.options:
            text = textwrap.dedent(text.partition("\n")[2]).strip("\n")
        return [nodes.literal_block(text, text, language="text", classes=["docstring"])]


_FOLDED = '<details class="boxes"><summary>Every box in words</summary>'


class NetworkDirective(_FromCode):
    """The drawing of the starter model's network, and each of its boxes in words."""

    def run(self) -> list[nodes.Node]:
        plan = starter_plan()
        picture = nodes.raw("", f'<div class="network-frame">{drawing(plan)}</div>', format="html")
        told = nodes.definition_list()
        for block in plan.blocks:
            title = f"{block.title} ({block.detail})" if block.detail else block.title
            told += nodes.definition_list_item("", nodes.term("", title), nodes.definition("", _paragraph(block.tip)))
        before, after = (nodes.raw("", html, format="html") for html in (_FOLDED, "</details>"))
        return [picture, before, told, after]


# The commands that pages name


def _link_pictures(_app: Sphinx, doctree: nodes.document) -> None:
    """To themselves in full size, as Sphinx does with those that are given a width."""
    for image in doctree.findall(nodes.image):
        image.attributes.setdefault("width", "100%")


def _check_commands(_app: Sphinx, doctree: nodes.document) -> None:
    for node in doctree.findall(lambda node: isinstance(node, (nodes.literal, nodes.literal_block))):
        for sentence in wrong_commands(node.astext()):
            _LOG.warning("%s", sentence, location=node)


# What is handed on


SHIPPED_FROM = ("Sphinx", "furo", "sphinx-basic-ng", "Pygments", "snowballstemmer")
"""The packages whose scripts and styles are among the pages."""


def _add_licences(app: Sphinx, error: Exception | None) -> None:
    """LICENCES.txt among the styles: the texts that have to travel with those packages' files."""
    if error or app.builder.format != "html":
        return
    texts = []
    for name in SHIPPED_FROM:
        found = distribution(name)
        files = [file for file in found.files or () if re.match(r"(LICEN|COPYING|AUTHORS)", file.name)]
        texts += [f"{name} {found.version}: {file.name}\n\n{file.read_text('utf-8')}" for file in files]
    (Path(app.outdir) / "_static" / "LICENCES.txt").write_text("\n\n\n".join(texts), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    for name, role in {"action": ActionRole, "key": KeyRole, "setting": SettingRole, "ui": WordsRole}.items():
        app.add_role(name, role())
    for name, directive in {
        "keys": KeysDirective,
        "fields": FieldsDirective,
        "presets": PresetsDirective,
        "command-line": CommandLineDirective,
        "docstring": DocstringDirective,
        "network": NetworkDirective,
    }.items():
        app.add_directive(name, directive)
    app.connect("doctree-read", _check_commands)
    app.connect("doctree-read", _link_pictures)
    app.connect("build-finished", _add_licences)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
