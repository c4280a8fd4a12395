"""TensorFlow as the training process starts it, for every test of this folder."""

import pytest

from core.learning.network.runtime import quiet_tensorflow


@pytest.fixture(scope="session", autouse=True)
def _tensorflow_as_in_training() -> None:
    quiet_tensorflow(2)
