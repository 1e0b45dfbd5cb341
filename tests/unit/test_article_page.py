"""The document of an article: its blocks as HTML, the cited place marked, no path told."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Article, Span, make_article
from qa.show import article_page

TEXT = (
    "# Der Turm\n\nEr ist **77 Meter** hoch. Und [alt](https://a.example/x).\n\n#### Die Lage\n\n"
    "- am Fluss\n  - auf Fels\n- bei Ulm\n\n3. Eins\n4. Zwei\n\n> Ein *Wahrzeichen*.\n>\n> Ja.\n\n"
    "---\n\n```\n<x>\n```\n"
)


def _article(text: str = TEXT, **changes: object) -> Article:
    facts = {"title": "Der Turm", "source": "https://www.a.example/t", "language": "de"}
    return make_article(text, **{**facts, **changes})  # type: ignore[arg-type]


def _body(record: Article, mark: Span | None = None) -> str:
    markup = article_page.article(record, mark)
    return markup.partition('<div class="text">')[2].removesuffix("</div></main></body></html>")


def _place(text: str, cited: str) -> Span:
    start = text.index(cited)
    return Span(start, start + len(cited))


def _marked(body: str) -> list[str]:
    return [unescape(found) for found in re.findall(r"<mark[^>]*>(.*?)</mark>", body, re.DOTALL)]


def test_the_blocks_as_elements() -> None:
    link = (
        '<a href="https://a.example/x" target="_blank" rel="noopener noreferrer nofollow">alt</a>'
    )
    assert _body(_article()) == (
        f"<p>Er ist <strong>77 Meter</strong> hoch. Und {link}.</p><h2>Die Lage</h2>"
        "<ul><li>am Fluss<ul><li>auf Fels</li></ul></li><li>bei Ulm</li>"
        '<li class="nummer">3. Eins</li><li class="nummer">4. Zwei</li></ul>'
        "<blockquote><p>Ein <em>Wahrzeichen</em>.</p><p>Ja.</p></blockquote>"
        "<hr><pre><code>&lt;x&gt;</code></pre>"
    )


def test_the_title_stands_above_it_once() -> None:
    markup = article_page.article(_article(), None)
    assert markup.count("Der Turm") == 2  # the heading, and the window's title
    assert "<h1>Der Turm</h1>" in markup
    assert "<h1>Er ist 77 Meter hoch.</h1>" in article_page.article(
        _article("Er ist **77 Meter** hoch. Und alt.", title=""), None
    )


def test_headings_leave_out_no_step() -> None:
    text = "## A\n\n##### B\n\n### C\n\n# D\n\n###### E\n"
    assert re.findall("<h.>.", _body(_article(text))) == [
        "<h2>A",
        "<h3>B",
        "<h3>C",
        "<h2>D",
        "<h3>E",
    ]


def test_a_mark_spans_runs_and_blocks() -> None:
    mark = Span(TEXT.index("ist **"), TEXT.index("Fluss") + 5)
    body = _body(_article(), mark)
    assert _marked(body) == ["ist ", "77 Meter", " hoch. Und ", "alt", ".", "Die Lage", "am Fluss"]
    assert body.count('id="stelle"') == 1
    assert '<p>Er <mark id="stelle">ist </mark><strong><mark>77 Meter</mark></strong>' in body


@pytest.mark.parametrize("cited", ["7", "77 Meter", "Und", "auf Fels", "Wahrzeichen", "<x>"])
def test_a_mark_in_one_run(cited: str) -> None:
    assert _marked(_body(_article(), _place(TEXT, cited))) == [cited]


def test_a_mark_in_the_title_shows_it_again() -> None:
    body = _body(_article(), Span(2, 10))
    assert body.startswith('<h2><mark id="stelle">Der Turm</mark></h2>')


def test_a_mark_of_nothing_that_is_shown() -> None:
    assert "<mark" not in _body(_article(), _place(TEXT, "---"))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("file:///home/ich/geheim/Der%20Turm.md", '<p class="angaben">Der Turm.md</p>'),
        ("/home/ich/geheim/turm.md", '<p class="angaben">turm.md</p>'),
        ("upload:turm.md", '<p class="angaben">turm.md</p>'),
        ("https://www.a.example/t", ">a.example</a></p>"),
        ("javascript:alert(1)", '<p class="angaben">javascript:alert(1)</p>'),
    ],
)
def test_a_source_by_its_name(source: str, shown: str) -> None:
    for title in ("Der Turm", ""):
        markup = article_page.article(_article("", source=source, title=title), None)
        assert shown in markup
        assert "geheim" not in markup


def test_the_policy_names_the_style() -> None:
    markup = article_page.article(_article(), None)
    style = markup.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in article_page.ARTICLE_POLICY
    assert "style=" not in markup


class _Nesting(HTMLParser):
    """Every element ends, within the one it began in; the text is kept."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.told = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "hr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.told += data


LINES = st.sampled_from(
    [
        *(
            "# A",
            "### B",
            "- c",
            "  - d",
            "      - e",
            "1. f",
            "2. g",
            "> h",
            "> - i",
            "***",
            "```",
        ),
        *("", "", "j **k** *l*", "[m](https://a.de)", "<b>&amp;</b>", "`n`"),
    ]
)


@given(st.lists(LINES, max_size=12).map("\n".join), st.integers(0, 40), st.integers(1, 20))
def test_the_markup_is_whole(text: str, start: int, length: int) -> None:
    record = _article(text, title="")
    body, marked = _body(record), _body(record, Span(start, start + length))
    plain, with_mark = _Nesting(body), _Nesting(marked)
    assert plain.open == with_mark.open == []
    assert plain.told == with_mark.told
    assert marked.count('id="stelle"') == ("<mark" in marked)
    cited = "".join(_marked(marked))
    assert len(cited) <= length
    assert set(cited) <= set(text[start : start + length])
