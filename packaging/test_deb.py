"""Try the .deb and the .run as people use them: in fresh minimal Debians, as an ordinary user, under Xvfb.

    sudo python3 packaging/test_deb.py --frozen dist/ritornello [--suites bookworm trixie] [--out build/tried]

Builds both, and an older version of each with a file that the newer lacks, from a folder that `build.py dir` made. Needs
root, debootstrap, Xvfb, xdotool, binutils, desktop-file-utils and appstream. Prints what it does and finds, the same into
OUT/log.txt, with pictures of the screen beside it. The exit status is 1 if anything was not as it should be.

The programs run without network, sound and D-Bus; their screen is outside, so that the packages' own Depends must do.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import debian_root
import linux_desktop
import linux_needs
import screen
import target_deb
import target_run

ROOT = Path(__file__).resolve().parent.parent
OLDER = "0.0.9"
STALE = "_internal/stale-file-of-0.0.9.so"
LARGEST_DEB_MB = 300
SLOWEST_START_S = 1.5
TOOLS = ("libglib2.0-bin", "xdg-utils", "shared-mime-info", "desktop-file-utils", "locales", "file")
"""What desktops bring: launchers and the databases of file types."""


GNOME = {"XDG_CURRENT_DESKTOP": "GNOME", "strange": "QDBusError"}
"""Makes xdg-open ask the desktop's own tool; and Qt miss the desktop's D-Bus, of which it says so."""


class Log:
    """Says what is done and found, and remembers what was not as it should be."""

    def __init__(self, path):
        self._file = path.open("w")
        self._began = time.monotonic()
        self.wrong = []
        self.where = ""

    def say(self, words):
        line = f"{time.monotonic() - self._began:6.1f} s  {self.where:9} {words}"
        print(line, flush=True)
        print(line, file=self._file, flush=True)

    def check(self, words, is_so, found=""):
        """One sentence that has to be true."""
        self.say(f"{'ok ' if is_so else 'NO '} {words}{f' ({found})' if found or not is_so else ''}")
        if not is_so:
            self.wrong.append(f"{self.where} {words}")


class Trial:
    """One Debian, one screen, one log."""

    def __init__(self, root, log, pictures):
        self.root, self.log, self._pictures = root, log, pictures
        self._screen = screen.Screen()

    def close(self):
        self._screen.close()
        for process in self.root.processes():
            os.kill(process, 9)

    def window(self, words, command, *, title="Ritornello", picture="", on=None, strange="", **options):
        """Run a program until its window is painted and says `title`, then end it. Seconds until painted, or None."""
        shown = on or self._screen
        moment = time.time()
        files = self.root.home_files()
        began = time.monotonic()
        process = self.root.start(*command, display=shown.name, **options)
        try:
            shown.wait_painted()
            seconds = time.monotonic() - began
            busy = self.root.processor_seconds()
            shown.wait_title(title)
        except TimeoutError as error:
            self._end(process)
            self.log.check(words, False, f"{error}; it said: {process.stdout.read().decode('utf-8', 'replace')[-800:]}")
            return None
        if picture:
            shown.wait_still()  # so that the whole of it is there to be looked at
            shown.picture(self._pictures / f"{self.log.where.replace(' ', '-')}-{picture}.png")
        self._end(process)
        said = process.stdout.read().decode("utf-8", "replace").strip()
        self.log.check(words, True, f"painted after {seconds:.2f} s, {busy:.2f} s of them computing")
        self.log.check(
            "  says nothing on the terminal", not said or bool(strange and re.search(strange, said)), said[-500:]
        )
        self.nothing_stays(moment)
        new = {
            name.split("/")[0] + "/" + "/".join(name.split("/")[1:3])
            for name in self.root.home_files().keys() - files.keys()
        }
        if new:
            self.log.say(f"      new in the home: {', '.join(sorted(new)[:12])}")
        return seconds

    def while_running(self, program, installer):
        """The installer must wait for the program to be closed."""
        script = """
            "$1" & program=$!
            until readlink /proc/$program/exe | grep -q /ritornello; do sleep 0.1; done
            sh "$2"; status=$?
            kill $program; wait $program; exit $status
        """
        status, said = self.root.run("sh", "-c", script, "sh", program, installer, display=self._screen.name)
        self.log.check("is not installed over a program that runs", status == 1 and "is running" in said, said[-300:])

    def _end(self, process):
        """As a desktop ends its programs, and not the launcher alone."""
        for number in self.root.processes():
            os.kill(number, 15)
        process.wait(timeout=60)

    def nothing_stays(self, moment):
        running = self.root.left_running()
        self.log.check("  leaves nothing running", not running, "; ".join(running))
        written = self.root.written_since(moment)
        self.log.check("  writes nothing outside the home", not written, ", ".join(written[:10]))

    def command(self, words, *command, expect=None, **options):
        """Run a program to its end. What it said."""
        began, moment = time.monotonic(), time.time()
        status, said = self.root.run(*command, **options)
        is_so = status == 0 and (expect is None or re.search(expect, said) is not None)
        self.log.check(words, is_so, f"{time.monotonic() - began:.1f} s" if is_so else f"exit {status}: {said[-1500:]}")
        self.nothing_stays(moment)
        return said


def try_deb(trial, newer, older):
    root, log = trial.root, trial.log
    root.update()
    before = root.folders()
    log.check("there is no Python here", not (root.folder / "usr/bin/python3").exists())
    began = time.monotonic()
    root.install(root.take_in(newer))
    log.say(f"apt installs it in {time.monotonic() - began:.0f} s; {_fields(root)}")
    log.check("its Depends bring no Python either", not (root.folder / "usr/bin/python3").exists())

    start = _command(root.folder / f"usr/share/{linux_desktop.ENTRY}")
    tune = _music(root, "Übung Nr. 1.mid")
    trial.window("starts by the command of its menu entry", start, picture="first-start")
    trial.window("opens a .mid given as argument", [*start, tune], title="^Übung Nr. 1", picture="argument")
    try_surroundings(trial, start, tune)
    try_itself(trial)

    install_tools(root)
    try_desktop(trial, f"/usr/share/{linux_desktop.ENTRY}", tune)
    trial.window("starts with LANG=de_DE.UTF-8", start, LANG="de_DE.UTF-8")

    log.say("-- an older version, and this one over it")
    root.administrate("apt-get", "purge", "-y", "ritornello")
    root.install(root.take_in(older))
    stale = root.folder / target_deb.PLACE / STALE
    log.check("the older version has a file that this one lacks", stale.exists())
    said = root.install(root.take_in(newer))
    log.check("apt replaces it", "1 upgraded" in said, said[-300:] if "1 upgraded" not in said else "")
    log.check("no stale file is left", not stale.exists())
    there = {
        str(path.relative_to(root.folder / target_deb.PLACE)) for path in (root.folder / target_deb.PLACE).rglob("*")
    }
    own = {
        line.partition(target_deb.PLACE + "/")[2] for line in root.administrate("dpkg", "-L", "ritornello").splitlines()
    }
    log.check(
        "its folder holds what the package lists, and nothing else",
        there == own - {""},
        str(sorted(there ^ own - {""})[:5]),
    )
    log.check("every file is as packed", not (said := root.administrate("dpkg", "--verify", "ritornello")), said[:300])
    trial.window("starts after the upgrade", start)

    log.say("-- removing it")
    kept = root.home_files()
    root.administrate("apt-get", "remove", "-y", "ritornello")
    log.check("its folder is gone", not (root.folder / target_deb.PLACE).exists())
    log.check(
        "the user's models and everything else of his stay",
        kept == root.home_files() and any("models/" in name for name in kept),
    )
    root.administrate("dpkg", "--purge", "ritornello")
    left = [
        path for path in root.folder.rglob("*itornello*") if root.home not in path.parents and path.parent.name != "srv"
    ]
    left = [path for path in left if not path.is_relative_to(root.folder / "proc")]
    log.check("nothing that bears its name is left outside the home", not left, ", ".join(map(str, left[:5])))
    gone = before - root.folders()
    log.check("no folder of others is gone", not gone, ", ".join(sorted(gone)[:5]))


def try_run(trial, newer, older, packages):
    root, log = trial.root, trial.log
    root.update()
    installer = root.take_in(newer)
    place = root.home / ".local/lib/ritornello"
    before = root.home_files()
    log.say("-- on a bare system")
    trial.command("says which packages are missing", "sh", installer, expect="apt install .*libxcb")
    trial.command("is removed again", "sh", "-c", "echo y | ~/.local/lib/ritornello/uninstall", expect="is removed")
    log.check(
        "the home is as before", before == root.home_files(), str(sorted(before.keys() ^ root.home_files().keys())[:8])
    )
    status, said = root.run(
        "sh", "-c", f"head -c 9000000 {installer} > half.run; sh half.run; s=$?; rm half.run; exit $s"
    )
    log.check(
        "a download that broke off is refused with a sentence",
        status == 1 and "incomplete" in said,
        said[-300:] if status != 1 else "",
    )
    log.check("and changes nothing", before == root.home_files())

    log.say("-- on a system with a desktop's libraries and tools")
    root.install(*packages)
    install_tools(root)
    others = root.home / ".local/share/applications/others.desktop"
    root.run(
        "sh",
        "-c",
        "mkdir -p .local/share/applications .local/share/mime/packages && echo > .local/share/applications/others.desktop",
    )
    before = root.home_files()
    trial.command("an older version is installed without root", "sh", root.take_in(older), expect="is installed")
    log.check("it has a file that this one lacks", (place / STALE).exists())
    trial.command("this one takes its place", "sh", installer, expect="is installed")
    log.check("no stale file is left", not (place / STALE).exists())
    log.check("nothing half made is left", {path.name for path in place.parent.iterdir()} == {"ritornello"})

    entry = root.home / ".local/share" / linux_desktop.ENTRY
    trial.command("its menu entry is valid", "desktop-file-validate", _inside(root, entry))
    trial.command(
        "so is that of the uninstaller",
        "desktop-file-validate",
        _inside(root, root.home / ".local/share" / target_run.UNINSTALL_ENTRY),
    )
    log.check(
        "its icon is there",
        (root.home / f".local/share/icons/hicolor/scalable/{linux_desktop.ICONS['app']}.svg").is_file(),
    )
    start, tune = _command(entry), _music(root, "Übung Nr. 1.mid")
    trial.window("starts by the command of its menu entry", start, picture="first-start")
    trial.window("opens a .mid given as argument", [*start, tune], title="^Übung Nr. 1", picture="argument")
    trial.command(
        "ritornello-cli is on the path",
        "sh",
        "-lc",
        "PATH=$HOME/.local/bin:$PATH; ritornello-cli --help",
        expect="usage: ritornello-cli",
    )
    try_surroundings(trial, start, tune)
    try_itself(trial, _inside(root, place) + "/")
    try_desktop(trial, _inside(root, entry), tune)
    trial.window("starts with LANG=de_DE.UTF-8", start, LANG="de_DE.UTF-8")
    trial.while_running(start[0], installer)

    log.say("-- removing it")
    models = {name: state for name, state in root.home_files().items() if name.startswith(".local/share/Ritornello/")}
    trial.command("is removed", "sh", "-c", "echo y | ~/.local/lib/ritornello/uninstall", expect="is removed")
    after = root.home_files()
    log.check("the user's models stay", models.items() <= after.items() and any("models/" in name for name in models))
    log.check("what was there before is there", before.keys() <= after.keys() and others.exists())
    left = (
        {name for name in after.keys() - before.keys() if name.startswith(".") and "itornello" in name}
        - models.keys()
        - {".local/share/Ritornello/"}
    )
    log.check("nothing else that bears its name is left", not left, ", ".join(sorted(left)[:5]))


def try_surroundings(trial, start, tune):
    strange = "Qt depends on a UTF-8 locale, and has switched"  # which Qt says in four lines, and it works
    trial.window(
        "starts with LANG=C, and opens a file with an umlaut",
        [*start, tune],
        title="^Übung Nr. 1",
        LANG="C",
        strange=strange,
    )
    trial.window("starts with no LANG at all", start, LANG=None, strange=strange)
    trial.window("starts where /usr is read-only", start, read_only=True)
    remote = screen.Screen(remote=True)
    trial.window("starts on a remote X", start, on=remote, online=True)
    remote.close()


def try_itself(trial, folder=""):
    """The program's own smoke test, and a model for the home."""
    _, said = trial.root.run(f"{folder}ritornello", "--help")
    if "--smoke-test" in said:
        said = trial.command(
            "proves itself (--smoke-test)", f"{folder}ritornello", "--smoke-test", QT_QPA_PLATFORM="offscreen"
        )
        for line in said.strip().splitlines():
            trial.log.say(f"      {line}")
    else:
        trial.log.check("knows --smoke-test", False)
    trial.command(
        "exports a model", f"{folder}ritornello-cli", "models", "export", "starter", "Mein Modell.ritornello-model"
    )
    trial.command("imports it again", f"{folder}ritornello-cli", "models", "import", "Mein Modell.ritornello-model")


