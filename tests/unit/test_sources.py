"""What articles and sources are called on the page: never a path, never nothing."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.translation import speaking
from qa.show.markup import source_link
from qa.show.sources import headline, link_of, name_of


class TestHeadline:
    def test_the_title(self) -> None:
        assert headline("Der Turm", "Ein Text.") == ("Der Turm", True)

    @pytest.mark.parametrize(
        ("title", "shown"),
        [
            ("# Der **hohe** Turm", "Der hohe Turm"),
            ("  Der\n Turm ", "Der Turm"),
            ("[Der Turm](https://a.de) `x`", "Der Turm x"),
            ("1. FC Köln: 2 * 3 Tore", "1. FC Köln: 2 * 3 Tore"),
            ("- 5 Grad", "- 5 Grad"),
            ("tob\u202egnil\x1b", "tob\\u202egnil\\x1b"),
        ],
    )
    def test_a_title_without_markdown_on_one_line(self, title: str, shown: str) -> None:
        assert headline(title, "") == (shown, True)

    @pytest.mark.parametrize("title", ["", " \n", "***", "**", "\u200b"])
    def test_the_first_sentence_where_there_is_no_title(self, title: str) -> None:
        text = "---\n\n> Am 3. Mai kam **Dr. Maier** an. Er blieb lange.\n"
        expected = "Am 3. Mai kam Dr. Maier an."
        assert headline(title, text) == ("**" if title == "**" else expected, title == "**")

    def test_a_heading_is_one_too(self) -> None:
        assert headline("", "## Der Turm\n\nEin Text.") == ("Der Turm", False)

    @pytest.mark.parametrize("text", ["", " \n", "***\n\n---", "\u200b", "![](x.png)"])
    def test_where_there_is_nothing(self, text: str) -> None:
        assert headline("", text) == ("Untitled", False)

    def test_a_long_one_is_cut_at_a_word(self) -> None:
        title, _ = headline("Zwanzig Wörter " * 20, "")
        assert len(title) <= 120
        assert title.endswith("Wörter Zwanzig …") or title.endswith("Zwanzig Wörter …")
        assert headline("x" * 120, "") == ("x" * 120, True)
        assert headline("x" * 121, "") == ("x" * 119 + "…", True)
        shown, has_title = headline("", "Ein sehr langer Satz, der nicht enden will, " * 100)
        assert (len(shown) <= 120, shown[-2:], has_title) == (True, " …", False)

    @given(st.text(max_size=30), st.text(max_size=60))
    def test_it_is_one_line_and_never_empty(self, title: str, text: str) -> None:
        shown, _ = headline(title, text)
        assert shown.strip()
        assert len(shown.splitlines()) == 1
        assert len(headline("Wort " * 9 + title, text)[0]) < 400


class TestNames:
    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ("https://www.zeitung.example/a/b?c=1#d", "zeitung.example"),
            ("http://Zeitung.example:8080/", "zeitung.example"),
            ("https://ich:geheim@zeitung.example/a", "zeitung.example"),
            ("file:///home/ich/artikel/M%C3%BCller%20%231%25.txt", "Müller #1%.txt"),
            ("file:///home/ich/archiv.csv#7", "archiv.csv #7"),
            ("file:///home/ich/archiv.jsonl#a%2Fb%20c", "archiv.jsonl #a/b c"),
            ("file:///home/ich/archiv.jsonl:3", "archiv.jsonl:3"),
            ("file:///home/ich/ordner/", "ordner"),
            ("FILE:///C:/Users/ich/a.txt", "a.txt"),
            ("file://localhost/home/ich/a%2Fb.txt", "b.txt"),
            ("file:///", "–"),
            ("upload:mühle.txt", "mühle.txt"),
            ("upload:Bericht #3.txt", "Bericht #3.txt"),
            ("upload:Liste #3.csv#n%C3%B6", "Liste #3.csv #nö"),
            ("upload:archiv.jsonl:3", "archiv.jsonl:3"),
            ("/home/ich/a.txt", "a.txt"),
            ("~/artikel/a.txt", "a.txt"),
            ("~ich/a.txt", "a.txt"),
            ("../a/b.txt", "b.txt"),
            ("C:\\Users\\ich\\a.txt", "a.txt"),
            ("\\\\rechner\\ordner\\a.txt", "a.txt"),
            ("'/home/ich/a\\x00b'", "x00b'"),
            ("stdin:0123456789ab", "stdin:0123456789ab"),
            ("urn:isbn:978-3", "urn:isbn:978-3"),
            ("Süddeutsche Zeitung/dpa", "Süddeutsche Zeitung/dpa"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("http://[::1", "http://[::1"),
            ("a\n\u202eb", "a \\u202eb"),
        ],
    )  # fmt: skip
    def test_names(self, source: str, name: str) -> None:
        assert name_of(source) == name

    @given(st.lists(st.text(alphabet="abä %#?.~", min_size=1, max_size=6), min_size=2, max_size=4))
    def test_no_folder_is_told(self, parts: list[str]) -> None:
        folders = [f"geheim{part}" for part in parts[:-1]]
        posix = PurePosixPath("/", *folders, f"n{parts[-1]}")
        windows = PureWindowsPath("C:\\", *folders, f"n{parts[-1]}")
        for path in (posix, windows):
            for source in (str(path), path.as_uri(), f"{path.as_uri()}#3", f"{path.as_uri()}:3"):
                assert "geheim" not in name_of(source)
        assert name_of(posix.as_uri()) == " ".join(posix.name.split())


class TestLinks:
    @pytest.mark.parametrize(
        "source",
        [
            "https://a.example/b?c=d#e",
            "http://a.example",
            "HTTPS://a.example",
            "https://ü.example/ß",
        ],
    )
    def test_addresses_of_the_web(self, source: str) -> None:
        assert link_of(source) == source

    @pytest.mark.parametrize(
        "source",
        [
            *("", "a.txt", "/etc/passwd", "file:///etc/passwd", "upload:a.txt", "ftp://a.example/"),
            *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x"),
            *(" https://a.example", "https://a.example/\n", "https://a.example/a b", "https:\\\\a.example"),
            *("https://ich@a.example", "https://ich:geheim@a.example", "https://a.example\\@b.example"),
            *("http://[::1", "http://", "https:///a", "http:a", "//a.example", "https://a.example:x/"),
            *("https://a.example/\u202egnp.exe", "https://a.example/\x1b", "https://a.example/\ud800"),
        ],
    )  # fmt: skip
    def test_all_others_are_none(self, source: str) -> None:
        assert link_of(source) is None

    def test_the_link_of_a_source_is_called_by_its_name(self) -> None:
        assert source_link('https://www.a.example/"b') == (
            '<a href="https://www.a.example/&quot;b" target="_blank" '
            'rel="noopener noreferrer nofollow">a.example</a>'
        )
        assert source_link("file:///home/ich/%3Cb%3E.txt") == "&lt;b&gt;.txt"


def test_untitled_in_german() -> None:
    with speaking("de"):
        assert headline("", "")[0] == "Ohne Titel"
