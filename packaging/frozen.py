"""What the frozen program holds, told apart by platform: "linux", "windows" or "macos". Needs no PyInstaller.

PyInstaller finds what import statements name. The rest is said here: modules that are loaded by name, files that are
read, and what is left out of what others bring along. A path within the program is written with slashes.
"""

import fnmatch
import sys
import tomllib
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ("linux", "windows", "macos")
WINDOW, CONSOLE = "ritornello", "ritornello-cli"
ENTRIES = {name: ROOT / "packaging" / "entries" / f"{name}.py" for name in (WINDOW, CONSOLE)}
HANDBOOK = ROOT / "build" / "docs"

EXCLUDED = (
    # what is for developers, or for windows and terminals that we don't open
    *("tkinter", "readline", "curses", "_curses", "pytest", "setuptools", "pkg_resources", "IPython", "sphinx", "yaml"),
    # what TensorFlow and NumPy would use if it were there; training uses neither Keras nor these
    *("keras", "h5py", "grpc", "tensorboard", "PIL", "scipy", "pandas", "matplotlib", "torch", "jax", "numpy.f2py"),
    # pygame beside its mixer and its MIDI ports; it does without
    *("pygame.camera", "pygame._camera", "pygame.font", "pygame.sysfont", "pygame.freetype", "pygame.ftfont"),
    *("pygame._freetype", "pygame.imageext", "pygame.scrap", "pygame.gfxdraw", "pygame.surfarray"),
    *("pygame.pkgdata", "pygame.examples", "pygame.tests", "pygame.docs", "pygame._sdl2"),
    "PySide6.QtDBus",
)

LEFT_OUT = {
    # TensorFlow: compilers and profilers that nothing here asks for, and what only developers read
    "all": (
        *("tensorflow/compiler/mlir/stablehlo/stablehlo_extension.*", "tensorflow/compiler/tf2xla/ops/_xla_ops.*"),
        *("tensorflow/python/profiler/internal/_pywrap_profiler_plugin.*", "*.pyi", "*/py.typed", "*.lib"),
        *(
            "tensorflow/lite/python/_pywrap_*_wrapper.*",
            "tensorflow/lite/python/lib*pywrap_tflite_*",
            "tensorflow/include/*",
            "pygame/*.ttf",
            "pygame/*.bmp",
        ),
        *("pygame/*.icns", "pygame/*.ico", "PySide6/Qt/translations/*", "PySide6/translations/*", "*.dist-info/*"),
    ),
    # what every Linux has, and has newer than we: with ours, graphics drivers would not load, or a newer libc be needed
    "linux": (
        *("libstdc++.so.6", "libgcc_s.so.1", "libdbus-1.so.3"),
        *("libexpat.so.1", "libfontconfig.so.1", "libfreetype.so.6"),
    ),
    "windows": ("PySide6/opengl32sw.dll", "PySide6/d3dcompiler_*.dll"),
    "macos": (),
}

PLUGINS = {
    "platforms": ("xcb", "wayland", "wayland-*", "offscreen", "windows", "cocoa"),
    "platformthemes": ("xdgdesktopportal",),
    "platforminputcontexts": ("*",),
    "iconengines": ("svgicon",),
    "imageformats": ("svg", "ico"),
    "styles": ("*",),
    "wayland-shell-integration": ("*",),
    "wayland-decoration-client": ("*",),
}
"""Qt's plugins that are shipped, by kind; the others are for film, printers, networks and screens without a desktop."""

STUBS = {
    "tensorflow/python/profiler/internal/_pywrap_profiler_plugin.py": "",
    "tensorflow/lite/python/_pywrap_analyzer_wrapper.py": "",
    "tensorflow/lite/python/_pywrap_tensorflow_interpreter_wrapper.py": "",
    "tensorflow/lite/python/_pywrap_tensorflow_lite_metrics_wrapper.py": "MetricsWrapper = None\n",
}
"""Modules that TensorFlow imports as it starts and that are left out, 45 MB: in their place, what the import asks for."""


def platform_here() -> str:
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


def version() -> str:
    """The one version, pyproject.toml's."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def hidden_imports(platform: str) -> list:
    """Modules that no import statement names: commands are loaded by name, and so is what a spawned process runs."""
    files = [path.relative_to(ROOT) for top in ("core", "gui") for path in (ROOT / top).rglob("*.py")]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files}
    return sorted(names)


def exclusions(platform: str) -> list:
    """Modules that are not to be found."""
    return list(EXCLUDED)


def data(platform: str) -> list:
    """(file, folder within the program) of every file of ours that is read and not imported."""
    found = []
    for top, within in ((ROOT / "resources", "resources"), (HANDBOOK, "resources/handbook")):
        for path in sorted(top.rglob("*")):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                found.append((str(path), PurePosixPath(within, path.parent.relative_to(top).as_posix()).as_posix()))
    return found


def texts(platform: str) -> dict:
    """Path within the program → content, of files that the build writes."""
    return {
        **STUBS,
        f"ritornello-{version()}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: ritornello\nVersion: {version()}\n",
    }


def is_left_out(inside: str, platform: str) -> bool:
    """True of a file that PyInstaller collected for the path `inside` the program, and that nothing here uses."""
    plugin = _plugin(inside)
    if plugin is not None:
        kind, name = plugin
        return not any(fnmatch.fnmatchcase(name, kept) for kept in PLUGINS.get(kind, ()))
    return any(fnmatch.fnmatchcase(inside, pattern) for pattern in (*LEFT_OUT["all"], *LEFT_OUT[platform]))


def _plugin(inside: str) -> tuple | None:
    """Kind and plain name of a plugin of Qt, such as ("platforms", "xcb"); None of any other file."""
    parts = PurePosixPath(inside).parts
    if parts[:1] != ("PySide6",) or "plugins" not in parts[:-2]:
        return None
    name = parts[-1].partition(".")[0].removeprefix("lib")
    return parts[-2], name[1:] if name.startswith("q") and parts[-2] in (
        "platforms",
        "platformthemes",
        "iconengines",
        "imageformats",
    ) else name


def is_library(inside: str) -> bool:
    """True of a shared library that is there only because another file is linked to it."""
    path = PurePosixPath(inside)
    folder = path.parent.as_posix()
    is_shared = ".so" in path.name or path.suffix.lower() in (".dll", ".dylib")
    is_pythons = path.name.lower().startswith(("libpython", "python", "vcruntime", "ucrtbase", "api-ms-"))
    places = (".", "PySide6", "PySide6/Qt/lib", "shiboken6", "pygame")
    is_there = folder in places or folder.endswith((".libs", ".dylibs"))
    is_module = any(
        mark in path.name for mark in (".cpython-", ".abi3.so", ".abi3.dylib")
    ) and not path.name.startswith("lib")
    return is_shared and is_there and not is_pythons and not is_module
