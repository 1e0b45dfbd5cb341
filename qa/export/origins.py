"""Where an article comes from, as others may know it: its address, or a name without a path."""

from __future__ import annotations

import re

from qa.show.sanitize import one_line
from qa.show.sources import link_of, name_of

_NOT_IN_ADDRESSES = re.compile(
    r"[\x00-\x20\"<>\\^`{|}\x7f-\xa0\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff]"
)
"""What RFC 3986 has in no address, and what would steer a display. Other letters stay."""


def address_of(source: str) -> str | None:
    """The address of an article on the web, safe within ``<…>`` and ``{…}``; None without one."""
    link = link_of(source)
    return None if link is None else _NOT_IN_ADDRESSES.sub(_as_percent, link.strip())


def origin_of(source: str) -> str:
    """The address, or the bare name of the file."""
    return address_of(source) or one_line(name_of(source))


def _as_percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))
