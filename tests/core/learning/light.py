"""The presets with the least to trace: tracing the network that copies takes most of the time of a training of few notes."""

from dataclasses import replace

from core.learning.spec import PRESETS
from core.learning.training import prepare

LIGHT = {
    name: replace(preset, network=replace(preset.network, attention="running_mean")) for name, preset in PRESETS.items()
}


def train_light() -> None:
    """Let this process prepare trainings by the light presets, for good; a test of ours lets monkeypatch do it."""
    prepare.PRESETS = LIGHT
