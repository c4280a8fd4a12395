"""TensorFlow as the training process starts it, for every test of this folder."""

from contextlib import suppress

import pytest

from core.learning.network.tensorflow.runtime import quiet_tensorflow


@pytest.fixture(scope="session", autouse=True)
def _tensorflow_as_in_training() -> None:
    with suppress(RuntimeError):  # a test of another folder has woken its devices already
        quiet_tensorflow(2)
