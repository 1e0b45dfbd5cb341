"""Text of unknown origin, made safe to show: what would steer the display is written out."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

# C0 and C1 controls (escape sequences begin with one; tab and line feed stay), the bidirectional
# controls, line and paragraph separators, and lone surrogates, which no encoding can write.
_STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\\x09", "\\x0d")


def visible(text: str) -> str:
    r"""``text`` with control and bidi characters written out: ``\x1b``, ``\u202e``.

    The carriage return of a CRLF is dropped. Everything else stays, line breaks included.
    """
    return _STEERING.sub(_written_out, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """``visible`` text on one line, with runs of white space as one blank."""
    return visible(" ".join(text.split()))


def cell(text: str) -> str:
    """``one_line`` text that a spreadsheet takes for text and not for a formula.

    See OWASP, "CSV Injection".
    An apostrophe before ``= + - @`` (full-width ones too) is what spreadsheets read so.
    """
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def json_text(value: Any) -> str:
    r"""``value`` as indented JSON that is readable and cannot steer a terminal.

    The characters that ``visible`` writes out stand as ``\uXXXX``, so the JSON is the same value.
    Dates and times stand in ISO 8601.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_iso)
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