def install_tools(root):
    root.install(*TOOLS)
    root.administrate("localedef", "-i", "de_DE", "-f", "UTF-8", "de_DE.UTF-8")


def try_desktop(trial, entry, tune):
    """Icon, launchers and file types, once a desktop's tools are there."""
    root, log = trial.root, trial.log
    project = root.home / "Stück.ritornello"
    shutil.copyfile(ROOT / "tests/data/projects/format 1.ritornello", project)
    os.chown(project, *[int(debian_root.UID)] * 2)
    types = {tune: "audio/midi", "Stück.ritornello": "application/x-ritornello-project"}
    types["Mein Modell.ritornello-model"] = "application/x-ritornello-model"
    for file, kind in types.items():
        trial.command(
            f"{file} is {kind}", "gio", "info", "-a", "standard::content-type", file, expect=f"content-type: {kind}"
        )
        trial.command(f"Ritornello is offered for {kind}", "gio", "mime", kind, expect=f"{linux_desktop.ID}.desktop")
    starts = [trial.window(f"starts from its icon, {at} of 5", ["gio", "launch", entry]) for at in range(1, 6)]
    painted = [seconds for seconds in starts if seconds is not None]
    if painted:
        median = statistics.median(painted)
        log.check(
            f"is painted {median:.2f} s after the icon was pressed (median of {len(painted)}; less than {SLOWEST_START_S})",
            median < SLOWEST_START_S,
            f"load {os.getloadavg()[0]:.1f}",
        )
    trial.window(
        "xdg-open opens a .mid",
        ["xdg-open", tune],
        title="^Übung Nr. 1",
        picture="xdg-open",
        **GNOME,
    )
    trial.window("xdg-open opens a project", ["xdg-open", project.name], title="^Stück", **GNOME)
    trial.window(
        "xdg-open opens a model",
        ["xdg-open", "Mein Modell.ritornello-model"],
        picture="model",
        **GNOME,
    )
    if entry.startswith(
        "/usr"
    ):  # without a desktop xdg-open can't read an entry whose program lies in a folder with a space
        trial.window("xdg-open without a desktop opens a .mid", ["xdg-open", tune], title="^Übung Nr. 1")


