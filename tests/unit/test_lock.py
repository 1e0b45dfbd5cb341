"""One writer, and who it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index import Index, IndexBusyError
from index.storage.lock import NOTE, Writer, current_writer, writer_lock
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]

HOLD = """
import sys, time
from pathlib import Path
from index.storage.lock import writer_lock
sys.argv = ["/usr/bin/qa", "add"]
with writer_lock(Path({folder!r})):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_writer_hears_who_the_first_one_is(tmp_path: Path) -> None:
    code = HOLD.format(folder=str(tmp_path))
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder, holder.stdout:
        assert holder.stdout.readline() == b"held\n"
        with Index.open(tmp_path, embedder=WordEmbedder()) as opened:
            started = time.monotonic()
            with pytest.raises(IndexBusyError) as error:
                opened.add_articles([])
            assert time.monotonic() - started < 1
            assert f"qa, process {holder.pid} on " in str(error.value)
            assert ", since 20" in str(error.value)
            assert str(holder.pid) in str(opened.status().writer)
            holder.kill()
            holder.wait()
            # The note is still there, and nobody is.
            assert (tmp_path / NOTE).exists()
            assert opened.status().writer is None
            opened.add_articles([])
    assert not (tmp_path / NOTE).exists()


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"pid": "x"}', "\x00"])
def test_a_strange_note_is_none(tmp_path: Path, note: str) -> None:
    (tmp_path / NOTE).write_text(note, "utf-8")
    assert current_writer(tmp_path) is None
    with writer_lock(tmp_path):
        assert isinstance(current_writer(tmp_path), Writer)
        assert current_writer(tmp_path) == current_writer(tmp_path)
        assert current_writer(tmp_path).pid == os.getpid()  # type: ignore[union-attr]
