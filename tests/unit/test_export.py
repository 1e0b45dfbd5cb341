"""Answers as files: what other programs read is what was meant, and no path is in it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index import Article, Hit, Passage, Span, UsageError, make_article
from index.translation import speaking
from qa.export import FORMATS, export
from qa.export.names import Name, name_of_author
from qa.export.slug import slug
from qa.records import Answer, Citation, Evidence, Normalized, TimeLimit, View
from qa.show.sanitize import visible

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/export"
ASKED = date(2026, 1, 5)

MEDIUM = make_article(
    "Meta zahlt 14,3 Milliarden Dollar für 49 Prozent.\nDer Wert liegt bei 29 Milliarden Dollar.",
    source="https://www.example.org/bw/2025/scale_ai?a=1&b=%7E#teil",
    language="de",
    title="Meta steigt bei Scale AI ein: 50 % & {mehr}",
    authors=("Anna Müller", "Ludwig van Beethoven", "Deutsche Presse-Agentur"),
    publisher="Berliner Wirtschaft",
    published=date(2025, 6, 13),
    fetched=datetime(2025, 7, 1, 12, tzinfo=UTC),
)
NOTE = make_article(
    "# Notiz\n\nVor dem Verkauf waren es 14 Mrd. Dollar (Stand 2024).",
    source="file:///home/alice/archiv/notiz%201.md",
    language="de",
    fetched=datetime(2025, 7, 2, 12, tzinfo=UTC),
)
BLOG = make_article(
    "Einer schrieb von *25 Milliarden Dollar* <script>alert(1)</script>.",
    source="https://blog.example.net/2025/06/scale",
    language="de",
    title="Was ist Scale AI wert?",
    fetched=datetime(2025, 7, 3, 12, tzinfo=UTC),
)
COPY = make_article(
    MEDIUM.text, source="file:///home/alice/archiv/kopie.txt", language="de", title="Kopie"
)


def _citation(n: int, article: Article, part: str, copies: tuple[Article, ...] = ()) -> Citation:
    start = article.text.index(part)
    return Citation(
        *(n, article.id, article.title, article.source, article.publisher, article.published),
        *(start, start + len(part), part, 0.9, copies),
    )


def _hit(rank: int, article: Article, copies: tuple[Article, ...] = ()) -> Hit:
    whole = Span(0, len(article.text))
    return Hit(rank, 1.0, Passage(rank, article, 0, len(article.text), (whole,)), also_in=copies)


ANSWER = Answer(
    question="Wie hoch wurde Scale AI bewertet?",
    language="de",
    kind="amount",
    found=True,
    answer="29 Milliarden Dollar [1]; 14 Mrd. Dollar (2024, überholt) [2]",
    confidence=0.9312,
    views=(
        View(
            *("29 Milliarden Dollar", (1,), Normalized(29e9, "USD"), None, None),
            *((Evidence(1, 19, 39),), 0.9312),
        ),
        View(
            *("14 Mrd. Dollar", (2,), Normalized(14e9, "USD", 15e9), "2024", "rund"),
            *((), 0.61, True),
        ),
    ),
    citations=(
        _citation(1, MEDIUM, "Der Wert liegt bei 29 Milliarden Dollar.", (COPY,)),
        _citation(2, NOTE, "Vor dem Verkauf waren es 14 Mrd. Dollar (Stand 2024)."),
        _citation(3, BLOG, BLOG.text),
    ),
    passages=(_hit(1, MEDIUM, (COPY,)), _hit(2, NOTE), _hit(3, BLOG)),
    time_limit=TimeLimit("seit 2024", date(2024, 1, 1), None, applied=False),
    timings_ms={"total": 12.5},
)
REFUSAL = replace(
    ANSWER,
    found=False,
    answer="Die Artikel beantworten das nicht. Am nächsten kommt „29 Milliarden Dollar“ [1].",
    views=(),
    citations=(),
    nearest=ANSWER.citations[:1],
    time_limit=None,
)


def _content(name: str, answer: Answer = ANSWER, language: str = "en", **options: Any) -> str:
    with speaking(language):
        return export(answer, name, asked=ASKED, **options).content


def _saying(text: str) -> Answer:
    """An answer in which all that comes from an article or a question is ``text``."""
    citation = replace(ANSWER.citations[0], title=text, publisher=text, quote=text, also_in=())
    view = replace(ANSWER.views[0], value=text, time=text, hedge=text)
    return replace(
        ANSWER, question=text, answer=text, views=(view,), citations=(citation,), passages=()
    )


# Marks of every format, controls, letters, and all else.
TEXTS = st.text(st.sampled_from("=+-@;,\t\n\r\"'\\{}[]()<>#*_`~|$%&^!.:/0123aÄß \u202e\x1b＝|\xa0") | st.characters(codec="utf-8"), max_size=40)  # fmt: skip


@pytest.mark.parametrize("name", ["markdown", "csv", "bibtex", "csl"])
def test_the_file_is_as_it_was_looked_at(name: str) -> None:
    with (GOLDEN / f"answer{FORMATS[name].ending}").open(encoding="utf-8", newline="") as file:
        assert _content(name) == file.read()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("answer", [ANSWER, REFUSAL], ids=["answer", "refusal"])
def test_no_path_leaves_the_machine(name: str, answer: Answer) -> None:
    content = _content(name, answer)
    assert "alice" not in content
    assert "file:" not in content
    if answer is ANSWER:
        assert "www.example.org/bw/2025/scale_ai?a=1&b=%7E#teil" in content
        assert "notiz 1.md" in content


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_steers_the_display(name: str) -> None:
    content = _content(name, _saying("a\x1b[31m\u202eb\x85c"))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", content)


def test_another_format_is_refused() -> None:
    with pytest.raises(UsageError, match="'docx' is no format of a file; there are: markdown, csv"):
        export(ANSWER, "docx")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Wie hoch wurde Scale AI bewertet?", "fundstelle-wie-hoch-wurde-scale-ai-bewertet.md"),
        ("Größe: Łódź / Œuvre?", "fundstelle-groesse-lodz-oeuvre.md"),
        ("../../con", "fundstelle-con.md"),
        ("東京の人口は？", "fundstelle.md"),
    ],
)
def test_the_name_is_one_on_every_system(question: str, name: str) -> None:
    assert export(replace(ANSWER, question=question), "markdown").name == name


@settings(deadline=None)
@given(TEXTS)
def test_names_are_plain_and_short(question: str) -> None:
    name = export(replace(REFUSAL, question=question), "csl").name
    assert re.fullmatch(r"fundstelle(-[a-z0-9]+)*\.csl\.json", name)
    assert len(name) < 90


def test_a_slug_ends_with_a_word_where_it_can() -> None:
    assert slug("eins zwei drei", 9) == "eins-zwei"
    assert slug("eins zwei drei", 8) == "eins"
    assert slug("Donaudampfschiff", 5) == "donau"


class TestMarkdown:
    RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    def _tokens(self, answer: Answer) -> Iterator[Token]:
        for token in self.RENDERER.parse(_content("markdown", answer)):
            yield token
            yield from token.children or ()

    def _texts(self, answer: Answer, kind: str) -> list[str]:
        """What stands in each block of a kind, as a reader sees it."""
        inside, found = 0, list[str]()
        for token in self.RENDERER.parse(_content("markdown", answer)):
            if token.type == f"{kind}_open":
                found.append("")
            inside += token.nesting if token.type.startswith(kind) else 0
            if inside and token.type == "inline":
                found[-1] += " " + "".join(
                    child.content if child.type == "text" else " " for child in token.children or ()
                )
        return found

    @settings(deadline=None)
    @given(TEXTS)
    @example("a &amp; b")
    @example("1. x")
    @example("12) x")
    @example("[1](http://x.example/)")
    @example("[1]: http://x.example/")
    @example("a\n===")
    @example("C #")
    @example("    a")
    @example("|a|\n|-|")
    @example("\\[1] [2]")
    @example("> a")
    @example("<http://x.example>")
    @example("- - -")
    @example("~~a~~")
    @example("a\n\n# b")
    def test_a_text_is_shown_as_it_is_and_marks_nothing_up(self, text: str) -> None:
        answer = _saying(text)
        [quote] = self._texts(answer, "blockquote") or [""]
        assert quote.split() == visible(text).split()
        title = self._texts(answer, "heading")[0]
        assert title.split() == visible(" ".join(text.split())).split()
        kinds = {token.type for token in self._tokens(answer)}
        assert not kinds & {"html_block", "html_inline", "image", "code_inline", "fence", "hr"}
        assert not kinds & {"code_block", "table_open", "s_open", "ordered_list_open"}
        links = [t for t in self._tokens(answer) if t.type == "link_open"]
        assert [link.attrs["href"] for link in links] == [MEDIUM.source]

    def test_it_has_all_parts(self) -> None:
        content = _content("markdown")
        assert "Asked on 2026-01-05." in content
        assert "- **29 Milliarden Dollar** [1], certain (93%)" in content
        assert self._texts(ANSWER, "blockquote")[0].strip() == ANSWER.citations[0].quote
        assert len(self._texts(ANSWER, "blockquote")) == 3
        assert "also in: Kopie" in content

    def test_it_speaks_the_language_spoken(self) -> None:
        content = _content("markdown", language="de")
        assert "13.06.2025" in content
        assert "auch in: Kopie" in content

    def test_a_refusal_quotes_what_is_nearest(self) -> None:
        headings = [text.strip() for text in self._texts(REFUSAL, "heading")]
        assert headings == [REFUSAL.question, "Near, but no answer"]
        assert len(self._texts(REFUSAL, "blockquote")) == 1


class TestTable:
    def _rows(self, answer: Answer, delimiter: str = ",") -> list[list[str]]:
        return list(csv.reader(io.StringIO(_content("csv", answer), ""), delimiter=delimiter))

    def test_a_row_for_each_citation_of_a_view(self) -> None:
        head, first, second = self._rows(ANSWER)
        row = dict(zip(head, first, strict=True))
        assert (row["amount"], row["upper"], row["unit"]) == ("29000000000", "", "USD")
        assert row["quote"] == MEDIUM.text[int(row["start"]) : int(row["end"])]
        other = dict(zip(head, second, strict=True))
        assert (other["upper"], other["time"], other["hedge"]) == ("15000000000", "2024", "rund")
        assert (other["superseded"], other["source"]) == ("yes", "notiz 1.md")
        assert len(self._rows(REFUSAL)) == 1

    def test_lines_end_as_the_standard_says(self) -> None:
        assert _content("csv").count("\r\n") == 3
        assert "\n" not in _content("csv").replace("\r\n", "")

    @settings(deadline=None)
    @given(TEXTS)
    def test_a_quote_comes_back(self, text: str) -> None:
        row = dict(zip(*self._rows(_saying(text)), strict=True))
        assert row["quote"].replace("'", "") == visible(text).replace("'", "")

    @settings(deadline=None)
    @given(TEXTS, st.sampled_from(",;\t"))
    @example("a;=1", ";")
    @example('a;"=1', ";")
    @example("a\n=1", ";")
    @example("a\t=1", "\t")
    @example(" =1", ",")
    def test_no_cell_is_a_formula(self, text: str, delimiter: str) -> None:
        for row in self._rows(_saying(text), delimiter):
            for cell in row:
                assert not cell.startswith(tuple("=+-@＝＋－＠")), cell

    def test_what_begins_as_a_formula_is_shown_as_text(self) -> None:
        [_, row] = self._rows(_saying("=HYPERLINK(1)"))
        assert row[0] == "'=HYPERLINK(1)"


class TestJson:
    def test_it_is_the_answer_but_for_sources(self) -> None:
        told, expected = json.loads(_content("json")), ANSWER.to_json()
        assert told["passages"][1]["source"] == "notiz 1.md"
        assert told["citations"][0]["also_in"][0]["source"] == "kopie.txt"
        for record in (told, expected):
            for entry in (*record["passages"], *record["citations"]):
                entry["source"] = ""
                for copy in entry["also_in"]:
                    copy["source"] = ""
        assert told == expected

    def test_it_is_as_the_schema_says(self) -> None:
        schema = json.loads((ROOT / "docs/schema/answer.schema.json").read_text("utf-8"))
        jsonschema.validate(json.loads(_content("json")), schema)


class TestBibtex:
    def test_each_cited_article_is_one_entry(self) -> None:
        first, second, third = bibtex_entries(_content("bibtex"))
        assert (first["ENTRYTYPE"], first["ID"]) == ("article", "mueller2025")
        assert first["author"] == (
            "Müller, Anna and van Beethoven, Ludwig and {Deutsche Presse-Agentur}"
        )
        assert plain(first["title"]) == MEDIUM.title
        assert (first["date"], first["urldate"]) == ("2025-06-13", "2025-07-01")
        assert first["url"] == MEDIUM.source
        assert (second["ENTRYTYPE"], second["howpublished"]) == ("misc", "notiz 1.md")
        assert "urldate" not in second
        assert (third["ENTRYTYPE"], third["urldate"]) == ("online", "2025-07-03")

    def test_articles_that_are_given_tell_what_citations_do_not(self) -> None:
        answer = replace(ANSWER, passages=())
        [first, *_] = bibtex_entries(_content("bibtex", answer))
        assert ("author" in first, first["urldate"]) == (False, ASKED.isoformat())
        [first, *_] = bibtex_entries(_content("bibtex", answer, articles={MEDIUM.id: MEDIUM}))
        assert ("author" in first, first["urldate"]) == (True, "2025-07-01")

    @settings(deadline=None)
    @given(TEXTS, TEXTS)
    def test_every_text_comes_back(self, title: str, author: str) -> None:
        article = replace(MEDIUM, authors=(author,), published=None)
        answer = replace(_saying(title), passages=(_hit(1, article),))
        [entry] = bibtex_entries(_content("bibtex", answer))
        shown = visible(" ".join(title.split()))
        if shown:
            assert plain(entry["title"]) == shown
            assert plain(entry["journal"]) == shown
        names = plain(entry.get("author", "")).replace(",", " ").split()
        assert sorted(names) == sorted(visible(" ".join(author.split())).replace(",", " ").split())

    def test_keys_are_each_used_once(self) -> None:
        papers = [replace(MEDIUM, id=f"{n:012}", authors=()) for n in range(12)]
        citations = tuple(
            replace(ANSWER.citations[0], n=n, article_id=paper.id)
            for n, paper in enumerate(papers, start=1)
        )
        entries = bibtex_entries(_content("bibtex", replace(ANSWER, citations=citations)))
        keys = [entry["ID"] for entry in entries]
        assert keys[:3] == [f"berlinerwirtschaft2025{end}" for end in ("", "-2", "-3")]
        assert len(set(keys)) == len(papers)

    def test_a_refusal_cites_nothing(self) -> None:
        assert _content("bibtex", REFUSAL) == ""
        assert json.loads(_content("csl", REFUSAL)) == []


CSL_NAME: dict[str, Any] = {
    "oneOf": [
        {
            "required": ["literal"],
            "properties": {"literal": {"type": "string", "minLength": 1}},
        },
        {
            "required": ["family", "given"],
            "properties": {"family": {"minLength": 1}, "given": {"minLength": 1}},
        },
    ],
    "maxProperties": 2,
}
CSL_DATE: dict[str, Any] = {
    "required": ["date-parts"],
    "maxProperties": 1,
    "properties": {
        "date-parts": {
            "maxItems": 2,
            "items": {"minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
        }
    },
}
CSL_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
CSL_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "type", "title"],
        "additionalProperties": False,
        "properties": {
            "type": {"enum": ["article-newspaper", "webpage", "document"]},
            "author": {"type": "array", "minItems": 1, "items": CSL_NAME},
            "issued": CSL_DATE,
            "accessed": CSL_DATE,
            **dict.fromkeys(
                ("id", "title", "container-title", "language", "URL", "source"), CSL_TEXT
            ),
        },
    },
}
"""Those of CSL's own names that are used here, as its schema of input data has them."""


