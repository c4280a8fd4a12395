"""What the frozen program holds, told without building it."""

import argparse
import ast
import importlib.util
import re
import shutil
import sys
from pathlib import Path

import frozen
import pytest

from core import paths
from core.cli import entry

PROJECT = Path(__file__).resolve().parents[2]
every_platform = pytest.mark.parametrize("platform", frozen.PLATFORMS)


@every_platform
def test_every_command_of_the_command_line_is_inside_though_no_import_names_it(platform: str) -> None:
    """PyInstaller follows imports; commands are loaded by name."""
    named = {f"core.cli.{run.partition(':')[0]}" for run in commands(entry.make_parser())}
    assert len(named) >= 8
    assert named <= set(frozen.hidden_imports(platform))


def commands(parser: argparse.ArgumentParser) -> set[str]:
    """What each command runs, as "module:function"."""
    runs = {parser.get_default("run")} - {None}
    for action in parser._actions:
        for child in (action.choices or {}).values() if isinstance(action, argparse._SubParsersAction) else ():
            runs |= commands(child)
    return runs


@every_platform
def test_every_module_of_ours_is_inside_and_can_be_found(platform: str) -> None:
    names = frozen.hidden_imports(platform)
    assert {"core", "gui", "core.learning.training.process", "core.corpus.pool", "gui.app"} <= set(names)
    assert [name for name in names if importlib.util.find_spec(name) is None] == []


@every_platform
def test_the_frozen_program_finds_every_resource_where_the_build_puts_it(
    platform: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for source, folder in frozen.data(platform):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tmp_path / folder)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resources() == tmp_path / "resources"
    found = (paths.soundfont(), paths.starter_model(), paths.demo_seed(), paths.sample_collection())
    assert all(path.exists() for path in found)
    ours = {path.relative_to(PROJECT) for path in (PROJECT / "resources").rglob("*") if path.is_file()}
    there = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {path for path in ours if path.suffix not in (".py", ".pyc")} <= there


@every_platform
def test_nothing_that_our_own_code_imports_is_kept_out(platform: str) -> None:
    imported = set()
    for top in ("core", "gui"):
        for path in (PROJECT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    assert "pygame.mixer" in imported
    assert imported & set(frozen.exclusions(platform)) == set()


@pytest.mark.parametrize("module", ["gui/__main__.py", "core/__main__.py"])
def test_both_programs_let_a_spawned_process_take_over_before_anything_else(module: str) -> None:
    """A frozen child starts the program itself: it would open a window, or read the arguments as its own."""
    tree = ast.parse((PROJECT / module).read_text("utf-8"))
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    statements = [
        node for node in main.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    assert ast.unparse(statements[0]) == "multiprocessing.freeze_support()"


def test_each_program_has_an_entry_that_starts_its_main() -> None:
    assert set(frozen.ENTRIES) == {"ritornello", "ritornello-cli"}
    for name, module in (("ritornello", "gui.__main__"), ("ritornello-cli", "core.__main__")):
        assert f"from {module} import main" in frozen.ENTRIES[name].read_text("utf-8")


@every_platform
def test_the_one_version_is_told_by_the_frozen_programs_own_record(platform: str) -> None:
    version = frozen.version()
    record = frozen.texts(platform)[f"ritornello-{version}.dist-info/METADATA"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert f"Version: {version}\n" in record
    assert f'version = "{version}"' in (PROJECT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("platform", "inside", "is_kept"),
    [
        ("linux", "PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("linux", "PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("linux", "PySide6/Qt/plugins/platforms/libqwayland.so", True),
        ("linux", "PySide6/Qt/plugins/wayland-shell-integration/libxdg-shell.so", True),
        ("linux", "PySide6/Qt/plugins/iconengines/libqsvgicon.so", True),
        ("linux", "PySide6/Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so", True),
        ("windows", "PySide6/plugins/platforms/qwindows.dll", True),
        ("windows", "PySide6/plugins/platforms/qoffscreen.dll", True),
        ("windows", "PySide6/plugins/styles/qmodernwindowsstyle.dll", True),
        ("macos", "PySide6/Qt/plugins/platforms/libqcocoa.dylib", True),
        ("linux", "PySide6/Qt/plugins/platforms/libqeglfs.so", False),
        ("linux", "PySide6/Qt/plugins/platformthemes/libqgtk3.so", False),
        ("windows", "PySide6/plugins/tls/qopensslbackend.dll", False),
        ("macos", "PySide6/Qt/plugins/imageformats/libqwebp.dylib", False),
        ("linux", "tensorflow/libtensorflow_cc.so.2", True),
        ("linux", "tensorflow/lite/experimental/microfrontend/python/ops/_audio_microfrontend_op.so", True),
        ("linux", "tensorflow/python/profiler/internal/_pywrap_profiler_plugin.so", False),
        ("windows", "tensorflow/python/profiler/internal/_pywrap_profiler_plugin.pyd", False),
        ("windows", "PySide6/opengl32sw.dll", False),
        ("linux", "libstdc++.so.6", False),
        ("linux", "PySide6/QtWidgets.abi3.so", True),
        ("linux", "resources/icons/app.svg", True),
    ],
)
def test_of_what_others_bring_along_only_what_is_used_stays(platform: str, inside: str, is_kept: bool) -> None:
    assert frozen.is_left_out(inside, platform) != is_kept


def test_what_our_own_resources_are_is_never_left_out() -> None:
    for platform in frozen.PLATFORMS:
        for source, folder in frozen.data(platform):
            assert not frozen.is_left_out(f"{folder}/{Path(source).name}", platform)
