"""The workflows: what GitHub would say of them, and that all they name is there."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import build
import pytest
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".github" / "workflows"
WORKFLOWS = {path.stem: YAML(typ="safe").load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
MORE_THAN_READING = {
    ("installers", "draft"): {"contents": "write"},
    ("nightly", "benchmarks"): {"contents": "write"},
    ("docs", "publish"): {"pages": "write", "id-token": "write"},
}


def jobs() -> list[tuple[str, str, dict]]:
    return [(workflow, name, job) for workflow, told in WORKFLOWS.items() for name, job in told["jobs"].items()]


def commands(workflow: str, job: str | None = None) -> str:
    """All that is run there."""
    chosen = [told for name, told in WORKFLOWS[workflow]["jobs"].items() if job in (None, name)]
    return "\n".join(step.get("run", "") for told in chosen for step in told["steps"])


def test_they_are_what_github_takes() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *FOLDER.glob("*.yml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert WORKFLOWS.keys() == {"test", "installers", "nightly", "docs"}


@pytest.mark.parametrize(
    "form", sorted((PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda form: form.stem
)
def test_the_forms_for_issues_are_what_github_takes(form: Path) -> None:
    schema = "vendor.github-issue-config" if form.stem == "config" else "vendor.github-issue-forms"
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, form], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_path_that_one_names_is_there(workflow: str) -> None:
    text = (FOLDER / f"{workflow}.yml").read_text("utf-8")
    named = set(re.findall(r"(?<![\w/.-])(?:packaging|resources|tests|docs|core|gui|\.github)/[\w./*-]+", text))
    assert named or "bootstrap" in text
    assert [path for path in named if not (PROJECT / path.partition("*")[0]).exists()] == []
    modules = re.findall(r"-m (tests\.[\w.]+)", text)
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


def test_every_kind_of_artefact_is_built_by_the_script_that_builds() -> None:
    named = set(re.findall(r"packaging/build\.py (\w+)", commands("installers")))
    assert named <= set(build.TARGETS)
    assert set(build.TARGETS) - named == {"docs"}  # by their own workflow
    assert "packaging/build.py docs" in commands("docs")
    for target in set(build.TARGETS) - {"dir"}:
        assert (PROJECT / "packaging" / f"target_{target}.py").exists(), target


@pytest.mark.parametrize("system", ["linux", "windows", "macos"])
def test_the_frozen_program_proves_itself_on(system: str) -> None:
    assert re.search(r"ritornello(\.exe)?\"? --smoke-test", commands("installers", system))


def test_the_benchmarks_that_are_measured_every_night_are_there() -> None:
    measured = re.search(r"tests\.benchmarks\.history \S+ (.+)", commands("nightly"))
    assert measured is not None
    for benchmark in shlex.split(measured.group(1)):
        name = benchmark.partition(" ")[0]
        assert (PROJECT / "tests" / "benchmarks" / f"{name}.py").exists()


def test_actions_are_pinned_to_a_version_and_are_githubs_own() -> None:
    used = [step["uses"] for _, _, job in jobs() for step in job["steps"] if "uses" in step]
    assert len(used) > 10
    assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", action)] == []


def test_a_job_may_only_read_unless_it_says_what_for() -> None:
    assert all(told["permissions"] == {"contents": "read"} for told in WORKFLOWS.values())
    given = {(workflow, name): job["permissions"] for workflow, name, job in jobs() if "permissions" in job}
    assert given == MORE_THAN_READING


def test_no_job_goes_on_for_ever() -> None:
    assert [name for _, name, job in jobs() if "timeout-minutes" not in job] == []


def test_all_supported_pythons_and_systems_are_tested() -> None:
    tried = {(case["system"].partition("-")[0], case["python"]) for case in WORKFLOWS["test"]["jobs"]["test"]["strategy"]["matrix"]["include"]}  # fmt: skip
    assert {("ubuntu", python) for python in ("3.11", "3.12", "3.13")} <= tried
    assert {("windows", "3.12"), ("macos", "3.12")} <= tried


def test_a_word_from_outside_is_never_part_of_a_command() -> None:
    """`${{ … }}` in a command is text before the shell sees it: a tag's name could be one."""
    assert not re.search(r"\$\{\{", "\n".join(commands(workflow) for workflow in WORKFLOWS))