class TestCsl:
    @pytest.mark.parametrize("answer", [ANSWER, _saying("{}"), _saying(" \x1b ")])
    def test_it_has_the_schema_s_names(self, answer: Answer) -> None:
        jsonschema.validate(json.loads(_content("csl", answer)), CSL_SCHEMA)

    def test_items(self) -> None:
        first, second, third = json.loads(_content("csl"))
        assert first["author"] == [
            {"family": "Müller", "given": "Anna"},
            {"family": "van Beethoven", "given": "Ludwig"},
            {"literal": "Deutsche Presse-Agentur"},
        ]
        assert first["issued"] == {"date-parts": [[2025, 6, 13]]}
        assert (first["type"], first["container-title"]) == ("article-newspaper", MEDIUM.publisher)
        assert (second["type"], second["title"]) == ("document", "Notiz")
        assert (third["type"], third["URL"]) == ("webpage", BLOG.source)
        assert len({item["id"] for item in (first, second, third)}) == 3


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Anna Müller", Name("Müller", "Anna")),
        ("Dr. Anna-Lena Müller-Lüdenscheidt", Name("Müller-Lüdenscheidt", "Dr. Anna-Lena")),
        ("J. R. R. Tolkien", Name("Tolkien", "J. R. R.")),
        ("Ludwig van Beethoven", Name("van Beethoven", "Ludwig")),
        ("Ursula von der Leyen", Name("von der Leyen", "Ursula")),
        ("Maier, Anna", Name("Maier", "Anna")),
        ("dpa", Name("dpa")),
        ("Deutsche Presse-Agentur", Name("Deutsche Presse-Agentur")),
        ("Die Redaktion", Name("Die Redaktion")),
        ("Statistisches Bundesamt", Name("Statistisches Bundesamt")),
        ("The Associated Press", Name("The Associated Press")),
        ("anna92", Name("anna92")),
        ("AFP Berlin", Name("AFP Berlin")),
        ("Müller, Schmidt, Söhne", Name("Müller, Schmidt, Söhne")),
        ("", Name("")),
    ],
)
def test_only_persons_names_are_taken_apart(author: str, name: Name) -> None:
    assert name_of_author(author) == name


