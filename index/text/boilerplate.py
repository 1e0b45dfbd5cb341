"""Lines of a page that are not its article: counters, credits, share bars, repeated titles.

The rules are about short lines with a telling form; a line they do not know stays an article's.
"""

from __future__ import annotations

import re
import unicodedata


def is_boilerplate(line: str, *, title: str = "") -> bool:
    """Whether ``line``, alone on its line, is no part of the article's prose."""
    line = " ".join(line.split())
    if not any(map(str.isalnum, line)):
        return True
    if len(line) > _LONGEST:
        return False
    bare = plain(line)
    return (
        bare in _PHRASES
        or (title != "" and names_title(line, title))
        or any(rule.fullmatch(line) for rule in _RULES)
        or _is_share_bar(bare)
        or _is_credit(line, title)
    )


def is_byline(line: str, text: str) -> bool:
    """Whether ``line``, found before any prose of ``text``, only names its author.

    "Von" or "By" says so; a bare name counts if the text never mentions it again.
    """
    line = " ".join(line.split())
    if len(line) > 120:
        return False
    if _BY.fullmatch(line):
        return True
    return bool(_PERSON_LINE.fullmatch(line)) and text.count(line.rsplit(" ", 1)[-1]) == 1


def is_date_line(line: str) -> bool:
    """Whether ``line``, found before any prose, only says when the article appeared."""
    return len(line) <= 100 and bool(_DATE_LINE.fullmatch(" ".join(line.split())))


_LONGEST = 300  # no line of the kind is longer on the pages that were looked at


def opens_teasers(line: str) -> bool:
    """Whether ``line`` is the heading of a block of links to other articles."""
    return len(line) <= 60 and plain(line) in _TEASER_HEADINGS


def plain(line: str) -> str:
    """``line`` folded for comparison: words in lower case with one space between them."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", line).casefold()))


_WORD = re.compile(r"\w+")


def names_title(line: str, title: str) -> bool:
    """Whether ``line`` is ``title``, either of them perhaps with the publisher's name beside it."""
    bare, bare_title = plain(line), plain(title)
    if not bare or not bare_title:
        return False
    if bare == bare_title:
        return True
    return bare_title in _without_publisher(line) or bare in _without_publisher(title)


def _without_publisher(line: str) -> set[str]:
    """What may be left of ``line`` without a publisher: a short part beside a dash or a bar."""
    parts = _PUBLISHER_MARK.split(line, maxsplit=8)
    if len(parts) < 2:
        return set()
    left = {plain(" ".join(parts[1:]))} if len(plain(parts[0]).split()) <= 4 else set()
    right = {plain(" ".join(parts[:-1]))} if len(plain(parts[-1]).split()) <= 4 else set()
    return {rest for rest in left | right if len(rest.split()) >= 3}


_PUBLISHER_MARK = re.compile(r"\s+[-–—|·•»:]\s+|:\s+")


def _is_share_bar(bare: str) -> bool:
    """At least two words, and each the name of a network or of a button."""
    words = bare.split()
    return 1 < len(words) <= 15 and all(word in _SHARE_WORDS for word in words)


def _is_credit(line: str, title: str) -> bool:
    """A photographer's credit, alone or behind a caption that says nothing new."""
    match = _CREDIT.search(line)
    if not match or len(line) - match.start() > 120 or len(line[match.end() :].split()) > 12:
        return False
    if _SENTENCE_END.search(line[match.end() :].rstrip(" .)")):
        return False
    caption = line[: match.start()].strip(" /|-–—(·,")
    return not caption or (title != "" and names_title(caption, title))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CREDIT = re.compile(
    r"(?<!\w)(?:"
    r"(?:Fotos?|Symbolfoto|Archivfoto|Bild(?:er|quelle|nachweis|rechte)?|Titelbild|Grafik|Quelle|"
    r"Photos?|Photograph|Image|Picture|Credits?|Image credit|Photo credit)(?: by)?\s*:"
    r"|©|\(c\)|Copyright\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[^\W\d_]{3}[.!?] ")

