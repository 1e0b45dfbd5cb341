"""Bytes to text: which encoding they are in, and whether they are text at all."""

from __future__ import annotations

import logging
import re

from index import translation
from index.errors import SourceError

logger = logging.getLogger(__name__)

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16, whose mark begins it
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SIGNATURES = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x1f\x8b\x08", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"SQLite format 3\x00", "a database"),
)

_SAMPLE = 100_000
"""Bytes or characters that a guess looks at: enough to decide, and 100 MB stay cheap."""

_STRAY = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of a byte
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_CONTINUATION = "".join(
    sorted(set(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore") + "\x81\x8d\x8f\x90\x9d"))
)
_MOJIBAKE = re.compile(f"Ã[{_CONTINUATION}]|Â[\xa0-\xbf]|â€[{_CONTINUATION}]")

_CONTROL_BYTE = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_EAST_ASIAN = re.compile("[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef\n\r\t 0-9]")
_LEAST_EAST_ASIAN = 20
_WORD = re.compile(r"[^\s<>]+")
_SCRIPT = re.compile(
    "(?P<latin>[A-Za-zÀ-ÖØ-öø-ɏ])|(?P<greek>[Ͱ-Ͽ])|(?P<cyrillic>[Ѐ-ӿ])|(?P<hebrew>[֐-׿])"
    "|(?P<arabic>[؀-ۿ])|(?P<thai>[฀-๿])|(?P<east>[⺀-〇〡-鿿가-힣豈-﫿ｦ-ﾟ])"
)
_SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[\x80-\x9f¡-©«-´¶-¹»-¿×÷─-▟√∂∑∏∫≈≠≤≥˙˚˝](?=[^\W\d_])")


def decode(data: bytes, source: str, encoding: str | None = None) -> str:
    """Text of any likely encoding: marks first, then what is certain, then what is probable.

    NUL bytes and a byte order mark go, everything else stays, newlines too. Raises
    ``SourceError`` for what is empty, binary, or not in the ``encoding`` that was asked for.
    """
    if encoding is not None:
        text = _decode_as(data, source, encoding)
    else:
        _refuse_signature(data, source)
        marked = _decode_marked(data, source)
        text = _decode_unmarked(data, source) if marked is None else marked
    return checked(text, source)


def checked(text: str, source: str) -> str:
    """``text`` without NULs and byte order mark; refused when blank; warned when it is mojibake."""
    text = text.replace("\0", "").removeprefix("\ufeff")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceError(
            source,
            translation.text(
                "half of a surrogate pair at character {start}; it is no valid text",
                start=error.start,
            ),
        ) from None
    if not text or text.isspace() or not text.strip("\ufeff\u200b \t\r\n"):
        raise SourceError(source, translation.text("empty: there is no text in it"))
    if match := _MOJIBAKE.search(text):
        logger.warning(
            "%s: looks decoded twice (%r at character %d); save it again as UTF-8",
            source,
            text[max(0, match.start() - 2) : match.end() + 4],
            match.start(),
        )
    return text


def _refuse_signature(data: bytes, source: str) -> None:
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise SourceError(
                source,
                translation.text("{what}, not text; save it as text and add that", what=what),
            )


def _decode_as(data: bytes, source: str, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeError, ValueError) as error:
        raise SourceError(
            source,
            translation.text(
                "not {encoding}: {error}; leave the encoding out", encoding=encoding, error=error
            ),
        ) from None


def _decode_marked(data: bytes, source: str) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                if encoding.startswith("utf-16"):
                    place = f"byte {error.start + len(mark) + 1}"
                    raise SourceError(
                        source,
                        translation.text(
                            "not text: it begins as UTF-16, and {place} is none; is it whole?",
                            place=place,
                        ),
                    ) from None
                return None
    return None


def _decode_unmarked(data: bytes, source: str) -> str:
    text = _decode_with_nuls(data) if b"\0" in data else _decode_utf8(data)
    if text is None:
        text = _decode_east_asian_utf16(data)
    if text is None:
        text = _decode_mixed(data, source)
    if text is None:
        text = _decode_legacy(data.replace(b"\0", b""), nuls=data.count(b"\0"))
    if text is None:
        raise SourceError(source, translation.text("binary, not text"))
    return text


def _decode_utf8(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    # Logs with terminal codes are text; a tenth of control characters is not.
    return text if _control_share(text) <= 0.1 else None


def _decode_mixed(data: bytes, source: str) -> str | None:
    """UTF-8 with some bytes of cp1252 in between, as pasted together from two files.

    The bytes of any other encoding form valid UTF-8 by chance only, so where most of what is
    beyond ASCII is valid, it is meant.
    """
    if b"\0" in data:
        return None
    text = data.decode("utf-8", "surrogateescape")
    strays = sum(1 for _ in _STRAY.finditer(text))  # no list: there may be millions
    beyond = sum(run.end() - run.start() for run in _BEYOND_ASCII.finditer(text))
    if strays >= beyond - strays:
        return None
    logger.warning("%s: UTF-8, but for %d bytes, which are read as cp1252", source, strays)
    text = _STRAY.sub(lambda stray: _decode_cp1252(bytes([ord(stray[0]) - 0xDC00])), text)
    return text if _control_share(text) <= 0.02 else None


def _decode_with_nuls(data: bytes) -> str | None:
    """UTF-16 without a mark, or UTF-8 with stray NULs.

    In UTF-16 of a Latin script every second byte is NUL, of another script those of blanks and
    line ends; always on one side of the pair. UTF-8 is asked in between, because it refuses
    what is not UTF-8, and UTF-16 accepts nearly everything.
    """
    sample = data[: _SAMPLE // 2 * 2]
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    encoding = "utf-16-le" if odd >= even else "utf-16-be"
    one_sided = max(odd, even) >= 19 * min(odd, even)
    if one_sided and max(odd, even) >= 0.25 * len(sample):
        return _decode_utf16(data, encoding)
    if (text := _decode_utf8(data.replace(b"\0", b""))) is not None:
        return text
    return _decode_utf16(data, encoding) if one_sided else None


def _decode_utf16(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    sample = text[:_SAMPLE]
    # Bytes of something else, taken in pairs, fall on code points that no text uses.
    strange = sum(not (c.isprintable() or c.isspace()) for c in sample)
    return text if strange <= 0.02 * len(sample) else None


def _decode_east_asian_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark in Chinese, Japanese or Korean, which has few bytes that are NUL.

    Any bytes in pairs are such characters for the most part, so all must be, and the bytes be as
    in no other encoding: half of the ones of kana are 0x30, and of Han some are control characters.
    """
    if len(data) % 2 or len(data) < _LEAST_EAST_ASIAN:
        return None
    sample = data[: _SAMPLE // 2 * 2]
    controls = len(_CONTROL_BYTE.findall(sample))
    halves = {"utf-16-le": sample[1::2], "utf-16-be": sample[::2]}
    # The half that tells the block of a character has few values, the other one any.
    encoding = min(halves, key=lambda name: len(set(halves[name])))
    high = halves[encoding]
    if controls < 0.02 * len(sample) and high.count(0x30) < 0.3 * len(high):
        return None
    characters = sample.decode(encoding, "replace")
    if len(_EAST_ASIAN.findall(characters)) < 0.95 * len(characters):
        return None
    return _decode_utf16(data, encoding)


def _decode_legacy(data: bytes, nuls: int) -> str | None:
    """Text of one byte a character, or of an East Asian code page; None for binary data."""
    if nuls > 0.01 * len(data):
        return None
    western = _decode_cp1252(data)
    text = western if _looks_western(western[:_SAMPLE]) else _guess(data) or western
    # Random bytes as cp1252 have 8 % control characters, text has none.
    return text if _control_share(text) <= 0.02 else None


def _decode_cp1252(data: bytes) -> str:
    """cp1252, its five gaps filled from Latin-1, as browsers do."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        table = [bytes([i]).decode("cp1252", "ignore") or chr(i) for i in range(256)]
        return data.decode("latin-1").translate(dict(enumerate(table)))


def _looks_western(text: str) -> bool:
    """False where the characters beyond ASCII stand as they never do in a Western language.

    Cyrillic and Japanese read as cp1252 are runs of such characters, Polish has signs inside
    of words. Few of them decide nothing, and a detector guesses wildly on few bytes: then it
    is Western.
    """
    beyond = sum(c > "\x7f" for c in text)
    runs = re.findall(r"[^\x00-\x7f\xa0]{3,}", text)
    in_runs = sum(len(run) for run in runs if len(set(run)) > 1)  # a rule of dashes is no word
    signs = len(re.findall(r"(?<=[^\W\d_])[¡-©«-´¶-¹»-¿×÷](?=[^\W\d_])", text))
    gaps = len(re.findall(r"[\x80-\x9f]", text))
    return beyond < 12 or in_runs + signs + gaps <= 0.1 * beyond


def _guess(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    # Without marks and NULs it is no UTF-16, though any even number of bytes could be.
    best = from_bytes(data[:_SAMPLE], cp_exclusion=["utf_16_le", "utf_16_be", "utf_7"]).best()
    if best is None:
        return None
    try:
        return data.decode(best.encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def strange_share(text: str) -> float:
    """Of the words beyond ASCII, the share that no language has: what a wrong encoding makes.

    Letters of two scripts in one word, signs or control characters inside of it, Ã before another.
    """
    words = [word for word in _WORD.findall(text[:_SAMPLE]) if not word.isascii()]
    return sum(map(_is_strange, words)) / max(1, len(words))


def _is_strange(word: str) -> bool:
    scripts = {found.lastgroup for found in _SCRIPT.finditer(word)}
    return bool(len(scripts) > 1 or _SIGN_IN_WORD.search(word) or _MOJIBAKE.search(word))


def _control_share(text: str) -> float:
    sample = text[:_SAMPLE].replace("\0", "")
    return len(_CONTROL.findall(sample)) / max(1, len(sample))
