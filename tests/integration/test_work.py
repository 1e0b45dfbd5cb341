"""What a question costs, as counted work: times differ from machine to machine, these do not.

Each figure has the room of a few small changes. One that grows beyond it was either worth it, and
then the number here grows with a reason in the commit, or it was not meant.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.count_question import QUESTION, count
from index import Index

AT_MOST = {
    "encoder, passes": 2,
    "encoder, texts": 5,
    "reader, passes": 5,
    "reader, texts": 5,
    "tokens given to both": 1_000,
    "calls of terms": 400,
    "postings": 80,
    "SQL statements": 5,
    "rows fetched": 60,
}

COLD = """
import json, sys
from qa.cli.main import main
assert main(["--index", sys.argv[1], "query", "--json", sys.argv[2]]) == 0
with open("/proc/self/io") as told:
    read = dict(line.split(": ") for line in told.read().splitlines())
print()
print(json.dumps({"modules": sorted(sys.modules), "bytes": int(read["rchar"])}))
"""
NOT_LOADED = {
    *("torch", "transformers", "sentence_transformers", "tokenizers", "onnxruntime"),
    *("langchain_text_splitters", "gradio", "fastapi", "sklearn", "scipy", "matplotlib"),
    *("trafilatura", "pypdf", "justext"),
}


def test_a_warm_question_does_no_more_than_it_did(sample_index: Index) -> None:
    work = count(QUESTION, sample_index.path).table()
    assert not {name: work[name] for name, most in AT_MOST.items() if work[name] > most}
    # Counters that count nothing would always be within their bounds.
    assert not {name: work[name] for name, most in AT_MOST.items() if work[name] < most / 3}


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="nothing here counts what is read")
def test_a_cold_question_loads_and_reads_little(sample_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLD, str(sample_folder), QUESTION],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert not NOT_LOADED & set(told["modules"])
    assert len(told["modules"]) < 850
    # Weights, pieces and vectors are mapped, so that only the bytes that are needed come in.
    assert 5_000_000 < told["bytes"] < 40_000_000
