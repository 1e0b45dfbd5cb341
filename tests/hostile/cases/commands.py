"""Commands: wrong words, broken pipes, full devices, odd terminals, Ctrl-C at any moment."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from index import Index, make_article
from qa.cli.main import main
from tests.fakes import WordEmbedder
from tests.hostile.case import Case

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-m", "qa")

COMMANDS = (
    "add", "query", "show", "list", "remove", "status", "serve", "sync", "forget", "verify", "repair", "backup",
    "restore", "eval",
)  # fmt: skip
WRONG = (
    ["nonsense"], ["--nonsense"], ["query"], ["query", "a", "b"], ["query", "a", "-k", "0"], ["query", "a", "-k", "101"],
    ["query", "a", "-k", "x"], ["query", ""], ["query", "???"], ["query", "x" * 3000], ["query", "a", "--since", "bald"],
    ["query", "a", "--since", "2025-13-45"], ["query", "a", "--since", "2025", "--until", "2024"], ["query", "a", "--until"],
    ["list", "--since", "x"], ["list", "--since", "2025", "--until", "2024"], ["show"], ["show", "a", "b"],
    ["show", "a", "--start", "-1"], ["show", "a", "--start", "x"], ["remove"], ["forget"], ["forget", "a", "--all"],
    ["add"], ["add", "-", "--format", "nonsense"], ["add", "x", "--max-size", "0"], ["sync"], ["backup"], ["restore"],
    ["serve", "--port", "-1"], ["serve", "--port", "70000"], ["serve", "--host", "0.0.0.0"], ["eval"], ["status", "x"],
)  # fmt: skip
MISSING = (
    ["show", "ffffffffffff"], ["show", ""], ["show", "\x00"], ["show", "file:///nirgends.txt"], ["show", "%"], ["show", "' OR 1=1"],
    ["remove", "ffffffffffff"], ["remove", ""], ["remove", "*"], ["forget", "nirgends.txt"], ["forget", ""], ["forget", "\x00"],
)  # fmt: skip
FAILING = (
    ["add", "/nirgends/x.txt"], ["add", "\x00"], ["add", ""], ["add", "/dev/zero"], ["add", "/dev/null"], ["add", "http://127.0.0.1/x"],
    ["add", "file:///nirgends.txt"], ["add", "gopher://x"], ["add", "--", "-x"], ["sync", "/nirgends"], ["sync", ""],
    ["restore", "/nirgends.tar"], ["restore", "/dev/null"], ["backup", "/nirgends/x/y.tar"], ["eval", "/nirgends.jsonl"],
    ["query", "Werk", "--reader", "/nirgends"], ["query", "Werk", "--reranker", "/nirgends"],
)  # fmt: skip
TERMINALS: tuple[Mapping[str, str], ...] = (
    {"COLUMNS": "20"}, {"COLUMNS": "1"}, {"COLUMNS": "0"}, {"COLUMNS": "x"}, {"LC_ALL": "C"}, {"LC_ALL": "nonsense"},
    {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "C"}, {"TERM": "dumb"}, {"TERM": ""}, {"NO_COLOR": "1"},
    {"FORCE_COLOR": "1"}, {"HOME": "/nirgends"}, {"XDG_DATA_HOME": "\u00fc"}, {"TZ": "nonsense"}, {"LANG": ""},
)  # fmt: skip


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Within this process where that shows it, else as processes of their own."""
    place = folder / "index"
    with Index.open(place, embedder=WordEmbedder()) as index:
        for number in range(3):
            text = f"Das Werk {number} in Neustadt kostet 48 Millionen Euro. Größe: \U0001f600"
            index.add_articles(
                [make_article(text, source=f"x{number}", title="=1+1", language="de")]
            )
    indexes = {
        "": place,
        " without an index": folder / "nothing",
        " with a file for it": folder / "file",
    }
    (folder / "file").write_text("x", "utf-8")
    for command in COMMANDS:
        yield Case(f"{command} --help", partial(_ends, [command, "--help"], {0}, place))
    for named, path in indexes.items():
        for words in WRONG[:: 4 if quick else 1]:
            codes = {2} if not named else {2, 3}
            yield Case(f"{_told(words)}{named}", partial(_ends, words, codes, path))
        for words in (*MISSING, *FAILING)[:: 4 if quick else 1]:
            if words[0] in ("add", "restore") and named == " without an index":
                continue  # these make one
            codes = {1} if words in MISSING and not named else {1, 2, 3}
            yield Case(f"{_told(words)}{named}", partial(_ends, words, codes, path))
    yield from _processes(place, folder, quick)


