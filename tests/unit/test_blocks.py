"""An article as blocks: Markdown is read, prose stays as it is, and every place is exact."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index import to_json
from qa.show.blocks import Block, Run, blocks

MARKS = set("#>-+*=_`~\\[]()!<")
"""What may stand in no run, beside white space and what a link leads to."""


def words(block: Block) -> str:
    return "".join(run.text for run in block.runs)


def shown(text: str, title: str = "") -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, words(block)) for block in blocks(text, title)]


def styled(text: str) -> list[tuple[str, str | None, str | None]]:
    """The runs of a text of one block."""
    [block] = blocks(text)
    return [(run.text, run.style, run.href) for run in block.runs]


def left_out(text: str, found: list[Block]) -> str:
    """What is in no run; fails where runs are not in order, or not what stands there."""
    position, rest = 0, list[str]()
    for block in found:
        for run in block.runs:
            assert run.start >= position, run
            assert text[run.start : run.start + len(run.text)] == run.text != "", run
            rest.append(text[position : run.start])
            position = run.start + len(run.text)
    return "".join([*rest, text[position:]])


class TestBlocks:
    def test_an_article_of_every_kind(self) -> None:
        text = (
            "# Der Turm\n\nEr ist hoch.\n\n## Die Höhe ##\n\n- 77 Meter\n- mit Spitze\n"
            "  - aus Kupfer\n\n> Ein Wahrzeichen.\n\n---\n\n```\nx = 1\n\ny\n```\n\n"
            "Der Name\n========\n\nDas Ende\n---\nSchluss.\n"
        )
        assert shown(text) == [
            ("heading", 1, "Der Turm"),
            ("paragraph", 0, "Er ist hoch."),
            ("heading", 2, "Die Höhe"),
            ("item", 1, "77 Meter"),
            ("item", 1, "mit Spitze"),
            ("item", 2, "aus Kupfer"),
            ("quote", 1, "Ein Wahrzeichen."),
            ("rule", 0, ""),
            ("code", 0, "x = 1\n\ny"),
            ("heading", 1, "Der Name"),
            ("heading", 2, "Das Ende"),
            ("paragraph", 0, "Schluss."),
        ]
        assert set(left_out(text, blocks(text))) <= MARKS | {" ", "\n"}

    def test_the_json_is_as_agreed(self) -> None:
        [block] = blocks("# Ein **Turm**")
        assert to_json(block) == {
            "kind": "heading",
            "level": 1,
            "runs": [
                {"text": "Ein ", "start": 2, "style": None, "href": None},
                {"text": "Turm", "start": 8, "style": "strong", "href": None},
            ],
            "numbered": False,
        }

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_lines_end_in_any_way(self, end: str) -> None:
        text = f"# Titel{end}{end}Eins.{end}{end}- a{end}- b{end}"
        assert [words(block) for block in blocks(text)] == ["Titel", "Eins.", "a", "b"]
        left_out(text, blocks(text))

    @pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff\n", "****", "```\n```", "![](x.png)"])
    def test_nothing_to_read(self, text: str) -> None:
        left_out(text, blocks(text))

    def test_a_numbered_item_keeps_its_number(self) -> None:
        found = blocks("3. Gold\n4. Silber\n   - Bronze\n5. Blech\n")
        assert [(b.level, b.numbered, words(b)) for b in found] == [
            (1, True, "3. Gold"),
            (1, True, "4. Silber"),
            (2, False, "Bronze"),
            (1, True, "5. Blech"),
        ]

    def test_what_belongs_to_an_item(self) -> None:
        text = "- Eins\n\n  Mehr davon.\n\n  ```\n  x\n  ```\n- Zwei\n\nDanach."
        assert shown(text) == [
            ("item", 1, "Eins"),
            ("paragraph", 1, "Mehr davon."),
            ("code", 1, "  x"),
            ("item", 1, "Zwei"),
            ("paragraph", 0, "Danach."),
        ]
        assert shown("-      Eins\n\n  Mehr")[1] == ("paragraph", 1, "Mehr")

    def test_a_number_within_a_paragraph_begins_no_list(self) -> None:
        for text in ("Zwischen dem\n3. Mai und dem\n4. Mai.", "Am\n1. Mai.", "- 5 Grad\n\nx"):
            assert {block.kind for block in blocks(text)} == {"paragraph"}
        assert [b.kind for b in blocks("Gewonnen haben\n1. Ulm\n2. Bonn")] == [
            "paragraph",
            "item",
            "item",
        ]

    def test_quotations(self) -> None:
        text = "> Eins\n>\n> > Zwei\n> - Drei\n\n> ```sh\n> a\n>\n>   b\n> ```\n> # Vier\n"
        assert shown(text) == [
            ("quote", 1, "Eins"),
            ("quote", 2, "Zwei"),
            ("item", 1, "Drei"),
            ("code", 0, "sha\n\n  b"),
            ("heading", 1, "Vier"),
        ]
        assert set(left_out(text, blocks(text))) <= MARKS | {" ", "\n"}

    def test_a_quotation_may_begin_with_a_number(self) -> None:
        assert shown("> 50 Prozent\n> sind es.")[0] == ("quote", 1, "50 Prozent")
        assert shown("> 1. Mai war es.") == [("quote", 1, "1. Mai war es.")]

    def test_what_ends_with_a_quotation(self) -> None:
        assert shown("> ```\n> a\nDanach\n\n```") == [
            ("code", 0, "a"),
            ("paragraph", 0, "Danach"),
            ("paragraph", 0, "```"),
        ]
        assert shown("- a\n\n>   - b") == [("item", 1, "a"), ("item", 1, "b")]

    def test_the_language_of_code_is_read(self) -> None:
        [block] = blocks("~~~python\nx = 1\n~~~")
        assert block.runs == (Run("python\n", 3), Run("x = 1", 10, "code"))

    def test_a_mark_goes_on_in_the_next_line_of_a_wrapped_paragraph(self) -> None:
        text = (
            "> Ein Absatz, der von einem Programm bei **siebzig\n"
            "> Zeichen** umgebrochen wurde, hat Zeilen von beinahe\n"
            "> gleicher Länge, bis auf die letzte.\n"
        )
        [block] = blocks(text)
        assert [(run.text, run.style) for run in block.runs] == [
            ("Ein Absatz, der von einem Programm bei ", None),
            ("siebzig\n", "strong"),
            ("Zeichen", "strong"),
            (" umgebrochen wurde, hat Zeilen von beinahe\n", None),
            ("gleicher Länge, bis auf die letzte.", None),
        ]

    def test_lines_that_stand_for_themselves_are_paragraphs(self) -> None:
        assert [words(b) for b in blocks("Müller AG\nAm Markt 1\n10115 Berlin")] == [
            "Müller AG",
            "Am Markt 1",
            "10115 Berlin",
        ]
        assert shown("- Müller AG\n  Am Markt 1\nHier.") == [
            ("item", 1, "Müller AG"),
            ("paragraph", 1, "Am Markt 1"),
            ("paragraph", 1, "Hier."),
        ]

    def test_a_backslash_ends_a_line(self) -> None:
        assert [words(b) for b in blocks("Am Markt 1\\\nBerlin\\")] == ["Am Markt 1", "Berlin\\"]

    def test_a_long_line_above_dashes_is_a_paragraph(self) -> None:
        assert [b.kind for b in blocks(f"{'Wort ' * 50}\n---\nEnde")] == [
            "paragraph",
            "rule",
            "paragraph",
        ]

    def test_dashes_below_several_lines_are_a_rule(self) -> None:
        assert shown("Müller AG\nAm Markt 1\n---\n* * *") == [
            ("paragraph", 0, "Müller AG"),
            ("paragraph", 0, "Am Markt 1"),
            ("rule", 0, ""),
            ("rule", 0, ""),
        ]

    def test_a_fence_that_nothing_closes_is_text(self) -> None:
        text = "Davor\n\n```\n\nDanach"
        assert [words(b) for b in blocks(text)] == ["Davor", "```", "Danach"]
        assert [b.kind for b in blocks("~~~~\na\n~~~\n~~~~\nb")] == ["code", "paragraph"]


class TestTitle:
    @pytest.mark.parametrize(
        "text",
        [
            "# Der *Turm*\n\nText.",
            "Der Turm\n========\n\nText.",
            "Der Turm\n\nText.",
            "  DER  TURM\n\n# Der Turm\n\nText.",
            "Der Turm\nText.",
        ],
    )
    def test_what_only_repeats_it_is_left_out(self, text: str) -> None:
        assert [words(b) for b in blocks(text, "Der  Turm")] == ["Text."]
        assert len(blocks(text)) > 1

    def test_what_says_more_stays(self) -> None:
        text = "Der Turm von Ulm\n\nText."
        assert blocks(text, "Der Turm") == blocks(text)
        assert blocks("- Der Turm\n- Text", "Der Turm") == blocks("- Der Turm\n- Text")

    def test_a_title_in_markdown(self) -> None:
        assert [words(b) for b in blocks("# Der **Turm**\n\nText.", "Der **Turm**")] == ["Text."]
        assert [words(b) for b in blocks("# Turm\n\nText.", "***")] == ["Turm", "Text."]

    def test_an_article_of_the_title_alone_keeps_it(self) -> None:
        assert [words(b) for b in blocks("# Der Turm", "Der Turm")] == ["Der Turm"]


class TestStyles:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("ein **Turm** hier", [("ein ", None), ("Turm", "strong"), (" hier", None)]),
            ("*Turm*, __Tor__", [("Turm", "emphasis"), (", ", None), ("Tor", "strong")]),
            ("***Turm***", [("Turm", "strong")]),
            ("**a *b* c**", [("a ", "strong"), ("b", "strong"), (" c", "strong")]),
            ("*a **b** c*", [("a ", "emphasis"), ("b", "strong"), (" c", "emphasis")]),
            ("`x*y*` und ``a`b``", [("x*y*", "code"), (" und ", None), ("a`b", "code")]),
            (r"\*kein\* `\*`", [("*kein", None), ("* ", None), ("\\*", "code")]),
            (
                "»*Turm*« (_Tor_).",
                [
                    ("»", None),
                    ("Turm", "emphasis"),
                    ("« (", None),
                    ("Tor", "emphasis"),
                    (").", None),
                ],
            ),
            ("这是*强调*文字", [("这是", None), ("强调", "emphasis"), ("文字", None)]),
            ("*a b_ c*", [("a b_ c", "emphasis")]),
            ("*Preis und *Wert*", [("*Preis und ", None), ("Wert", "emphasis")]),
        ],
    )
    def test_strong_emphasis_and_code(
        self, text: str, expected: list[tuple[str, str | None]]
    ) -> None:
        assert [(run, style) for run, style, _ in styled(text)] == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("[Turm](https://a.de/t)", [("Turm", "https://a.de/t")]),
            ("[Turm](<https://a.de/t> \"Titel\")", [("Turm", "https://a.de/t")]),
            ("[T](https://a.de/T_(x))", [("T", "https://a.de/T_(x)")]),
            ("[Turm](/turm) [Tor](#tor)", [("Turm", None), (" ", None), ("Tor", None)]),
            ("![Bild](x/y.png) hier", [("Bild", None), (" hier", None)]),
            ("[![Bild](x.png)](https://a.de)", [("Bild", "https://a.de")]),
            ("<https://a.de>.", [("https://a.de", "https://a.de"), (".", None)]),
            ("(https://a.de/b_c_d, https://a.de/e).", [
                ("(", None), ("https://a.de/b_c_d", "https://a.de/b_c_d"), (", ", None),
                ("https://a.de/e", "https://a.de/e"), (").", None),
            ]),
            ("https://a.de/M_(x).", [("https://a.de/M_(x)", "https://a.de/M_(x)"), (".", None)]),
            ("[https://a.de](https://b.de)", [("https://a.de", "https://b.de")]),
            ("[a https://a.de b](https://b.de)", [("a https://a.de b", "https://b.de")]),
            ("[a [b](https://b.de) c](https://c.de)", [
                ("[a ", None), ("b", "https://b.de"), (" c](", None),
                ("https://c.de", "https://c.de"), (")", None),
            ]),
            ("https://ich:du@a.de", [("https://ich:du@a.de", None)]),
        ],
    )  # fmt: skip
    def test_links(self, text: str, expected: list[tuple[str, str | None]]) -> None:
        assert [(run, href) for run, _, href in styled(text)] == expected

    def test_a_link_has_its_style(self) -> None:
        assert styled("**[Der *Turm*](https://a.de)**") == [
            ("Der ", "strong", "https://a.de"),
            ("Turm", "strong", "https://a.de"),
        ]

    @pytest.mark.parametrize(
        "target", ["javascript:alert(1)", "data:text/html,x", "2", "siehe unten", 'x" onclick="y']
    )
    def test_brackets_before_what_is_no_address_are_prose(self, target: str) -> None:
        assert styled(f"[1]({target})") == [(f"[1]({target})", None, None)]


PROSE = (
    "2 * 3 = 6, und 4 *5* 6",
    "2*3*4 = 24",
    "Kolleg*innen und Mitarbeiter*innen der Schüler*innenzeitung",
    "Preise*: 5 Euro. *inkl. MwSt.",
    "* Name von der Redaktion geändert",
    "Ein F*** und ein Sch***haufen, A****",
    "Ein ****-Hotel, das ****Haus**** am See",
    "(*) Pflichtfeld (*)",
    "Preise *, ohne Versand*",
    "*Preise (*) mit Versand",
    "Drei ` ` Zeichen",
    "geht`s, hat` er",
    "snake_case, __init__.py und obj._name_",
    "@_name_ und @_ich_",
    "Siehe www.a.de/_b_/c_d und https://a.de/_b_/*c*/d.",
    "/_pfad_/_zu_/x, C:\\Users\\ich",
    "1. Mai 2024 war ein Feiertag.",
    "Er kam am\n1. Mai und ging am\n3. Mai.",
    "1. FC Köln",
    "24. Dezember 2023: Schnee.\n\n31. Dezember 2023: Regen.",
    "- 5 Grad am Morgen",
    "+ 3,2 Prozent",
    "Die Temperatur lag bei\n- 5 Grad.",
    "Der Wirt\n- ein Mann aus Bayern - sagte nichts.",
    "> 50 Prozent sind es.",
    "Es sind\n> 50 Prozent.",
    "#1 im Land, #wahl, C#",
    "#",
    "-",
    "--",
    "==",
    "a | b\n--|--\n1 | 2",
    "    eingerückt, kein Code",
    "Titel\n\n     # Kommentar",
    "`n Abend, und noch `ne Frage",
    "``Zitat''",
    "[Anm. d. Red.] und [1][2], [x]: y",
    "a < b > c <d> &amp; <script>alert(1)</script>",
    "~~durchgestrichen~~",
    "Titel\n-\nText",
    "<https://a b>",
    "[](https://a.de)",
)


@pytest.mark.parametrize("text", PROSE)
def test_prose_loses_nothing(text: str) -> None:
    found = blocks(text)
    kept = "".join(words(block) for block in found)
    expected = text.removeprefix("* ")
    if "*5*" in text:
        expected = text.replace("*5*", "5")
    assert "".join(kept.split()) == "".join(expected.split())
    assert all(block.kind in ("paragraph", "item") for block in found)


PIECES = st.one_of(
    st.text(alphabet="ab1 \n\t#>*_`~-+=.()[]!<\\:/\r\u2028ä", max_size=12),
    st.text(max_size=5),
    st.sampled_from(
        [
            *(
                "# Titel\n",
                "## Titel ##\n",
                "Titel\n===\n",
                "Titel\n---\n",
                "***\n",
                "\n\n",
                "\r\n",
            ),
            *(
                "- Punkt\n",
                "  - Punkt\n",
                "* Punkt\n",
                "1. Eins\n",
                "2. Zwei\n",
                "14. Mai\n",
                "- 5\n",
            ),
            *("> Zitat\n", "> > Zitat\n", "> - Punkt\n", "> 50 Prozent\n", "> 1. Eins\n", ">\n"),
            *("```\n", "```python\n", "~~~\n", "> ```\n", "  ```\n", "> Zeile\\\n", "Zeile\\\n"),
            *(
                "**",
                "*",
                "__",
                "`",
                "**fett**",
                "https://a.de/_b_ ",
                "<https://a.de>",
                "[a",
                "](",
                ")",
            ),
            *(
                "](https://a.de)",
                "![",
                "\u00a0",
                "\x0c",
                "Ein Satz, der eine ganze Zeile lang ist, und mehr\n",
            ),
            "so lang wie eine Zeile, die ein Programm umgebrochen hat\n",
        ]
    ),
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)


@given(TEXTS)
def test_runs_are_in_order_and_equal_the_text(text: str) -> None:
    left_out(text, blocks(text))
    left_out(text, blocks(text, "Titel"))


@given(TEXTS)
def test_what_is_in_no_run_is_white_space_or_marks(text: str) -> None:
    text = text.replace("](", "] (")  # where a link leads is in no run either
    rest = left_out(text, blocks(text))
    assert {character for character in rest if not character.isspace()} <= MARKS


@given(TEXTS)
def test_blocks_but_rules_have_something_to_read(text: str) -> None:
    for block in blocks(text):
        assert (block.kind == "rule") == (not block.runs)
        assert block.kind == "rule" or words(block).strip()


# ---- beside another reader of Markdown ------------------------------------------------------------

WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöü", min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
INLINE = st.one_of(
    WORDS,
    WORDS.map("**{}**".format),
    WORDS.map("*{}*".format),
    WORDS.map("_{}_".format),
    WORDS.map("`{}`".format),
    WORDS.map("[{}](https://a.de/b)".format),
)
LINE = st.lists(INLINE, min_size=1, max_size=4).map(" ".join)
BLOCK = st.one_of(
    LINE,
    LINE.map("# {}".format),
    LINE.map("### {} ###".format),
    LINE.map("{}\n---".format),
    LINE.map("> {}".format),
    st.tuples(LINE, LINE).map(lambda lines: "- {}\n- {}".format(*lines)),
    st.tuples(LINE, LINE).map(lambda lines: "- {}\n  - {}".format(*lines)),
    WORDS.map("```\n{}\n```".format),
    st.just("***"),
)


@given(st.lists(BLOCK, max_size=8).map("\n\n".join))
def test_markdown_is_read_as_another_reader_does(text: str) -> None:
    ours = [(kind, " ".join(written.split())) for kind, _, written in shown(text)]
    assert ours == list(_as_markdown_it(text))


def _as_markdown_it(text: str) -> Iterator[tuple[str, str]]:
    around: list[str] = []
    kinds = {"heading": "heading", "list_item": "item", "blockquote": "quote"}
    for token in MarkdownIt().parse(text):
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.type == "hr":
            yield "rule", ""
        elif token.type == "fence":
            yield "code", token.content.strip()
        elif token.type == "inline":
            pieces = [
                child.content or " " * (child.type == "softbreak") for child in token.children or []
            ]
            yield (
                next((kinds[one] for one in reversed(around) if one in kinds), "paragraph"),
                "".join(pieces),
            )
        elif token.nesting > 0:
            around.append(name)
        elif token.nesting < 0:
            around.pop()


# ---- time -----------------------------------------------------------------------------------------

SIZE = 100_000
SHAPES = {
    "prose": "Ein Satz mit einem *Wort* und noch mehr Text, wie er in der Zeitung steht.\n\n",
    "stars": "*",
    "underscores and letters": "_a",
    "openers": "*a _b ",
    "openers and closers": "*a b_ ",
    "closers": "a* b_ ",
    "nested emphasis": "*(**(",
    "ticks": "`a``b```c",
    "apostrophes": "`n a ",
    "brackets": "[",
    "closed brackets": "]",
    "pairs of brackets": "[a]",
    "link beginnings": "[a](https://b 'c ",
    "link titles": "[a](https://b \"c' ",
    "images": "![a](b",
    "addresses": "https://a.de/(b",
    "parentheses": "https://a.de/(",
    "angles": "<https://a",
    "escapes": "\\*",
    "quotations": ">",
    "quoted lines": "> a\n",
    "deeper quotations": "> > > > a\n> b\n",
    "short lines": "a\n",
    "items": "- a\n",
    "numbers": "1. a\n",
    "numbers apart": "1. a\n\nb\n\n",
    "deeper items": "- a\n  - b\n    - c\n      - d\n",
    "fences": "```a\n",
    "blank": " ",
    "blank lines": "\n",
    "dashes": "- ",
    "hashes": "# ",
    "backslashes": "\\\n",
    "feeds": "a\x0c",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_text(shape: str) -> None:
    piece = SHAPES[shape]
    text = piece * (SIZE // len(piece))
    begin = time.process_time()
    found = blocks(text)
    taken = time.process_time() - begin
    left_out(text, found)
    # What grows with the square takes minutes.
    assert taken < 5, f"{taken:.1f} s"


def test_many_fences_that_nothing_closes() -> None:
    text = "".join("`" * length + "x\n" for length in range(700, 3, -1)) + "~~~\n" * 10_000
    begin = time.process_time()
    blocks(text)
    assert time.process_time() - begin < 5


def test_deep_items() -> None:
    text = "".join("  " * depth + "- a\n" for depth in range(600))
    begin = time.process_time()
    assert blocks(text)[-1].level == 600
    assert time.process_time() - begin < 5
