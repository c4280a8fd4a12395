"""Set Ritornello up in this checkout and run it: needs a Python that it supports, and nothing else.

    python3 packaging/bootstrap.py run  [ARGUMENTS…]   set up, then open the app
    python3 packaging/bootstrap.py test [ARGUMENTS…]   set up, then run all checks and tests

Makes `.venv` beside this checkout's pyproject.toml with the versions that constraints.txt pins. Uses the standard
library alone and syntax that old Pythons can read, so that they too are refused with a sentence.
"""

import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
CONSTRAINTS = os.path.join(ROOT, "packaging", "constraints.txt")
STAMP = os.path.join(VENV, "ritornello-setup.txt")
OLDEST, NEWEST = (3, 11), (3, 13)

# Shared library → Debian package that holds it. What Qt's xcb and offscreen plugins, its OpenGL stubs and pygame's
# FluidSynth load from the system; everything else comes inside the wheels.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}

# What has to load before a set-up counts as done: pip takes a package for installed whose files are half there.
MODULES = "core gui PySide6.QtWidgets numpy platformdirs pretty_midi pygame tensorflow threadpoolctl tqdm"
TOOLS = "hypothesis importlinter mypy pytest pytest_timeout pytestqt xdist"


class SetupError(Exception):
    """Set-up can't go on; the text says why and what to do."""


