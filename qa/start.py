"""Where the command ``qa`` begins: Ctrl-C ends it quietly from the first moment on.

Importing the command takes a moment; this module imports nothing of the project before it has said
what Ctrl-C does.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType


def main() -> int:
    """Run the command with the arguments of the process and return its exit code."""
    _fill_standard_streams()
    heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    if heard:
        signal.signal(signal.SIGINT, _leave)
    gc.disable()  # modules are no garbage; to look for it takes a twentieth of their import
    from qa.cli.language import prepare

    prepare(sys.argv[1:])
    from qa.cli.main import main as command

    gc.enable()
    if heard:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        return command()
    finally:
        if heard:  # a thread that still loads a model is waited for
            signal.signal(signal.SIGINT, _leave)


def _fill_standard_streams() -> None:
    """Where the caller has closed one (``>&-``), what is opened next would take its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8"))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first Ctrl-C: what runs may still say what it has done."""
    signal.signal(signal.SIGINT, _leave)
    raise KeyboardInterrupt


def _leave(_number: int, _frame: FrameType | None) -> None:
    # Nothing is open yet, or the work has been ended in order and only the process is left.
    os._exit(128 + signal.SIGINT)  # as shells have it
