"""The peers, and for each the virtual environment that it runs in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALL_SECONDS = 3600
TORCH = ("torch==2.13.0", "transformers==5.23.0")
"""Pinned, as the newest torch may come with gigabytes for graphics cards."""
SENTENCES = ("sentence-transformers==6.2.0", *TORCH)
MARK = "requirements.txt"
"""Written into an environment when it is complete."""


class SideError(Exception):
    """A side cannot be measured; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Peer:
    """``key`` names its module and its folder. One without requirements runs where we run."""

    key: str
    title: str
    requirements: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"bench.peers.{self.key}_side"


PEERS = (
    Peer("ours", "Fundstelle"),
    Peer("txtai", "txtai", ("txtai==9.14.0", *TORCH)),
    Peer(
        "haystack",
        "Haystack",
        ("haystack-ai==3.4.1", "sentence-transformers-haystack==2.0.0", *SENTENCES),
    ),
    Peer(
        "langchain",
        "LangChain EnsembleRetriever",
        (
            "langchain-classic==1.0.8",
            "langchain-community==0.4.2",
            "langchain-huggingface==1.2.3",
            "rank-bm25==0.2.2",
            "faiss-cpu==1.15.1",
            *SENTENCES,
        ),
    ),
    Peer("shortest", "sentence-transformers + faiss", ("faiss-cpu==1.15.1", *SENTENCES)),
    Peer("bm25s", "bm25s", ("bm25s==0.3.16", "PyStemmer==3.1.0")),
    Peer("rank_bm25", "rank_bm25", ("rank-bm25==0.2.2",)),
)


def python_of(peer: Peer, folder: Path) -> Path:
    """The Python that a peer's side runs with; its environment is made where it is not there."""
    if not peer.requirements:
        return Path(sys.executable)
    place, wanted = folder / "venv", "\n".join(peer.requirements)
    python, mark = place / "bin" / "python", place / MARK
    if not mark.is_file() or mark.read_text("utf-8") != wanted:
        shutil.rmtree(place, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(place)])
        quiet = ["--quiet", "--disable-pip-version-check"]
        _run([str(python), "-m", "pip", "install", *quiet, *peer.requirements])
        mark.write_text(wanted, "utf-8")
    return python


def _run(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        subprocess.run(
            command,
            check=True,
            env=environment,
            timeout=INSTALL_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise SideError(f"its environment was not made within {INSTALL_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        raise SideError(f"its environment: {last_line(error.stderr)}") from None


def last_line(text: str) -> str:
    """The last line that says something: of an error, its message."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no word")