def _command(entry):
    """The words of an entry's Exec, without the place of a file."""
    import shlex

    line = re.search("^Exec=(.*)$", entry.read_text("utf-8"), re.MULTILINE).group(1)
    return [word for word in shlex.split(line.replace("\\\\", "\\")) if word != "%f"]


def _inside(root, path):
    return "/" + str(path.relative_to(root.folder))


def _music(root, name):
    """A .mid in the user's home; its name."""
    shutil.copyfile(ROOT / "resources/demo/seed.mid", root.home / name)
    os.chown(root.home / name, *[int(debian_root.UID)] * 2)
    return name


def _fields(root):
    said = root.administrate(
        "dpkg-query", "-W", "-f", "${Version}, ${Installed-Size} KB; Depends: ${Depends}", "ritornello"
    )
    return said.strip()


def build(frozen, folder):
    """(newer, older) of each kind."""
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    before = folder / "frozen-older"
    shutil.rmtree(before, ignore_errors=True)
    shutil.copytree(
        frozen, before, symlinks=True, copy_function=os.link, ignore=shutil.ignore_patterns("tensorflow")
    )  # no window needs it, and it is most of what takes time to pack
    (before / STALE).write_text("of an older version")
    made = {
        "deb": (
            target_deb.make(version, frozen, folder),
            target_deb.make(OLDER, before, folder, packed=("-Zgzip", "-z1")),
        ),
        "run": (target_run.make(version, frozen, folder), target_run.make(OLDER, before, folder, level=1)),
    }
    shutil.rmtree(before)
    return made