_NAME = r"[^\W\d_a-zß]\w*[.'’]?(?:[-'’]\w+)*"
_PERSON = rf"{_NAME}(?: (?:von|van|de|der|den|zu|al|el|di|da|bin|{_NAME})){{0,3}} {_NAME}"
_MONTH = r"(?:Jan|Jän|Feb|M(?:är|ar|rz)|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[kc]t|Nov|De[zc])[^\W\d_]*\.?"
_DATE = (
    rf"(?:(?:\w+day|\w+tag|Mittwoch|Sonnabend|Mo|Di|Mi|Do|Fr|Sa|So)\.?,? )?"
    rf"(?:\d{{1,2}}\.? {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"
    rf"|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|\d{{4}}-\d\d-\d\d)"
    rf"(?:,? ?(?:um|at|[-–|])?,? ?\d{{1,2}}[:.]\d\d(?: ?(?:Uhr|h|[AaPp]\.?[Mm]\.?))?)?"
)

_RULES = tuple(
    re.compile(rule, re.IGNORECASE)
    for rule in (
        # counters
        r"(?:(?:\d[\d.,]*|keine|no|ein) )(?:Kommentare?|Comments?|Shares?|Likes?|Aufrufe|Views|"
        r"Reaktionen|Antworten|Replies|Bewertungen|Postings?|Follower)",
        r"(?:Kommentare?|Comments?|Shares?|Likes?|Aufrufe|Views|Postings?):? ?\(?\d+\)?",
        r"(?:Lesezeit|Lesedauer|Reading time):? (?:ca\. ?)?\d+ ?(?:Min\.?|Minuten?|min(?:utes?)?)",
        r"\d+ ?(?:Min\.?|Minuten?)(?: Lese(?:zeit|dauer))|\d+[- ]min(?:ute)?s? read",
        # text size, navigation
        r"(?:Textgröße|Schriftgröße|Text size|Font size)\b.{0,30}",
        r"(?:Home|Startseite|Start) ?[>»›/|].{1,120}",
        r"(?:Zum|Skip to(?: main)?) (?:Inhalt|content|Seitenanfang)(?: springen)?",
        r"(?:Seite|Page) \d+ (?:von|of|/) \d+",
        # calls to join in
        r"[^\w\s\"'„“”‚‘’«»(\[#@%€$£+\-–—*•.,:;]\W{0,3}\s?.{0,160}\b(?:umfrage|abstimm\w*|mitmach\w*|"
        r"mach'? .{0,20}mit|abonnier\w*|newsletter|gewinnspiel|folg\w* uns|survey|poll|subscribe|"
        r"sign up|follow us|vote)\b.{0,60}",
        r"(?:Jetzt |Hier )?(?:Newsletter|unseren Newsletter|Podcast)(?: jetzt)? abonnieren[.!]?",
        r"(?:Folgen Sie|Folge|Follow) (?:uns|us)\b.{0,80}",
        r"(?:Subscribe|Sign up)\b.{0,40}\bnewsletter\b.{0,40}",
        # cookies, rights
        r"(?:Wir|Diese (?:Web)?site|Diese (?:Web)?seite|Unsere (?:Web)?seite) "
        r"(?:verwenden|verwendet|nutzen|nutzt|benutzt|setzt) .{0,20}Cookies\b.{0,200}",
        r"(?:We|This (?:web)?site|Our (?:web)?site) uses? (?:\w+ )?cookies\b.{0,200}",
        r"(?:Alle )?Cookies? (?:akzeptieren|ablehnen)|(?:Accept|Reject) (?:all )?cookies",
        r"(?:©|\(c\)|Copyright\b).{0,100}",
        r".{0,60}(?:Alle Rechte vorbehalten|All rights reserved)\.?.{0,40}",
        # codes of agencies and authors
        r"\([\w.]{1,25}(?:(?:/|--|-|, | / )[\w.]{1,15}){0,3}(?:, ?[\d. ]{6,12})?\)",
        r"[\w.]{1,20}--[\w.]{1,10}",
    )
)
_BY = re.compile(
    rf"(?:[Vv]on|[Bb]y|Text|Autor(?:in)?|Author|Written by):? (?:{_PERSON}|{_NAME})"
    rf"(?:(?:,| und| and) {_PERSON})*"
)
_PERSON_LINE = re.compile(_PERSON)
_DATE_LINE = re.compile(
    rf"(?:(?:Stand|Aktualisiert|Veröffentlicht|Erstellt|Updated|Published|Posted)"
    rf"(?: am| on)?:? )?{_DATE}",
    re.IGNORECASE,
)

