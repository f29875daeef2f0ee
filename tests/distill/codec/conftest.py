"""One small model for all tests of the codec."""

import pytest
import update_making


@pytest.fixture(scope="session")
def space():
    return update_making.small_space()