def _processes(place: Path, folder: Path, quick: bool) -> Iterator[Case]:
    for settings in TERMINALS[:: 5 if quick else 1]:
        for words in (["list"], ["status"]):
            yield Case(
                f"{words[0]} with {dict(settings)}", partial(_works_with, words, place, settings)
            )
    yield Case("a pipe that closes", partial(_pipe_closes, place))
    for unbuffered in ("", "1"):
        yield Case(
            f"a full device, PYTHONUNBUFFERED={unbuffered}",
            partial(_device_is_full, place, {"PYTHONUNBUFFERED": unbuffered}),
        )
    yield Case("no standard output", partial(_no_output, place))
    yield Case("no model is loaded", partial(_loads_no_model, place))
    if not quick:
        yield Case("surrogates in a question", partial(_surrogate, place))
    for number in range(3 if quick else 30):
        delay = 0.02 + number * (0.5 if quick else 0.1)
        times = 1 + number % 3
        yield Case(
            f"Ctrl-C after {delay:.2f} s, {times} ×", partial(_interrupted, place, delay, times)
        )


def _told(words: Sequence[str]) -> str:
    return " ".join(word[:20] for word in words)


def _ends(words: list[str], codes: set[int], index: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--index", str(index), *words])
    said = err.getvalue()
    assert code in codes, f"exit code {code}: {said}"
    if code:
        assert len((said + out.getvalue()).strip()) > 15, "nothing is said"
    assert not re.search(r"unexpected \w*(Error|Exception)", said), said
    assert "Traceback" not in said, said
    assert "Error:" not in said.replace("Error: ", ""), said


def _run(
    words: Sequence[str | bytes],
    place: Path,
    *,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, "--index", str(place), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)} | dict(env or {}),
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


def _works_with(words: list[str], place: Path, settings: Mapping[str, str]) -> None:
    done = _run(words, place, env=settings)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert done.stdout
    assert b"Traceback" not in done.stderr


def _pipe_closes(place: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*PROGRAM, "--index", str(place), "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0
    assert said == b""


def _device_is_full(place: Path, environment: Mapping[str, str]) -> None:
    with open("/dev/full", "wb") as full:
        done = _run(["list"], place, env=environment, stdout=full)
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 3, f"exit code {done.returncode}: {said}"
    assert "Traceback" not in said, said
    assert "Exception ignored" not in said, said
    assert "No space left" in said, said


def _no_output(place: Path) -> None:
    command = f'exec "{sys.executable}" -m qa --index "{place}" list >&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", command], env=environment, cwd=ROOT, capture_output=True, timeout=60
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 3)


def _loads_no_model(place: Path) -> None:
    code = (
        "import sys; from qa.cli.main import main\n"
        f"for words in (['list'], ['status'], ['show', 'x0']): assert main(['--index', {str(place)!r}, *words]) == 0\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gradio'} & sys.modules.keys()\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == b"[]"


def _surrogate(place: Path) -> None:
    done = _run([b"query", b"Was kostet das Werk \xff\xfe?", b"--json", b"--no-reader"], place)
    assert done.returncode in (0, 1, 3)
    assert b"Traceback" not in done.stderr
    if done.returncode < 3:
        json.loads(done.stdout)


def _interrupted(place: Path, delay: float, times: int) -> None:
    """Ends within a second of the first signal, with 130 or its work done, and says no traceback."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*PROGRAM, "--index", str(place), "query", "Was kostet das Werk?"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT,
    )  # fmt: skip
    time.sleep(delay)
    ended = process.poll() is not None
    began = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    try:
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    # A second on a machine of one's own; tests share theirs.
    assert time.monotonic() - began < 5
    if delay > 0.1:  # before that Python itself begins, and says its own word
        assert b"Traceback" not in said, said.decode("utf-8", "replace")[-600:]
    # Two signals may meet the interpreter at its end, which the signal's own action then ends.
    assert process.returncode in ((0, 1, 3) if ended else (0, 1, 3, 130, -signal.SIGINT))