_PHRASES = frozenset(
    map(
        plain,
        """Anzeige|Werbung|Advertisement|Sponsored|Drucken|Teilen|Merken|Vorlesen|Kommentieren
        Artikel drucken|Artikel teilen|Artikel merken|Artikel anhören|Artikel vorlesen|Seite drucken
        Kommentare|Kommentar schreiben|Kommentar verfassen|Zu den Kommentaren|Kommentare anzeigen
        Share|Share this|Share this article|Print|Print this page|Save|Comments|Leave a comment
        Listen to this article|Copy link|Link kopieren|Per E-Mail teilen|Auf Facebook teilen
        Auf Twitter teilen|Nach oben|Zum Seitenanfang|Back to top|Zurück|Weiter|Vorheriger Beitrag
        Nächster Beitrag|Previous post|Next post|Zur Startseite|Zur Übersicht|Zurück zur Übersicht
        Inhaltsverzeichnis|Table of contents|Impressum|Datenschutz|Datenschutzerklärung|AGB|Kontakt
        Privacy policy|Terms of use|Terms of service|Newsletter|Login|Anmelden|Registrieren|Menü
        Menu|Suche|Search|Mehr anzeigen|Show more|Mehr laden|Load more|Bild vergrößern
        Facebook|Twitter|WhatsApp|Instagram|LinkedIn|Xing|Telegram|Pinterest|YouTube"""
        .replace("\n", "|").split("|"),
    )
)  # fmt: skip
_SHARE_WORDS = _words(
    """facebook twitter x whatsapp instagram linkedin xing telegram pinterest threads bluesky
    mastodon reddit pocket flipboard tumblr email mail e per auf via teilen teile tweet tweeten
    twittern posten pinnen drucken merken mailen senden share print save copy link kopieren
    kommentieren like gefällt mir rss feed on"""
)
_TEASER_HEADINGS = frozenset(
    map(
        plain,
        """Empfohlen|Empfehlungen|Empfohlene Artikel|Empfohlene Beiträge|Unsere Empfehlungen
        Das könnte Sie auch interessieren|Das könnte Sie interessieren|Das könnte dich interessieren
        Das könnte dich auch interessieren|Das könnte Ihnen auch gefallen|Auch interessant
        Das könnte dir auch gefallen|Auch spannend|Ebenfalls interessant|Passend dazu
        Mehr zum Thema|Mehr dazu|Mehr zu diesem Thema|Zum Thema|Weitere Artikel|Weitere Beiträge
        Weitere Meldungen|Weitere Nachrichten|Weitere News|Weitere Themen|Mehr Artikel|Mehr News
        Mehr Nachrichten|Mehr aus dem Ressort|Lesen Sie auch|Lesen Sie mehr|Lesen Sie dazu auch
        Lies auch|Lesetipps|Lesetipp|Lesen Sie auch diese Artikel|Ähnliche Artikel|Ähnliche Beiträge
        Verwandte Artikel|Verwandte Beiträge|Verwandte Themen|Meistgelesen|Meistgelesene Artikel
        Neueste Artikel|Neueste Beiträge|Neueste Meldungen|Aktuelle Meldungen|Aktuelle Beiträge
        Top-Themen|Top-Artikel|Beliebte Artikel|Beliebte Beiträge|Die neuesten Beiträge
        Recommended|Recommended for you|Recommended articles|Recommended reading|Related
        Related articles|Related stories|Related posts|Related content|Related topics|Related news
        More on this topic|More on this story|More stories|More articles|More news|More like this
        Read more|Read also|Read next|Also read|See also this|You may also like|You might also like
        You may also be interested in
        Latest news|Latest articles|Latest posts|Most read|Most popular
        Popular articles|Popular posts|Trending|Trending now|Up next|What to read next
        Keep reading|Further reading on this topic|Don't miss|Editor's picks
        À lire aussi|Lire aussi|Sur le même sujet|Articles similaires|Leer también
        Te puede interesar
        Leggi anche|Potrebbe interessarti anche|Lees ook|Les også|Læs også|Läs också"""
        .replace("\n", "|").split("|"),
    )
)  # fmt: skip