def main(arguments):
    if len(arguments) < 1 or arguments[0] not in ("run", "test"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    try:
        refuse_unsupported_python()
        install_system_packages()
        install_python_packages(with_tools=arguments[0] == "test")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. Start this again: what is half made is made anew.", file=sys.stderr)
        return 130
    if arguments[0] == "test":
        return run_checks(arguments[1:])
    return subprocess.call([venv_python(), "-m", "gui"] + arguments[1:], cwd=os.getcwd())


def refuse_unsupported_python():
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise SetupError(
            "This is Python %d.%d. Ritornello needs Python 3.11, 3.12 or 3.13. Start this script with one of them."
            % sys.version_info[:2]
        )


def install_system_packages():
    """Install what is missing where that is possible; else say the one line that does it."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_system_packages()
    if not missing:
        return
    administrator = [] if os.geteuid() == 0 else ["sudo", "-n"]
    install = "apt-get install -y --no-install-recommends " + " ".join(missing)
    sudo = "sudo " if administrator and shutil.which("sudo") else ""
    line = "%sapt-get update && %s%s" % (sudo, sudo, install)
    if not shutil.which("apt-get"):
        raise SetupError(
            "These system libraries are missing (Debian's names): %s. Install them with your system's "
            "package manager, then start this again." % " ".join(missing)
        )
    if administrator and (not sudo or subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL)):
        raise SetupError(
            "Some system libraries are missing. This installs them%s; then start this again:\n  %s"
            % ("" if sudo else ", as the administrator (root)", line)
        )
    print("Installing system packages: " + " ".join(missing), flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    if administrator:
        administrator = ["sudo", "-n", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.call(administrator + ["apt-get", "update", "-q"], env=environment, stdout=subprocess.DEVNULL)
    if subprocess.call(administrator + install.split(), env=environment, stdout=subprocess.DEVNULL):
        raise SetupError("The system packages could not be installed. This is the line that failed:\n  " + line)


def missing_system_packages():
    found = known_libraries()
    missing = [package for library, package in sorted(LIBRARIES.items()) if library not in found]
    if not has_venv():
        missing.append("python3-venv")
    return missing


def known_libraries():
    """The names of all shared libraries that the loader's cache knows."""
    ldconfig = shutil.which("ldconfig") or "/sbin/ldconfig"
    try:
        listing = subprocess.check_output([ldconfig, "-p"], universal_newlines=True)
    except (OSError, subprocess.CalledProcessError):
        return set(LIBRARIES)  # no glibc loader to ask: let Qt speak for itself
    return {line.split()[0] for line in listing.splitlines() if line.startswith("\t")}


def has_venv():
    """Debian's python3 comes without the part of venv that installs pip."""
    try:
        import ensurepip
        import venv
    except ImportError:
        return False
    return bool(ensurepip and venv)


def install_python_packages(with_tools):
    """Bring .venv to what constraints.txt pins; costs nothing when it is there already."""
    wanted = fingerprint()
    done = read_stamp()
    if done[:1] == [wanted] and ("tools" in done or not with_tools) and os.path.exists(venv_python()):
        return
    if os.path.exists(STAMP):
        os.remove(STAMP)  # from here on it is half made, whatever interrupts
    if os.path.exists(VENV) and not (done and same_python() and os.path.exists(venv_python())):
        print(
            "Removing .venv: %s" % ("it is of another Python" if done else "its set-up was never finished"), flush=True
        )
        shutil.rmtree(VENV)
    if not os.path.exists(VENV):
        print("Making .venv", flush=True)
        if subprocess.call([sys.executable, "-m", "venv", VENV]):
            raise SetupError("A virtual environment could not be made in %s." % VENV)
    print("Installing the Python packages (about 2 GB the first time)", flush=True)
    with_tools = with_tools or "tools" in done
    # pip splits this variable at spaces, of which a URI has none; "." spares it the checkout's path.
    environment = dict(os.environ, PIP_CONSTRAINT=pathlib.Path(CONSTRAINTS).as_uri(), PIP_DISABLE_PIP_VERSION_CHECK="1")
    install = [venv_python(), "-m", "pip", "install", "--quiet", "--editable", ".[dev]" if with_tools else "."]
    if subprocess.call(install, env=environment, cwd=ROOT):
        raise SetupError(
            "The Python packages could not be installed; pip says why above. It needs the network and 3 GB of free "
            "space. Start this again when that is mended."
        )
    loads = "import " + (MODULES + " " + TOOLS if with_tools else MODULES).replace(" ", ", ")
    quiet = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", PYGAME_HIDE_SUPPORT_PROMPT="1")
    if subprocess.call([venv_python(), "-I", "-c", loads], env=quiet):
        raise SetupError("What was installed does not load; Python says why above. Start this again: it is made anew.")
    with open(STAMP + ".new", "w") as stamp:
        stamp.write("\n".join([wanted] + (["tools"] if with_tools else [])))
    os.replace(STAMP + ".new", STAMP)


def fingerprint():
    """Changes when anything that decides what is installed changes."""
    digest = hashlib.sha256(("%s %s %s" % (sys.version, platform.machine(), ROOT)).encode())
    for path in (CONSTRAINTS, os.path.join(ROOT, "pyproject.toml")):
        with open(path, "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def read_stamp():
    try:
        with open(STAMP) as stamp:
            return stamp.read().split()
    except OSError:
        return []


def same_python():
    """True when .venv was made by this very version of Python."""
    try:
        with open(os.path.join(VENV, "pyvenv.cfg")) as configuration:
            return "version = %d.%d.%d" % sys.version_info[:3] in configuration.read()
    except OSError:
        return False


def venv_python():
    return os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")


def run_checks(pytest_arguments):
    """Format, lint, types, layers, then the tests, whose summary line comes last."""
    scripts = os.path.dirname(venv_python())
    checks = [
        ("format", [os.path.join(scripts, "ruff"), "format", "--check", "--quiet", "."]),
        ("lint", [os.path.join(scripts, "ruff"), "check", "--quiet", "."]),
        ("types", [os.path.join(scripts, "mypy")]),
        ("layers", [os.path.join(scripts, "lint-imports"), "--no-cache"]),
    ]
    failed = []
    for name, command in checks:
        print("== " + name, flush=True)
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
    if failed:
        print("FAILED: " + ", ".join(failed), flush=True)
    print("== tests", flush=True)
    # A file's tests stay together, in one of as many processes as there are cores; each loads TensorFlow, so few.
    at_once = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
    tests = subprocess.call([venv_python(), "-m", "pytest"] + at_once + pytest_arguments, cwd=ROOT)
    return tests or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
