"""Bytes to text: every encoding that German files come in, and what is no text."""

from __future__ import annotations

import logging
import random

import pytest

from index.errors import SourceError
from index.ingest.document import Document
from index.ingest.encoding import decode
from index.ingest.options import ReadOptions
from index.ingest.plain import read_text, title_of

GERMAN = "„Müller“ zahlt 5 € – für Äpfel, Öl und Übermaß.\r\nZweite Zeile."
URI = "file:///a.txt"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_german_text_is_right_in_every_usual_encoding(encoding: str) -> None:
    assert decode(GERMAN.encode(encoding), URI) == GERMAN


def test_utf_16_big_endian_with_a_mark() -> None:
    assert decode(b"\xfe\xff" + GERMAN.encode("utf-16-be"), URI) == GERMAN


@pytest.mark.parametrize("text", ["„ü€“", "ü", "Größe", "Ärger über Öl", "naïve cafés à Genève"])
def test_short_cp1252(text: str) -> None:
    assert decode(text.encode("cp1252"), URI) == text


def test_latin_1() -> None:
    text = "Die Straße führt über die Brücke zum Fluß. " * 20
    assert decode(text.encode("latin-1"), URI) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Президент России подписал указ о новых правилах. " * 4),
        ("shift_jis", "東京の新しい駅が来年開業する予定です。" * 8),
        ("cp1250", "Zażółć gęślą jaźń. Wyższa płaca dla większości pracowników. " * 8),
    ],
)
def test_other_code_pages_are_not_taken_for_cp1252(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), URI) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Привет, мир! Как дела?\n", "a", "東京 に 行く\n"])
def test_utf_16_without_a_mark_in_any_script(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), URI) == text


EAST_ASIAN = (
    "東京の新しい駅が来年開業する予定です。",
    "北京市政府宣布，一座新的桥梁将于明年开放。",
    "새로운 다리가 내년에 서울에서 개통된다고 시가 밝혔다.",
    "ひらがなだけでかかれたぶんしょうもあります。",
    "一一一。二〇二四年一月一日，一切正常。\n一座桥\r\n",
)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", EAST_ASIAN)
@pytest.mark.parametrize("times", [1, 60])
def test_east_asian_utf_16_without_a_mark(encoding: str, text: str, times: int) -> None:
    assert decode((text * times).encode(encoding), URI) == text * times


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("gb18030", EAST_ASIAN[1]), ("shift_jis", EAST_ASIAN[0]), ("euc_jp", EAST_ASIAN[0]), ("euc_kr", EAST_ASIAN[2]), ("cp1251", "Президент подписал указ")],
)  # fmt: skip
def test_other_east_asian_bytes_are_not_taken_for_utf_16(encoding: str, text: str) -> None:
    text = text.replace(" ", "") * 10
    assert decode(text.encode(encoding), URI) == text


def test_nul_bytes_are_dropped_and_nothing_else() -> None:
    assert decode("Hal\0lo, Mü\0ller\r\n\tx \n".encode(), URI) == "Hallo, Müller\r\n\tx \n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t\r\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xef\xbb\xbf \n",
        b"\0\0\0",
        "\u200b\n".encode(),
        "\u00a0\u2003".encode(),
    ],
)
def test_empty_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data, URI)
    assert caught.value.source == URI


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
        b"PK\x03\x04\x14\0",
        b"\x7fELF\x02\x01\x01",
        random.Random(1).randbytes(5000),
        random.Random(2).randbytes(200),
        bytes(range(256)) * 4,
        b"\xff\xfea",
    ],
)
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError):
        decode(data, URI)


def test_random_bytes_are_never_text() -> None:
    taken = 0
    for seed in range(200):
        try:
            decode(random.Random(seed).randbytes(400), URI)
            taken += 1
        except SourceError:
            pass
    assert taken == 0


def test_text_decoded_twice_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert decode("Herr MÃ¼ller".encode(), URI) == "Herr MÃ¼ller"
    assert "decoded twice" in caplog.text
    assert URI in caplog.text


@pytest.mark.parametrize("text", ["Müller", "SÃO PAULO", "Ângela", "â", "5 €", "façade"])
def test_real_letters_are_not_warned_about(text: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        decode(text.encode(), URI)
    assert not caplog.records


def test_a_stray_byte_does_not_spoil_utf_8(caplog: pytest.LogCaptureFixture) -> None:
    data = "Müller, Äpfel, Öl und ".encode() + "Übermaß".encode("cp1252")
    with caplog.at_level(logging.WARNING):
        assert decode(data, URI) == "Müller, Äpfel, Öl und Übermaß"
    assert "2 bytes" in caplog.text


def test_the_encoding_asked_for_is_used_or_refused() -> None:
    assert decode("ДОМ".encode("koi8-r"), URI, "koi8-r") == "ДОМ"
    with pytest.raises(SourceError, match="utf-8"):
        decode("ü".encode("cp1252"), URI, "utf-8")
    with pytest.raises(SourceError, match="surrogate"):
        decode(b"+2AA-", URI, "utf-7")


@pytest.mark.parametrize(
    ("text", "title", "publisher"),
    [
        ("\n\n  Der Titel \n\nText", "Der Titel", None),
        ("x" * 200 + "\nText", "x" * 200, None),
        ("x" * 201 + "\nText", "", None),
        ("Anzeiger - Brand gelöscht\n\nBrand gelöscht\nText", "Brand gelöscht", "Anzeiger"),
        ("Brand gelöscht | Anzeiger\nBrand gelöscht\n", "Brand gelöscht", "Anzeiger"),
        ("Haus - Garten\nText", "Haus - Garten", None),
        ("Brand\nBrand", "Brand", None),
    ],
)
def test_title(text: str, title: str, publisher: str | None) -> None:
    assert title_of(text) == (title, publisher)


def test_the_whole_text_stays_the_text() -> None:
    article = read_text(Document(URI, GERMAN.encode()), ReadOptions())
    assert article.text == GERMAN
    assert article.title == "„Müller“ zahlt 5 € – für Äpfel, Öl und Übermaß."
    assert article.source == URI
    assert article.language == "de"
    assert article.fetched.tzinfo is not None


def test_a_line_of_20_megabytes_is_one_text() -> None:
    data = ("Wörter ohne Ende " * 1_200_000).encode()
    assert len(decode(data, URI)) == 17 * 1_200_000


def test_long_white_space_costs_no_more_than_its_length() -> None:
    text = " " * 300_000 + "\n" + "\t" * 300_000 + "\nTitel"
    assert title_of(text) == ("Titel", None)
