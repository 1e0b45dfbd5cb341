"""Where sentences end: sentencex, and repairs of what it breaks too often."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, pairwise

from index.records import Span

# sentencex takes time with the square of a line of full-width stops or of opening quotation marks.
# The longest sentence of 514 newspaper articles and XQuAD's paragraphs has 1,085 characters.
_BLOCK = 4_000


def sentences(text: str, language: str, within: Span | None = None) -> Iterator[Span]:
    """The sentences of one paragraph, in order, without white space at their ends.

    The paragraph is ``text``, or ``within`` it, and is read block by block. Every character that is
    not white space is in one of them. A line break is taken for a space: the caller decides which
    lines make a paragraph. A sentence of more than 4,000 characters is cut.
    """
    start, end = (within.start, within.end) if within else (0, len(text))
    while start < end:
        # One code point for one code point, so offsets stay those of the text. One more than a
        # block tells whether the character at its end belongs to the one before.
        flat = _SPACE.sub(" ", text[start : min(end, start + _BLOCK + 1)])
        stop = _block_end(flat)
        block = _divide(flat[:stop], language)
        if stop < len(flat) and len(block) > 1:
            stop = block.pop().start  # the last one may go on: it begins the next block
        for span in block:
            sentence = trimmed(text, Span(start + span.start, start + span.end))
            if sentence.end > sentence.start:
                yield sentence
        start += stop


def _block_end(flat: str) -> int:
    """Where to stop for now: at white space, or between two characters, or in the worst case."""
    if len(flat) <= _BLOCK:
        return len(flat)
    space = flat.rfind(" ", _BLOCK // 2, _BLOCK)
    if space >= 0:
        return space + 1
    for cut in range(_BLOCK, _BLOCK // 2, -1):
        if not extends(flat[cut], flat[cut - 1]):
            return cut
    return _BLOCK


def _divide(flat: str, language: str) -> list[Span]:
    """The sentences of a block, each with the white space after it."""
    from sentencex import segment

    pieces: list[str] = segment(language if language != "und" else "en", flat)
    if "".join(pieces) != flat:
        pieces = [flat]  # the ends of other letters say nothing about these
    found: list[Span] = []
    start = end = 0
    for piece in chain.from_iterable(map(_before_numbers, pieces)):
        if end > start and not _joined(flat[start:end], piece, language):
            found.append(Span(start, end))
            start = end
        end += len(piece)
    found.append(Span(start, end))
    return found


def _before_numbers(piece: str) -> list[str]:
    """``piece`` divided where a sentence begins with a figure, which sentencex never does."""
    cuts = [
        match.end()
        for match in _BEFORE_NUMBER.finditer(piece)
        if match[1].casefold() not in _ABBREVIATIONS
    ]
    return [piece[a:b] for a, b in pairwise([0, *cuts, len(piece)])]


_BEFORE_NUMBER = re.compile(r"(?<!\w)(\w*[^\W\d_]{4})[.!?][)“”\"]? +(?=\d)")
_SPACE = re.compile(r"\s")


def trimmed(text: str, span: Span) -> Span:
    """``span`` without the white space at its ends; empty where it holds nothing else."""
    inside = text[span.start : span.end]
    start = span.start + len(inside) - len(inside.lstrip())
    return Span(start, max(start, span.start + len(inside.rstrip())))


def extends(character: str, before: str) -> bool:
    """Whether ``character`` belongs to the one before it: an accent, or part of an emoji."""
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
        or before == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _joined(before: str, after: str, language: str) -> bool:
    """Whether no sentence ends between these two neighbours."""
    before, after = before.rstrip(), after.lstrip()
    if not before or not after:
        return True
    if after[0] in "“”’»›)]}" or _NOTE.fullmatch(after) or not any(map(str.isalnum, after)):
        return True
    word = re.match(r"\W*(\w+)", after)
    next_word = word[1] if word else ""
    if next_word[:1].islower() and after[0].islower():
        return True
    if before[-1] != ".":
        return False
    starts_anew = next_word in _STARTERS or not next_word
    last = before[:-1].rpartition(" ")[2].lstrip("(„\"“»«'[")
    if last.casefold() in _ABBREVIATIONS:
        return True
    if last.casefold() in _CLOSING_ABBREVIATIONS:
        return not starts_anew
    if _INITIAL.fullmatch(last):
        return not starts_anew
    if language in _ORDINAL_LANGUAGES and _ORDINAL.fullmatch(last):
        if next_word in _ORDINAL_NOUNS:
            return True
        previous = before[: -len(last) - 1].rstrip().rpartition(" ")[2].lstrip("(„\"“»«'[")
        return previous.casefold() in _BEFORE_ORDINAL and not starts_anew
    return False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOTE = re.compile(r"\[[^\]]*\]")
_INITIAL = re.compile(r"[A-ZÄÖÜ](?:\.-?[A-ZÄÖÜ])*|[IVX]{2,}")
_ORDINAL = re.compile(r"\d{1,2}|\d{1,2}\.\d{1,2}")
_ORDINAL_LANGUAGES = _words("""cs da de et fi hr hu is lv nb nn no pl sk sl sr tr""")
_ORDINAL_NOUNS = _words(
    """Jahrhundert Jahrhunderts Jahrhunderte Jahrhunderten Jahrtausend Jahrtausends Januar Jänner
    Februar Feber März April Mai Juni Juli August September Oktober November Dezember Jan Feb Apr
    Jun Jul Aug Sep Sept Okt Nov Dez Spieltag Spieltags Spieltage FC SC FSV SV FK Minute Runde
    Geburtstag Geburtstags Todestag Weltkrieg Weltkriegs Bundesliga Liga Auflage Klasse Platz Rang
    Bezirk Stock Mal Tag Woche Monat Quartal Legislaturperiode Kapitel Satz Etappe Staffel Folge
    Jh Lebensjahr"""
)
_BEFORE_ORDINAL = _words(
    """am im der die das dem den des zum zur vom beim seit ab bis ein eine einen einem einer ihr
    ihre ihren ihrem sein seine seinen seinem seiner ihrer jeder jede jedes jeden vor nach mit in
    und oder auf an dieser diese dieses diesem diesen unser unsere mein meine erst von"""
)
_STARTERS = _words(
    """Der Die Das Dem Den Des Ein Eine Einen Einem Einer Er Sie Es Ich Wir Ihr Ihre Sein Seine
    Dies Diese Dieser Dieses Diesen Diesem Im In Am An Auf Aus Bei Beim Mit Nach Von Vom Vor Zu
    Zum Zur Für Um Durch Seit Bis Unter Über Während Als Wenn Weil Da Dann Dort Danach Damit Dabei
    Dazu Doch Aber Und Oder Auch Noch Nur So Wie Was Wer Wo Man Nicht Kein Keine Jedoch Außerdem
    Allerdings Später Heute Insgesamt Zudem Obwohl Trotz Laut Viele Alle Einige The This That
    These Those A An It He She They We I You In On At By For From With And But Or As If When While
    After Before However Although There Here His Her Its Their Our Some Many All No Not To Since
    During"""
)
# Words that end in a full stop and expect something after it.
_ABBREVIATIONS = _words(
    """abb abs abschn aug dez feb febr jan jun jul nov okt sep sept allg alt art aufl bd bde bearb
    begr bes bez bspw bzgl bzw ca chr co corp dipl dir dr ebd ed eigtl einschl engl entspr erw
    etwa evtl exkl fa fam ff fig fr frhr gal gegr geb gen ges gest gez ggf ggü griech hg hr hrn
    hrsg inkl insb insbes int ital jg jh jhdt jr kap kath kgl lat lfd lt ltd mag max med mind mio
    mr mrd mrs ms mwst nat nchr no nr nrn o.ä op orig phil pol prof prot rd rel resp s.o s.u sen
    sog spez st std stellv str tägl tel u.a u.u u.ä urspr usf v.a v.chr verf vgl vol vors vs z.b
    z.t z.zt z.hd zit zzgl d.h i.d.r i.v.m i.e e.g"""
)
# Words that end in a full stop and may end the sentence too.
_CLOSING_ABBREVIATIONS = _words("""usw etc u.s.w inc a.m p.m u.s uvm m""")
