"""Imports run without the garbage collector, which is as before afterwards."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from lakehouse.lasting_objects import lasting_objects


class Ring:
    """An object that refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_objects_of_the_block_are_left_out_by_the_collector():
    with lasting_objects():
        assert not gc.isenabled()
        kept = weakref.ref(Ring())
    later = weakref.ref(Ring())
    assert gc.isenabled()
    gc.collect()
    assert kept() is not None
    assert later() is None


def test_an_error_turns_the_collector_on_again():
    with pytest.raises(ImportError), lasting_objects():
        raise ImportError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with lasting_objects():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