# ---- BibTeX, read as strictly as its own program does --------------------------------------------

COMMANDS = {
    **{f"\\{character}": character for character in "#$%&_"},
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
}


def bibtex_entries(text: str) -> list[dict[str, str]]:
    """The entries of a file, their fields as written. Braces count wherever they stand, as in
    BibTeX; anything else than entries and blank space fails."""
    entries: list[dict[str, str]] = []
    rest = text.lstrip()
    while rest:
        head = re.match(r"@([a-z]+)\{([a-z0-9-]+),\s*", rest)
        assert head, rest
        entry = {"ENTRYTYPE": head[1], "ID": head[2]}
        rest = rest[head.end() :]
        while field := re.match(r"([a-z]+) = \{", rest):
            value, rest = _braced(rest[field.end() :])
            assert field[1] not in entry
            assert value
            entry[field[1]] = value
            rest = re.sub(r"\A,\s*", "", rest)
        assert rest.startswith("}"), rest
        rest = rest[1:].lstrip()
        entries.append(entry)
    return entries


def _braced(text: str) -> tuple[str, str]:
    """What stands before the brace that closes, and what comes behind it."""
    depth = 1
    for at, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if not depth:
            return text[:at], text[at + 1 :]
    raise AssertionError(f"a brace is never closed: {text}")


def plain(value: str) -> str:
    """What LaTeX prints for a field's value. What it would take for a command fails."""
    found, rest = "", value
    while rest:
        command = next((name for name in COMMANDS if rest.startswith(name)), None)
        if command:
            found, rest = found + COMMANDS[command], rest[len(command) :]
        else:
            assert rest[0] not in "#$%&_~^\\", value
            found, rest = found + (rest[0] if rest[0] not in "{}" else ""), rest[1:]
    return found
