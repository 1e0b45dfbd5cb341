"""Wrong passwords: each one makes the next answer later, and after many an address is locked."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = 3
"""Wrong passwords without a delay: people mistype."""

FIRST_DELAY = 0.25
LONGEST_DELAY = 4.0
LOCK_AFTER = 20
LOCK_SECONDS = 900.0
MAX_ADDRESSES = 10_000


@dataclass(slots=True)
class _Record:
    count: int
    last: float


class Attempts:
    """How often each address gave a wrong password within the last quarter of an hour.

    A right one does not wipe the slate: behind a proxy all share one address, and somebody's right
    password must not give a guesser new tries.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def locked_for(self, address: str) -> float:
        """Seconds for which the address is locked; 0 if it is not."""
        record = self._record(_network(address))
        if record is None or record.count < LOCK_AFTER:
            return 0.0
        return record.last + LOCK_SECONDS - self._clock()

    def failed(self, address: str) -> float:
        """Note a wrong password; the seconds by which its answer is to be delayed."""
        network = _network(address)
        record = self._record(network)
        count = record.count + 1 if record else 1
        self._records[network] = _Record(count, self._clock())
        self._records.move_to_end(network)
        if len(self._records) > MAX_ADDRESSES:
            self._records.popitem(last=False)
        if count <= FREE:
            return 0.0
        doublings = min(count - FREE - 1, 16)
        return min(FIRST_DELAY * 2.0**doublings, LONGEST_DELAY)

    def __len__(self) -> int:
        return len(self._records)

    def _record(self, network: str) -> _Record | None:
        record = self._records.get(network)
        if record is not None and self._clock() - record.last >= LOCK_SECONDS:
            del self._records[network]
            return None
        return record


def _network(address: str) -> str:
    """An IPv6 user has a whole /64 to choose addresses from: it counts as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
