"""Which Ritornello this is: what pyproject.toml says, as the installed or frozen copy has it with it."""

from importlib import metadata


def version() -> str:
    """Such as "0.2.0"; "unknown" in a checkout that was never set up."""
    try:
        return metadata.version("ritornello")
    except metadata.PackageNotFoundError:
        return "unknown"