def found(folder):
    """The same, where they were built before."""
    kinds = {"deb": "*.deb", "run": "*.run"}
    return {kind: tuple(sorted(folder.glob(form), key=lambda path: OLDER in path.name)) for kind, form in kinds.items()}


def validate(log, folder):
    """What their own tools say of the menu entries and of the page for software shops."""
    share = folder / "share"
    linux_desktop.lay(share, "0.0.9")
    entries = [share / linux_desktop.ENTRY, linux_desktop.FOLDER / "uninstall.desktop"]
    page = share / f"metainfo/{linux_desktop.ID}.metainfo.xml"
    for command in (["desktop-file-validate", *entries], ["appstreamcli", "validate", "--no-net", page]):
        done = subprocess.run(command, capture_output=True, text=True)
        log.check(f"{command[0]} is content", done.returncode == 0, (done.stdout + done.stderr).strip())
    shutil.rmtree(share)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frozen", type=Path, default=ROOT / "dist" / "ritornello", help="made by build.py dir")
    parser.add_argument("--suites", nargs="+", default=["bookworm", "trixie"])
    parser.add_argument("--kinds", nargs="+", default=["deb", "run"], choices=["deb", "run"])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "tried")
    parser.add_argument("--roots", type=Path, default=ROOT / "build" / "roots", help="where bare Debians are kept")
    parser.add_argument("--built", action="store_true", help="take the packages that lie in OUT")
    options = parser.parse_args(arguments)
    out = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    log = Log(out / "log.txt")
    log.where = "build"
    made = found(out) if options.built else build(options.frozen.absolute(), out)
    validate(log, out)
    for kind in options.kinds:
        size = made[kind][0].stat().st_size / 1e6
        log.say(f"{made[kind][0].name}: {size:.0f} MB")
        if kind == "deb":
            log.check(f"the .deb has at most {LARGEST_DEB_MB} MB", size <= LARGEST_DEB_MB)
    packages = linux_needs.packages(options.frozen)
    for suite in options.suites:
        bare = debian_root.bare(suite, options.roots)
        for kind in options.kinds:
            log.where = f"{suite} {kind}"
            trial = Trial(debian_root.Root(bare, out / "root"), log, out)
            try:
                try_deb(trial, *made[kind]) if kind == "deb" else try_run(trial, *made[kind], packages)
            finally:
                trial.close()
    shutil.rmtree(out / "root")
    log.where = "all"
    log.say(
        f"{len(log.wrong)} things are not as they should be{''.join(f'{chr(10)}      {words}' for words in log.wrong)}"
    )
    return 1 if log.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
