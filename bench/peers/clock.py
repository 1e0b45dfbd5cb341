"""The wall time and the peak memory of one process, by a parent so small that it hides neither.

A child's ``ru_maxrss`` starts from its parent's size, so what measures has nothing but the standard
library: ``python -I clock.py LIMIT COMMAND...`` prints one object of JSON, and ends the command
after LIMIT seconds. What the command prints goes to standard error.
"""

import json
import os
import signal
import subprocess
import sys
import time


def main() -> None:
    start = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:], stdout=sys.stderr, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGALRM, lambda number, frame: process.kill())
    signal.alarm(int(sys.argv[1]))
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    signal.alarm(0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts in kilobytes, macOS in bytes.
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "code": process.returncode}))


if __name__ == "__main__":
    main()
