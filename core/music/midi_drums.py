"""What makes a channel one of drums: channel 10, bank 120 (General MIDI 2) or 127 (XG), or a message of GS."""

DRUM_CHANNEL = 9
"""Channel 10, counted from 0."""
DRUM_BANKS = (120, 127)
"""Bank select MSB."""


def rhythm_of(exclusive: bytes) -> tuple[int, bool] | None:
    """The channel that a GS message ("use for rhythm part") makes one of drums, or of melody; None of other messages.

    exclusive: what follows the status byte and the length.
    """
    if len(exclusive) < 9 or exclusive[0] != 0x41 or exclusive[2:5] != b"\x42\x12\x40" or exclusive[6] != 0x15:
        return None
    if exclusive[5] & 0xF0 != 0x10:
        return None
    block = exclusive[5] & 0x0F  # part 10 comes first, then 1 to 9, then 11 to 16
    channel = DRUM_CHANNEL if block == 0 else block - 1 if block < 10 else block
    return channel, exclusive[7] > 0
