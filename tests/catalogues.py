"""The messages of the code and those of the catalogues: ``python -m tests.catalogues [--write]``.

Without ``--write`` it names what differs. With it, new messages are added to the ``.po`` files, those
that the code no longer has are taken out, and the ``.mo`` files are made.
"""

from __future__ import annotations

import ast
import io
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from index.translation import DOMAIN, FOLDER, SOURCE_LANGUAGE, languages

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100


def extracted() -> Catalog:
    """The messages of the code, of the command's help, and of the library that it comes from."""
    catalog = Catalog(charset="utf-8")
    for path in (*(ROOT / "index").rglob("*.py"), *(ROOT / "qa").rglob("*.py"), ROOT / "app.py"):
        # Without lines: they would change with every edit of the code.
        place = (path.relative_to(ROOT).as_posix(), 0)
        for message in messages(path.read_text("utf-8"), place[0]):
            catalog.add(message, locations=[place])
    for docstring in _docstrings():
        catalog.add(docstring, locations=[("qa/cli", 0)])
    for foreign in FOREIGN:
        catalog.add(foreign, locations=[("typer", 0)])
    return catalog


def messages(code: str, name: str) -> Iterator[str | tuple[str, str]]:
    """The messages in a module's calls of ``text`` and ``plural``, within f-strings too.

    Babel's own extraction goes by tokens, and does not see into f-strings. Raises ValueError for a
    message that is no literal.
    """
    for call in ast.walk(ast.parse(code)):
        function = _function(call)
        if not isinstance(call, ast.Call) or function not in ("text", "plural"):
            continue
        found = [
            argument.value
            for argument in call.args[: 1 if function == "text" else 2]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if function == "text" and len(found) == 1:
            yield found[0]
        elif len(found) == 2:
            yield found[0], found[1]
        elif name not in NOT_LITERAL:
            raise ValueError(f"{name}:{call.lineno}: a message that is no literal")


def _function(call: ast.AST) -> str:
    """``text`` for a call of ``text`` and of ``translation.text``."""
    if not isinstance(call, ast.Call):
        return ""
    if isinstance(call.func, ast.Name):
        return call.func.id
    match call.func:
        case ast.Attribute(value=ast.Name(id="translation"), attr=name):
            return name
    return ""


NOT_LITERAL = {"qa/cli/main.py"}
"""Where the commands' docstrings are their help."""

FOREIGN = (
    # Typer's own, with which it asks gettext; its other messages are English in any case.
    "(deprecated) ",
    "[default: {}]",
    "[env var: {}]",
    "[required]",
    "Arguments",
    "Options",
    "Commands",
    "Error",
    "Aborted.",
    "Try [blue]'{command_path} {help_option}'[/] for help.",
    "Missing command.",
    "No such command {name!r}.",
)


def _docstrings() -> Iterator[str]:
    """The commands' help, which stands in their docstrings."""
    from qa.cli.main import app
    from qa.cli.output import first_paragraph

    for command in app.registered_commands:
        assert command.callback is not None
        yield first_paragraph(command.callback)


def catalogue(language: str) -> Catalog:
    """The messages of one language as its ``.po`` file has them."""
    with (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as stream:
        return read_po(stream, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """The ``.mo`` file of a catalogue; without times, so that it is the same at any moment."""
    catalog.creation_date = catalog.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    stream = io.BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def problems(language: str) -> Iterator[str]:
    """What is missing, unused or wrong in one language, a line each."""
    wanted = {entry.id: entry for entry in extracted() if entry.id}
    held = {entry.id: entry for entry in catalogue(language) if entry.id}
    yield from (f"{language}: not in the catalogue: {name!r}" for name in wanted.keys() - held)
    yield from (f"{language}: not in the code: {name!r}" for name in held.keys() - wanted)
    for name in wanted.keys() & held.keys():
        entry = held[name]
        strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        if entry.fuzzy or not all(strings):
            yield f"{language}: not translated: {name!r}"
        sources = name if isinstance(name, tuple) else (name,)
        for string_ in strings:
            if string_ and places(string_) not in {frozenset(places(one)) for one in sources}:
                yield f"{language}: other places than in {name!r}: {string_!r}"
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not path.is_file() or path.read_bytes() != compiled(catalogue(language)):
        yield f"{language}: {path.name} is not made of {DOMAIN}.po"


def places(message: str) -> frozenset[str]:
    """The names of the places that values are put into."""
    return frozenset(
        name for _, name, _, _ in string.Formatter().parse(message) if name is not None
    )


def write(language: str) -> None:
    """Bring one language's files up to date; what is new stands there untranslated."""
    known = catalogue(language)
    fresh = extracted()
    merged = Catalog(locale=language, domain=DOMAIN, charset="utf-8")
    for entry in sorted((e for e in fresh if e.id), key=lambda e: (e.locations[0], str(e.id))):
        old = known.get(entry.id if isinstance(entry.id, str) else entry.id[0])
        merged.add(entry.id, old.string if old else None, locations=entry.locations)
    folder = FOLDER / language / "LC_MESSAGES"
    with (folder / f"{DOMAIN}.po").open("wb") as stream:
        stream.write(_header(language, merged.plural_forms).encode())
        write_po(stream, merged, width=WIDTH, omit_header=True, include_lineno=False)
    (folder / f"{DOMAIN}.mo").write_bytes(compiled(catalogue(language)))


def _header(language: str, plural_forms: str) -> str:
    """Without dates and names, so that the same messages give the same file."""
    return (
        '# Messages of Fundstelle; see "Texts" in docs/design.md.\nmsgid ""\nmsgstr ""\n'
        f'"Project-Id-Version: Fundstelle\\n"\n"Language: {language}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plural_forms}\\n"\n\n'
    )


def main() -> int:
    """Name what differs, or mend it."""
    ours = [language for language in languages() if language != SOURCE_LANGUAGE]
    if "--write" in sys.argv[1:]:
        for language in ours:
            write(language)
    found = [line for language in ours for line in problems(language)]
    print("\n".join(found) or "the catalogues are those of the code")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
