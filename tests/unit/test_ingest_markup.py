"""Bounds for markup: what no page has is taken away or refused, and texts stay as they were."""

from __future__ import annotations

import pytest
from lxml import html

from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.html import read_html
from index.ingest.markup import MAX_ATTRIBUTES, MAX_ELEMENTS, MAX_TAGS, bound_tags, simplify
from index.ingest.options import ReadOptions

URI = "file:///a.html"
LEAD = "<p>Der erste Absatz steht am Anfang der Seite und ist lang genug.</p>"


def text_of(body: str) -> str:
    page = f"<html><head><title>T</title></head><body><article>{LEAD}{body}</article></body></html>"
    return read_html(Document(URI, page.encode()), ReadOptions()).text


@pytest.mark.parametrize(
    "attribute",
    ["a{}=1", "a{}", "a{} = '>'", 'a{}=">" ', "a{}=<b", "<{}=x", "a{}/ ", "a{}\n=\n'\"'"],
)
def test_a_tag_keeps_its_first_attributes(attribute: str) -> None:
    many = " ".join(attribute.format(number) for number in range(1_000))
    page = f"<p {many}>Text</p><p {many}>Text</p>"
    bounded = bound_tags(page, URI)
    assert len(bounded) < len(page) / 3
    assert bounded.count("Text</p>") == 2
    for element in html.fromstring(f"<div>{bounded}</div>"):
        assert len(element.attrib) <= MAX_ATTRIBUTES
        assert element.text == "Text"


@pytest.mark.parametrize(
    "markup",
    [
        "<p class=a id='b' data-x=\"c > d\">Text</p>",
        "<script>for(i=0;i<n;i++){" + "a b c " * 500 + "}</script><p>Text</p>",
        "<style>a<b {" + "x: y; " * 500 + "}</STYLE><p>Text</p>",
        "<!-- <a " + "b " * 500 + "--><p>Text</p>",
        "<p " + "b " * 150 + ">Text",
        "3 < 4 und a<b, " + "Wort " * 100 + "<p>Text",
        "<p a='unclosed>Text",
        "<", "<a", "<!--", "<script", "</p>", "",
    ],
)  # fmt: skip
def test_usual_markup_stays_as_it_is(markup: str) -> None:
    assert bound_tags(markup, URI) == markup


def test_tags_are_counted_before_they_are_parsed() -> None:
    bound_tags("<b>" * MAX_TAGS, URI)
    with pytest.raises(SourceError, match=r"more than 200,000 tags; save its text as \.txt"):
        bound_tags("<b>" * (MAX_TAGS + 1), URI)


@pytest.mark.parametrize("tag", ["a href=x", "span", "b", "font color=red", "unknown"])
def test_thousands_of_inline_elements_keep_their_text(tag: str) -> None:
    name = tag.split()[0]
    words = [f"Wort{number}" for number in range(5_000)]
    body = f"<p>Anfang {' '.join(f'<{tag}>{word}</{name}>' for word in words)} Ende.</p>"
    assert f"Anfang {' '.join(words)} Ende." in " ".join(text_of(body).split())


def test_what_stands_around_and_inside_of_them_stays() -> None:
    inner = "".join(f"<b>a{n}<i>b{n}</i>c{n}</b>d{n} " for n in range(600))
    tree = html.fromstring(f"<div>x {inner}<p>y</p>z <b>Ende</b>!</div>")
    before = tree.text_content()
    simplify(tree, URI)
    assert tree.text_content() == before
    assert sum(1 for _ in tree.iter()) == 602  # the div, what was inside, and the paragraph
    assert len(tree.xpath("./text()")) <= 602


def test_few_inline_elements_stay() -> None:
    tree = html.fromstring(f"<p>{'<a href=x>Wort</a> ' * 400}</p>")
    simplify(tree, URI)
    assert len(tree) == 400


@pytest.mark.parametrize("tag", ["p", "div", "td", "li", "br", "section"])
def test_a_page_of_too_many_elements_is_refused_with_their_number(tag: str) -> None:
    with pytest.raises(SourceError, match=r"the page has [36]0,\d+ elements, 30,000 at most"):
        text_of(f"<{tag}>Wort</{tag}>" * (MAX_ELEMENTS + 1))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE html [<!ENTITY a "b">]>',
        '<!DOCTYPE html><!DOCTYPE html [<!ENTITY a "b">]>',
        '<!DOCTYPE html [ ]><!doctype x SYSTEM "y" [ <!ELEMENT a> <!entity a "b">]>',
        '<!DOCTYPE html PUBLIC "[" [<!ENTITY a "b">]>',
    ],
)
def test_entities_of_any_document_type_are_refused(head: str) -> None:
    with pytest.raises(SourceError, match="entities of its own"):
        read_html(Document(URI, f"{head}<p>{LEAD}".encode()), ReadOptions())


def test_words_about_entities_are_not() -> None:
    page = (
        f"<!DOCTYPE html><html><body><article>{LEAD}<p>[1] &lt;!ENTITY x> steht in <!ENTITY y> [2]"
    )
    assert "steht in" in read_html(Document(URI, page.encode()), ReadOptions()).text
