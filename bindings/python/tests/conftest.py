from collections.abc import Iterator

import pytest

import cloche


@pytest.fixture
def sandbox() -> Iterator[cloche.Sandbox]:
    with cloche.Sandbox() as made:
        yield made
