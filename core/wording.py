"""How sentences say numbers."""


def counted(number: int, thing: str) -> str:
    """1 piece, 1,148 pieces."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
