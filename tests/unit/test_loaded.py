"""What is loaded once, by whoever comes first."""

from __future__ import annotations

import gc
import sys
import threading
import time

import pytest

from index.loaded import TURN, Loaded, undisturbed


def test_it_is_loaded_once_however_many_ask() -> None:
    loads: list[int] = []

    def load() -> int:
        loads.append(1)
        time.sleep(0.05)
        return len(loads)

    thing = Loaded(load)
    thing.begin()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(thing.get())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    thing.begin()
    assert found == [1] * 5
    assert loads == [1]


def test_what_fails_beside_other_work_is_told_to_who_asks_and_tried_anew() -> None:
    tries: list[int] = []

    def load() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(f"try {len(tries)}")
        return "there"

    thing = Loaded(load)
    thing.begin()
    while not tries or thing._lock.locked():
        time.sleep(0.001)
    with pytest.raises(OSError, match="try 2"):
        thing.get()
    assert thing.get() == "there"


def test_turns_are_short_and_garbage_stays_in_the_block_alone() -> None:
    usual = sys.getswitchinterval()
    with undisturbed(), undisturbed():
        assert sys.getswitchinterval() == pytest.approx(TURN)
        assert not gc.isenabled()
    assert sys.getswitchinterval() == usual
    assert gc.isenabled()
