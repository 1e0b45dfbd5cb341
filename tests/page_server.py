"""A page server in a process of its own, as ``qa serve`` starts it, for the tests that ask one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def serving(folder: Path, password: str | None = None) -> Iterator[str]:
    """The address of a server over the index in ``folder``; it is ended afterwards."""
    command = [sys.executable, "-m", "qa", "serve", "--port", "0", "--index", str(folder)]
    environment = os.environ | ({"QA_PASSWORD": password} if password else {})
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            # The socket listens before the line is printed, so a request waits and is not refused.
            said = server.stdout.readline()
            address = re.match(r"Fundstelle: (http://127\.0\.0\.1:\d+)/", said)
            assert address, said
            yield address[1]
        finally:
            server.terminate()
