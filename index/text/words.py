"""What a language says for numbers, currencies and units beyond CLDR: a file each in ``languages``.

``languages/README.md`` says what the keys mean and how a language is added.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"
ANY = "und"
"""The file of what is written in every language."""

_ONE_FILE = {"nb": "no", "nn": "no"}
_Forms = Mapping[str, tuple[str, ...]]


def _none() -> _Forms:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's file; the README beside the files says what each key means."""

    code: str
    known: bool
    """Whether the language has a file: if not, a word beside a number may be a scale."""
    name: str = ""
    also: tuple[str, ...] = ()
    blanks: bool = True
    either_sign: bool = False
    scales: _Forms = field(default_factory=_none)
    ambiguous: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    numerals: _Forms = field(default_factory=_none)
    and_a_half: tuple[str, ...] = ()
    ordinals: tuple[str, ...] = ()
    compounds: bool = False
    one: tuple[str, ...] = ()
    one_of_scale: tuple[str, ...] = ()
    round: tuple[str, ...] = ()
    figures: _Forms = field(default_factory=_none)
    steps: _Forms = field(default_factory=_none)
    percent: tuple[str, ...] = ()
    percent_before: tuple[str, ...] = ()
    permille: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    currencies: _Forms = field(default_factory=_none)
    currencies_before: _Forms = field(default_factory=_none)
    cents: _Forms = field(default_factory=_none)
    measures: _Forms = field(default_factory=_none)
    not_units: tuple[str, ...] = ()
    plural_endings: tuple[str, ...] = ()
    case_endings: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    no_values: tuple[str, ...] = ()
    terms: _Forms = field(default_factory=_none)
    former: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    replaced: _Forms = field(default_factory=_none)
    changed: _Forms = field(default_factory=_none)
    latest: tuple[str, ...] = ()


@cache
def words_of(language: str) -> Words:
    """The words of a language by its ISO 639-1 code; those of ``und.toml`` where it has no file."""
    code = _ONE_FILE.get(language, language)
    path = FOLDER / f"{code}.toml"
    known = code.isalpha() and code != ANY and path.is_file()
    return _read(path if known else FOLDER / f"{ANY}.toml", language, known)


@cache
def words_understood(language: str) -> tuple[Words, ...]:
    """The words of a language and, after its own, of those that are understood in it."""
    own = words_of(language)
    return own, *(words_of(code) for code in own.also if code != language)


def languages() -> tuple[str, ...]:
    """The codes of the languages that have a file."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != ANY))


def _read(path: Path, language: str, known: bool) -> Words:
    said = tomllib.loads(path.read_text("utf-8"))
    wrong = said.keys() - ({f.name for f in fields(Words)} - {"code", "known"})
    if wrong:
        names = ", ".join(sorted(wrong))
        raise ValueError(f"{path.name}: unknown key {names}; README.md beside it lists the keys")
    return Words(code=language, known=known, **{key: _frozen(value) for key, value in said.items()})


def _frozen(value: Any) -> Any:
    """Lists as tuples; in a table a single word stands for a list of one."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {k: tuple(v) if isinstance(v, list) else (str(v),) for k, v in value.items()}
    return value
