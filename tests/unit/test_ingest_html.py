"""Saved web pages and Markdown: text, metadata, hostile markup."""

from __future__ import annotations

import json
import logging
import re
from datetime import date
from pathlib import Path

import pytest

from index.errors import SourceError
from index.ingest import read_sources
from index.ingest.document import Document
from index.ingest.html import read_html
from index.ingest.markdown import read_markdown
from index.ingest.options import ReadOptions
from index.records import Article

URI = "file:///seite.html"
SHARED = Path(__file__).parents[3] / "shared" / "data"

FIRST = "Die neue Brücke über den Fluß kostet 14\u00a0Millionen Euro, sagt die Bürgermeisterin."
SECOND = "Größere Schäden gab es nicht; „alles gut“, heißt es aus dem Rathaus von Übersee."
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Brücke fertig - Der Anzeiger</title>
<meta charset="CHARSET">
<meta property="og:site_name" content="Der Anzeiger"><meta name="author" content="Anna Maier">
<meta property="article:published_time" content="2025-06-12T08:00:00+02:00">
<link rel="canonical" href="https://anzeiger.example.org/bruecke.html"></head>
<body><nav><a href="/">Start</a><a href="/a">Sport</a></nav>
<article><h1>Brücke fertig</h1><p>{FIRST}</p><h2>Keine Schäden</h2><p>{SECOND}</p>
<ul><li>Erstens das Geländer</li><li>Zweitens der Belag</li></ul>
<script>alert("nie")</script><p onclick="x()">Ein letzter Absatz steht am Ende der Seite.</p>
</article><footer>Impressum Datenschutz</footer></body></html>"""


def page(data: str | bytes) -> Article:
    raw = data.encode() if isinstance(data, str) else data
    return read_html(Document(URI, raw), ReadOptions())


def test_what_a_page_says_about_itself() -> None:
    article = page(PAGE)
    assert article.title == "Brücke fertig"
    assert article.publisher == "Der Anzeiger"
    assert article.authors == ("Anna Maier",)
    assert article.published == date(2025, 6, 12)
    assert article.source == "https://anzeiger.example.org/bruecke.html"
    assert article.language == "de"  # the text's, not the template's lang="en"


def test_blocks_are_a_blank_line_apart_and_scripts_are_gone() -> None:
    text = page(PAGE).text
    assert f"{FIRST}\n\nKeine Schäden\n\n{SECOND}\n\n" in text.replace("14 M", "14\u00a0M")
    assert "nie" not in text.split()
    assert "alert" not in text
    assert "Impressum" not in text


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("utf-8", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("windows-1252", "cp1252"),
        ("no-such-thing", "cp1252"),
        ("utf-16", "utf-8-sig"),
        ("utf-8", "utf-16"),
    ],
)
def test_charsets_right_and_wrong(declared: str, encoding: str) -> None:
    text = page(PAGE.replace("CHARSET", declared).encode(encoding)).text
    assert SECOND in text


@pytest.mark.parametrize(
    "declared",
    ["windows-1251", "koi8-r", "iso-8859-5", "iso-8859-7", "cp437", "cp850", "macintosh", "gb2312", "gbk", "big5", "shift_jis", "euc-kr", "windows-1253", "windows-1255", "tis-620", "utf-16", "utf-16le", "utf-32", "utf-7", "ucs-2", "windows-1256"],
)  # fmt: skip
@pytest.mark.parametrize("form", ['<meta charset="CHARSET">', '<?xml version="1.0" encoding="CHARSET"?>'])  # fmt: skip
def test_a_wrong_charset_is_seen_by_the_words_it_makes(declared: str, form: str) -> None:
    head = form.replace("CHARSET", declared)
    data = PAGE.replace('<meta charset="CHARSET">', head if "meta" in head else "")
    data = head + data if "xml" in head else data
    assert SECOND in page(data.encode("cp1252")).text


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ("windows-1251", "Президент подписал новый указ, говорится на сайте. IT-компании и iPhone."),
        ("koi8-r", "Президент подписал новый указ, говорится на сайте правительства страны."),
        ("iso-8859-7", "Ο πρωθυπουργός ανακοίνωσε νέα μέτρα για την οικονομία της χώρας."),
        ("gb2312", "北京市政府宣布，一座新的桥梁将于明年开放，AI技术公司和iPhone用户都很高兴。"),
        ("shift_jis", "東京の新しい駅が来年開業する予定です。IT企業とiPhoneユーザーが喜んでいます。"),
        ("euc-kr", "새로운 다리가 내년에 서울에서 개통된다고 시가 밝혔다. AI기업도 환영했다."),
        ("iso-8859-2", "Wyższa płaca dla większości pracowników, mówi minister pracy i płacy."),
        ("windows-1255", "ראש הממשלה הודיע על צעדים חדשים לכלכלה של המדינה השבוע."),
    ],
)  # fmt: skip
def test_a_right_charset_is_believed(declared: str, sentence: str) -> None:
    body = f"<p>{sentence}</p>" * 8
    data = f'<html><head><meta charset="{declared}"></head><body><article>{body}'.encode(declared)
    assert sentence in page(data).text


def test_a_declared_charset_is_believed_where_it_can_be() -> None:
    polish = "Wyższa płaca dla większości pracowników, mówi minister. Źródło: ministerstwo pracy."
    markup = f'<html><head><meta charset="iso-8859-2"></head><body><article><p>{polish}</p>'
    assert polish in page((markup + "</article></body></html>").encode("iso-8859-2")).text


@pytest.mark.parametrize("depth", [100, 300, 1500])
def test_deeply_nested_text_is_kept(depth: int) -> None:
    markup = f"<p>{FIRST}</p>{'<div>' * depth}<p>{SECOND}</p>{'</div>' * depth}"
    assert SECOND in page(f"<html><body><article>{markup}</article></body></html>").text


def test_text_is_never_dropped_in_silence_by_depth() -> None:
    markup = f"<p>{FIRST}</p>{'<div>' * 50_000}<p>{SECOND}</p>{'</div>' * 50_000}"
    with pytest.raises(SourceError, match="too deeply"):
        page(f"<html><body><article>{markup}</article></body></html>")


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
    ],
)
def test_pages_with_their_own_entities_are_refused(entity: str) -> None:
    markup = f"<!DOCTYPE html [ {entity} ]><html><body><p>{FIRST} &b;&x;</p></body></html>"
    with pytest.raises(SourceError, match="entities"):
        page(markup)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "   ",
        "<html></html>",
        "<html><head><title>Nur ein Titel</title></head><body></body></html>",
        "<html><body><script>var x = 1;</script></body></html>",
        "<!-- nur ein Kommentar -->",
        b"\x1f\x8b\x08" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_pages_without_an_article_are_refused(data: str | bytes) -> None:
    with pytest.raises(SourceError) as caught:
        page(data)
    assert caught.value.source == URI


def test_a_front_page_is_nobody_s_address() -> None:
    article = page(PAGE.replace("org/bruecke.html", "org/"))
    assert article.source == URI


def test_the_pages_of_the_evaluation_set() -> None:
    """Measured with trafilatura 2.3.1: with .905, without .929."""
    folder = SHARED / "html"
    if not folder.is_dir():
        pytest.skip("the evaluation pages are not part of the repository")
    gold = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    wanted = found = unwanted = absent = 0
    for name, phrases in gold.items():
        (article,) = read_sources([folder / name])
        assert isinstance(article, Article), article
        text = flat(article.text)
        wanted += len(phrases["with"])
        found += sum(flat(phrase) in text for phrase in phrases["with"])
        unwanted += len(phrases["without"])
        absent += sum(flat(phrase) not in text for phrase in phrases["without"])
    print(f"with {found}/{wanted}, without {absent}/{unwanted}")
    assert found / wanted >= 0.89
    assert absent / unwanted >= 0.91


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# --- Markdown ----------------------------------------------------------------------------------


def markdown(text: str) -> Article:
    return read_markdown(Document("file:///a.md", text.encode()), ReadOptions())


def test_front_matter() -> None:
    article = markdown(
        "---\r\ntitle: 'Meta: Milliarden'\r\nauthors: [Anna Maier, Bernd Kunz]\r\n"
        "publisher: Der Anzeiger\r\npublished: 2025-06-12\r\nlanguage: de\r\n"
        "source: https://example.org/a\r\n---\r\n\r\n# Andere\r\n\r\nText.\r\n"
    )
    assert article.text == "# Andere\r\n\r\nText.\r\n"
    assert article.title == "Meta: Milliarden"
    assert article.authors == ("Anna Maier", "Bernd Kunz")
    assert article.publisher == "Der Anzeiger"
    assert article.published == date(2025, 6, 12)
    assert article.language == "de"
    assert article.source == "https://example.org/a"


def test_front_matter_that_is_no_yaml_is_read_line_by_line() -> None:
    article = markdown("---\ntitle: Meta: 10 Mrd. Dollar\nlang: no\n---\nText hier.\n")
    assert article.title == "Meta: 10 Mrd. Dollar"
    assert article.language == "no"
    assert article.text == "Text hier.\n"
    assert article.source == "file:///a.md"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Der *Titel* mit [Link](x) #\n\nText", "Der Titel mit Link"),
        ("Titel\n=====\n\nText", "Titel"),
        ("Einleitung.\n\n```\n# kein Titel\n```\n\n## Der Titel\n", "Der Titel"),
        ("Nur eine Zeile\n\nText", "Nur eine Zeile"),
        ("---\n\nEin Text zwischen Linien\n\n---\n\n# Titel\n", "Titel"),
    ],
)
def test_headings(text: str, title: str) -> None:
    article = markdown(text)
    assert article.title == title
    assert article.text == text


def test_front_matter_alone_is_empty() -> None:
    with pytest.raises(SourceError, match="empty"):
        markdown("---\ntitle: x\n---\n\n")


def test_yaml_cannot_build_objects_or_bombs(caplog: pytest.LogCaptureFixture) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a]\n" for i in range(50))
    with caplog.at_level(logging.WARNING):
        article = markdown(f"---\n{bomb}title: !!python/object/apply:os.getcwd []\n---\nText.\n")
    assert article.text == "Text.\n"
    deep = markdown(f"---\ntitle: {'[' * 5000}\n---\nText.\n")
    assert deep.text == "Text.\n"
