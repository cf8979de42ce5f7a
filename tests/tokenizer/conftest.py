"""What every test of a tokenizer uses."""

import pytest
from hard_texts import HARD
from hypothesis import settings

settings.register_profile("any speed", deadline=None)  # a busy machine makes no test fail
settings.load_profile("any speed")


@pytest.fixture(scope="session")
def hard_texts():
    return list(HARD.values())
