"""What Windows tells of a program in its properties and its warnings, as PyInstaller takes it."""

import re
from pathlib import Path

TEXT = """VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0),
  kids=[
    StringFileInfo([StringTable("040904B0", [
{strings}
    ])]),
    VarFileInfo([VarStruct("Translation", [0x409, 1200])]),
  ],
)
"""
SAID = {"ritornello": "Ritornello", "ritornello-cli": "Ritornello's command line"}


def write(path: Path, name: str, version: str) -> Path:
    """The version of the program NAME.exe, in a file for `EXE(version=…)`. Returns the path."""
    said = {
        "CompanyName": "The Ritornello authors",
        "FileDescription": SAID[name],
        "FileVersion": version,
        "InternalName": name,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{name}.exe",
        "ProductName": "Ritornello",
        "ProductVersion": version,
    }
    strings = "\n".join(f'      StringStruct("{key}", "{value}"),' for key, value in said.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(numbers=four_numbers(version), strings=strings), "utf-8")
    return path


def four_numbers(version: str) -> tuple:
    """As Windows counts versions: "0.2.0" is (0, 2, 0, 0). Raises ValueError where it isn't made of numbers."""
    if not re.fullmatch(r"\d+(\.\d+){0,3}", version):
        raise ValueError(f"no version for Windows: {version}")
    return tuple(([int(part) for part in version.split(".")] + [0, 0, 0])[:4])
