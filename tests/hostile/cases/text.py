"""Plain text: encodings, marks, invisible characters, long lines, and bytes that are no text."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from index.text.analysis import terms
from qa.show.sanitize import visible
from tests.hostile.case import Case
from tests.hostile.reading import Folder, passages, some

WESTERN = (
    "„ü€“",
    "Größe",
    "„Müller“ zahlt 5 € – für Äpfel, Öl und Übermaß.\r\nZweite Zeile.",
    "Die Straße führt über die Brücke zum Fluß. " * 30,
    "Ein Café à Genève kostet 3 £ – naïve Preise, sagt Señor Nuñez.",
)
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
OTHERS = (
    ("cp1251", "Президент России подписал указ о новых правилах. " * 4),
    ("cp1250", "Zażółć gęślą jaźń. Wyższa płaca dla większości pracowników. " * 8),
    ("shift_jis", "東京の新しい駅が来年開業する予定です。" * 8),
    ("euc_jp", "東京の新しい駅が来年開業する予定です。" * 8),
    ("gb18030", "北京市政府宣布，一座新的桥梁将于明年开放。" * 8),
    ("euc_kr", "새로운 다리가 내년에 서울에서 개통된다고 시가 밝혔다. " * 8),
)
EAST_ASIAN = (
    "東京の新しい駅が来年開業する予定です。",
    "北京市政府宣布，一座新的桥梁将于明年开放。",
    "새로운 다리가 내년에 서울에서 개통된다고 시가 밝혔다.",
    "一一一。二〇二四年一月一日，一切正常。\n",
)
INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2069\ufeff"
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CONTROLS = "\x00\x07\x08\x1b\x7f\x85\x9b\r\u2028\u2029"
WORDS = ("Überlandleitung", "Müller", "Scale-AI-Chefin", "Größenverhältnis")

BINARY = {
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "a zip": b"PK\x03\x04\x14\0",
    "a PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a GIF": b"GIF89a\1\0\1\0",
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0",
    "zstd": b"\x28\xb5\x2f\xfd\x24\x05",
    "bzip2": b"BZh91AY&SY",
    "xz": b"\xfd7zXZ\0\0",
    "a program": b"\x7fELF\x02\x01\x01",
    "an old .doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500,
    "a database": b"SQLite format 3\0" + b"\0" * 80,
    "every byte": bytes(range(256)) * 8,
}
EMPTY = (
    b"", b" ", b"\n\r\t \n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\r\n",
    b"\0\0\0", "\u200b\n\u200b".encode(), "\u00a0\u2003\u3000".encode(), "\ufeff\ufeff".encode(),
    b"\x0b\x0c", "\u2028\u2029".encode(), "  ".encode("utf-16"),
)  # fmt: skip

LINES = {
    "one word": "x", "words": "Wort ", "sentences": "Ein Satz steht hier. ", "Chinese": "東京の新",
    "full-width stops": "東。", "opening quotes": "„", "closing quotes": "“", "stops": ".",
    "initials": "A. ", "numbers": "1. ", "abbreviations": "Nr. ", "brackets": "[1] ", "marks": "!?",
    "accents": "\u0301\u0327", "invisible": "\u200b", "soft hyphens": "\u00ad", "emoji": "👩‍👩‍👧🏽",
    "thousands": "1.000 ", "dashes": "- ", "list": "a) ", "names": "Anna Berg\n", "short": "a\n",
    "headings": "# a\n\n", "rules": "---\n", "teasers": "Empfohlen\n\nEin Titel\n\n", "CR": "Wort\r",
    "separators": "Wort\u2028", "tabs": "\tWort", "right to left": "שלום ", "Thai": "สวัสดี",
}  # fmt: skip
REPEATS = {"names", "headings", "teasers", "short", "CR", "separators"}


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    """Files in a folder, each between two good ones."""
    files = Folder(folder)
    yield from some(_encodings(files), quick)
    yield from some(_marks(files), quick)
    yield from some(_odd_bytes(files), quick, every=4)
    yield from some(_words(), quick, every=8)
    yield from some(_shown(), quick)
    for name, unit in some(LINES.items(), quick, every=4):
        size = 20_000 if quick else 200_000
        yield Case(
            f"a long line of {name}",
            partial(_is_divided, unit * (size // len(unit)), name in REPEATS),
        )
    for gap in (" ", "\n", "\u200b", "\u00ad", "\t", "-\n"):
        yield Case(f"a gap of {gap!r}", partial(_is_divided, f"Eins.{gap * 100_000}Zwei."))


def _encodings(files: Folder) -> Iterator[Case]:
    for text in WESTERN:
        for encoding in UNICODE:
            yield _same(files, text, encoding)
        if text.isprintable() or "\r" in text:
            yield _same(files, text, "cp1252")
    yield _same(files, WESTERN[3], "latin-1")
    for encoding, text in OTHERS:
        yield _same(files, text, encoding)
        yield _same(files, text, "utf-8")
        yield _same(files, text, "utf-16")
    for text in EAST_ASIAN:
        for encoding in ("utf-16-le", "utf-16-be"):
            yield _same(files, text * 3, encoding)


def _same(files: Folder, text: str, encoding: str) -> Case:
    name = f"{encoding}: {text[:20]!r}"
    return files.right(name, "m.txt", text.encode(encoding), lambda read: read == text)


def _marks(files: Folder) -> Iterator[Case]:
    for data in EMPTY:
        yield files.refused(f"empty {data[:12]!r}", "m.txt", data, "empty")
    for name, data in BINARY.items():
        yield files.refused(f"{name} named .txt", "m.txt", data, "not text")
        yield files.refused(f"{name} named .md", "m.md", data, "not text")
    for seed in range(12):
        noise = random.Random(seed).randbytes(300 + 100 * seed)
        yield files.refused(f"random bytes {seed}", "m.txt", noise, "not text")
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        yield files.refused(f"cut off after {mark!r}", "m.txt", mark + b"a\0b", "UTF-16")


def _odd_bytes(files: Folder) -> Iterator[Case]:
    text = "Müller und Söhne aus Köln"
    for place in (0, 3, 12, 25):
        data = (text[:place] + "\0" + text[place:]).encode()
        yield files.right(f"NUL at {place}", "m.txt", data, lambda read: read == text)
    for data in (b"\xed\xa0\x80 Text", b"Text \xed\xa0\xbd\xed\xb8\x80", b"+2AA-", b"a\xff", b"\xc3",
                 text.encode()[:-1] + b"\xc3", b"\x1b[31mrot\x1b[0m", b"\xf4\x90\x80\x80 Text",
                 b"\xc0\xaf Text", b"\xef\xbf\xbe", b"\x80" * 100, b"\xff" * 50, b"a\0b\0c" * 9,
                 "Text".encode("utf-32-be"), b"\xfe\xff\xd8\0\0a"):  # fmt: skip
        yield files.either(f"odd bytes {data[:16]!r}", "m.txt", data)
        yield files.either(f"odd bytes in Markdown {data[:16]!r}", "m.md", b"# A\n\n" + data)
    mixed = "Müller, Äpfel, Öl und ".encode() + "Übermaß".encode("cp1252")
    yield files.right("UTF-8 and cp1252", "m.txt", mixed, lambda read: read.endswith("und Übermaß"))
    for head in ("---\n", "---\ntitle: [\n---\n", '---\ntitle: "\\uD800"\n---\n', "---\n- a\n---\n",
                 "---\na: &a [*a]\n---\n", "---\na: !!python/object:os.system x\n---\n",
                 "---\n" + "a: {" * 5_000 + "\n---\n", "---\n" + "- " * 5_000 + "\n---\n",
                 "---\ntitle: \x07\n---\n", "---\ndate: 99999-99-99\n---\n", "# \n", "#" * 9_000,
                 "---\nsource: javascript:alert(1)\n---\n", "[" * 20_000, "`" * 20_000, ">" * 20_000):  # fmt: skip
        yield files.either(f"Markdown that begins {head[:30]!r}", "m.md", f"{head}Text.".encode())


def _words() -> Iterator[Case]:
    import unicodedata

    for word in WORDS:
        for form in ("NFD", "NFKD", "NFKC"):
            written = unicodedata.normalize(form, word)
            yield Case(f"{word} in {form}", partial(_is_found, written, word))
        for character in INVISIBLE:
            hidden = character.join(word)
            yield Case(f"{character!r} in {word}", partial(_is_found, hidden, word))


def _is_found(written: str, asked: str) -> None:
    assert terms(f"Die {written} steht da", "de") == terms(f"Die {asked} steht da", "de")


def _shown() -> Iterator[Case]:
    for character in BIDI + CONTROLS:
        yield Case(f"{character!r} is written out", partial(_is_written_out, character))


def _is_written_out(character: str) -> None:
    shown = visible(f"a{character}b")
    assert character not in shown
    assert shown.startswith("a")
    assert len(shown) > 3


def _is_divided(text: str, repeats: bool = False) -> None:
    """No letter is lost, but where every line ``repeats`` the first, which is the title then."""
    found = passages(text)
    assert found
    kept = sum(map(str.isalnum, "".join(found)))
    assert repeats or kept == sum(map(str.isalnum, text))
