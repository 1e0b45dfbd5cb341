"""What every child needs, imported and used once in the process they are forked from."""

from __future__ import annotations

import logging
import random

from tests.durability import agree, check, crash, damage, faults, power, readers, workload

# What a disk that is made to fail gives rise to is expected.
logging.getLogger("index").addHandler(logging.NullHandler())

with check.scratch() as _folder, check.open_index(_folder / "warm") as _index:
    _index.add_articles([workload.article("test:warm", random.Random(0))])
    _index.search("Hafen und Brücke", language="de")

__all__ = ["agree", "check", "crash", "damage", "faults", "power", "readers", "workload"]
