"""A short form of each group; make test-hostile runs all of it."""

from __future__ import annotations

import pytest

from tests.hostile.case import names, run


@pytest.mark.parametrize("name", names())
def test_the_product_does_right_by_hostile_input(name: str) -> None:
    outcome = run(name, quick=True)
    assert not outcome.wrong
    assert outcome.right
