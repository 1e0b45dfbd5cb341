"""The kinds of answer a question asks for, by rules on its question words.

The first rule that fits decides, so rules run from the special to the general. German and
English are read closely, five more languages by their question words alone.
"""

from __future__ import annotations

import re
from functools import cache

from qa.answer_types import Kind

_A, _P, _C, _M, _D = Kind.AMOUNT, Kind.PERCENT, Kind.COUNT, Kind.MEASURE, Kind.DURATION
_WHEN = (Kind.DATE, Kind.YEAR, Kind.CLOCK)
_YEARS = (Kind.YEAR, Kind.DATE)
_WHO = (Kind.PERSON, Kind.ORGANISATION)
_FIRM = (Kind.ORGANISATION, Kind.NAME)
_WHERE = (Kind.PLACE, Kind.NAME)
_HOW_MUCH = (_A, _P, _C, _M, _D)

_MONEY_DE = (
    r"bewert|\bwert\w*\b|\w*wert\b|umsatz|umsätze|gewinn|\w*prei[s]|kost|gebühr|strafe|schaden|"
    r"invest|förder|"
    r"gehalt|gehälter|lohn|löhne|\bmiete|schuld|verlust|budget|etat|summe|betrag|beträge|kredit|"
    r"finanzier|bezahl|zahl(?:t|te|en)\b|gezahlt|ausgab|ausgegeben|einnahm|erlös|vermögen|spende|"
    r"darlehen|honorar|ablöse|\bgeld|euro\b|dollar|franken|verdien|erwarb|übern[ao]hm|"
    r"kauf|milliard|million|kapital|umsetz|dividende|defizit|gagen?|beitrag|prämie|subvention"
)
_SHARE_DE = (
    r"anteil|prozent|quote|inflation|teuerung|zinssatz|zinsen|wahrscheinlich|steuersatz|rate\b|"
    r"auslastung"
)
_NUMBER_DE = r"\w*zahl\b|bevölkerung"
_SIZE_DE = (
    r"\w*(?:temperatur|geschwindigkeit|gewicht|entfernung|länge|breite|höhe|tiefe|größe|leistung|"
    r"fläche|dauer)\b"
)
_UNITS_OF_TIME_DE = (
    r"(?:zeit|jahre?n?|monate?n?|wochen?|tagen?|tage|stunden?|minuten?|sekunden?|jahrzehnten?)"
)
_PERSON_DE = (
    r"(?:person|mensch|mann|frau|spieler|schauspieler|politiker|forscher|künstler|autor|präsident|"
    r"kaiser|könig|minister|sänger|wissenschaftler|trainer|chef)(?:in)?"
)
_FIRM_DE = (
    r"(?:firma|firmen|unternehmen|konzern|hersteller|team|mannschaft|verein|partei|organisation|"
    r"behörde|bank|universität|hochschule|sender|gruppe)"
)
_PLACE_DE = (
    r"(?:stadt|städten|land|ländern|ort|orten|region|gebiet|kontinent|staat|staaten|bezirk|"
    r"gemeinde|dorf|insel)"
)
_W = r"\bwelche[mnrs]?"
_RULES: dict[str, tuple[tuple[str, tuple[Kind, ...]], ...]] = {
    "de": (
        (r"\bwievielte?\w*", (Kind.ORDINAL, _C)),
        (r"\bwie ?viele? prozent|" + _W + r" (?:\w+ )?(?:prozentsatz|prozentanteil|anteil)", (_P,)),
        (r"\bwie ?viel uhr|" + _W + r" uhrzeit", (Kind.CLOCK,)),
        (r"\bwie ?viele? (?:euro|dollar|franken|pfund|geld)\b", (_A,)),
        (
            rf"\bwie ?viele?n? {_UNITS_OF_TIME_DE}\b|\bwie lange?\b(?! (?:ist|war|sind) )",
            (_D, Kind.CLOCK, _C, *_YEARS),
        ),
        (r"\bwie oft\b|\bwie häufig\b", (_C,)),
        (r"\bwie alt\b", (_D, _C)),
        (r"\bwie ?viele[nr]?\b", (_C, _P, _M)),
        (rf"\bwie hoch\b.*?(?:{_SHARE_DE})", (_P, _A, _C)),
        (rf"\bwie hoch\b.*?(?:{_NUMBER_DE})", (_C, _A, _M)),
        (rf"\bwie hoch\b.*?(?:{_MONEY_DE})", (_A, _P)),
        (rf"\bwie hoch\b.*?(?:{_SIZE_DE})", (_M, _C)),
        (r"\bwie hoch (?:ist|sind|war|waren) (?:der|die|das|ein|eine)\b", (_M, _A, _P, _C)),
        (r"\bwie hoch\b", (_A, _M, _P, _C)),
        (
            r"\bfür wie ?viel\b|\bwie teuer\b|\bwas kostet|\bzu welchem preis|"
            + _W
            + r" (?:preis|summe|betrag)",
            (_A,),
        ),
        (
            r"\bwie ?viel\b (?:\w+er) (?:ist|sind|war|waren|als)\b|\bum wie ?viel\b",
            (_P, _M, _A, _C),
        ),
        (rf"\bwie ?viel\b.*?(?:{_MONEY_DE})", (_A, _P)),
        (r"\bwie ?viel wieg", (_M,)),
        # A noun that is no money is a substance: Bier, Strom, Wasser.
        (r"\bwie ?viel (?-i:[A-ZÄÖÜ])", (_M, _C, _P)),
        (rf"\bwie ?viel\b.*?(?:{_SHARE_DE}|\bdes\b|\bder\b)", (_P, _A, _C, _M)),
        (r"\bwie ?viel\b|" + _W + r" mengen?", _HOW_MUCH),
        (
            r"\bwie (?:weit|groß|lang|breit|tief|schwer|heiß|kalt|warm|schnell|dick|stark|laut)\b",
            (_M, _C, _D),
        ),
        (rf"{_W} (?:\w+ )?{_SIZE_DE}", (_M, _C)),
        (_W + r" (?:jahre?n?|jahrzehnte?n?|jahrhunderte?n?|saison)\b", _YEARS),
        (
            r"\b(?:seit |bis |ab |von |für )?wann\b|" + _W + r" (?:tage?|datum|monate?n?|"
            r"zeit(?:raum|punkt)?|jahreszeit|wochentag)\b",
            _WHEN,
        ),
        (r"\bw(?:er|en|em|essen)\b|" + _W + rf" (?:\w+ )?(?:\w+-)?{_PERSON_DE}\b", _WHO),
        (rf"\bwo(?:hin|her)?\b|{_W} (?:\w+ )?{_PLACE_DE}\b", _WHERE),
        (rf"{_W} (?:\w+ ){{0,2}}(?:[\w-]*)?{_FIRM_DE}\b", _FIRM),
        (
            r"\bw(?:arum|ieso|eshalb|eswegen|odurch)\b|\baus welche[mn] gr[uü]nd|" + _W + r" grund",
            (Kind.REASON,),
        ),
        (
            r"\bwie (?:heiß(?:t|en)|hieß(?:en)?|lautete?n?|nennt|nannte) |\bwie (?:wird|wurde|"
            r"werden) .*genannt|\bnach wem\b",
            (Kind.NAME, *_WHO, Kind.PLACE),
        ),
        (r"^was (?:ist|sind|war|bedeutet|heißt|versteht)\b", (Kind.DEFINITION, Kind.NAME)),
        (_W + r" ", (Kind.NAME, Kind.OTHER)),
        (
            r"^(?:ist|sind|war|waren|hat|haben|hatte|kann|können|konnten?|wird|werden|wurden?|"
            r"gibt|gab|umfasst|stimmt|darf|soll|muss)\b",
            (Kind.YES_NO,),
        ),
    ),
    "en": (
        (
            r"\b(?:what|which) (?:\w+ )?(?:percentage|percent|share|proportion)\b|"
            r"\bhow many percent|\bwhat (?:is|was|were) the (?:\w+ )?(?:percentage|share|rate)\b",
            (_P,),
        ),
        (
            r"\bhow (?:much|many) (?:money|dollars|euros|pounds)\b|\bhow expensive\b|\b(?:what|"
            r"which) (?:price|sum)\b|\bwhat does .* cost\b",
            (_A,),
        ),
        (
            r"\bhow much time\b|\bhow long\b|\bhow many (?:seconds|minutes|hours|days|weeks|"
            r"months|years|decades)\b",
            (_D, Kind.CLOCK, _C, _M, *_YEARS),
        ),
        (r"\bhow old\b|\bwhat age\b", (_D, _C)),
        (r"\bhow (?:often|many times)\b", (_C,)),
        (
            r"\bhow many\b|\bwhat (?:is|was) the (?:\w+ ){0,2}(?:number of|"
            r"population)\b",
            (_C, _P, _M),
        ),
        (r"\bhow much (?:\w+er|more|less)\b|\bby how much\b", (_P, _M, _A, _C)),
        (
            r"\bhow much\b.*\b(?:cost|pay|paid|invest|worth|spen[dt]|rais|valued|sold|bought|"
            r"acquir|earn)|\bhow high(?:ly)? .*valued|\bwhat .*\b(?:fees?|revenues?|valuation|"
            r"price|salary|budget|profits?|worth)\b",
            (_A, _P),
        ),
        (r"\bhow much of\b", (_P, _A, _C, _M)),
        (r"\bhow much\b|\bwhat amount\b|\bhow high\b.*\b(?:tax|rate|fee|debt)", _HOW_MUCH),
        (
            r"\bhow (?:far|high|tall|big|large|wide|deep|heavy|hot|cold|fast|strong|thick)\b|"
            r"\b(?:what|which) (?:\w+ )?(?:temperature|speed|height|length|distance|"
            r"size)\b|\bwhat (?:is|was) the (?:average )?(?:\w+ )?(?:height|length|size|speed|"
            r"weight|temperature|distance)\b",
            (_M, _C, _D),
        ),
        (
            r"\b(?:what|which) (?:years?|decades?|century|centuries|season)\b|"
            r"\bwhat is the (?:year|decade|century)\b",
            _YEARS,
        ),
        (
            r"\bwhen\b(?= (?:did|was|were|is|are|does|do|has|had|will|would|can|could)\b)|"
            r"\b(?:what|which) (?:is the |was the )?(?:time|date|day|month)\b",
            _WHEN,
        ),
        (
            r"\bwho(?:se|m)?\b|\b(?:what|"
            r"which) (?:\w+ ){0,2}(?:person|man|woman|player|actor|actress|artist|author|"
            r"president|king|queen|minister|singer|leader|scientist|politician)\b",
            _WHO,
        ),
        (
            r"\bwhere\b|\b(?:what|which) (?:\w+ ){0,2}(?:city|country|countries|town|region|"
            r"continent|state|place|location|area|village|island)\b",
            _WHERE,
        ),
        (
            r"\b(?:what|which) (?:\w+ ){0,2}(?:company|companies|firm|organization|organisation|"
            r"team|party|university|bank|group|agency|corporation)\b",
            _FIRM,
        ),
        (r"\bwhy\b|\bwhat (?:caused|causes|led)\b|\bfor what reason\b", (Kind.REASON,)),
        (
            r"\bwhat (?:is|was|are|were) the (?:\w+ )*(?:name|nickname|title|term)s?\b|"
            r"\bwhat (?:is|are|was|were) .*\bcalled\b|\bwhat .*\bnamed?\b",
            (Kind.NAME, *_WHO, Kind.PLACE),
        ),
        (r"^what (?:is|are|was|were|does .* mean)\b", (Kind.DEFINITION, Kind.NAME)),
        (
            r"^what (?:did|does|do|has|have|had|can|could|will|would|might|happen\w*)\b",
            (Kind.OTHER, Kind.NAME),
        ),
        (r"\b(?:what|which) \w+", (Kind.NAME, Kind.OTHER)),
        (
            r"^(?:is|are|was|were|has|have|had|can|could|does|do|did|will|would|should)\b",
            (Kind.YES_NO,),
        ),
    ),
    "fr": (
        (r"\bquel(?:le)? (?:est le )?pourcentage|combien de pour ?cent", (_P,)),
        (
            r"\bcombien coûte|\bquel (?:est le )?(?:prix|montant)|\bcombien d'(?:argent|euros)|"
            r"\bcombien de dollars|\bà combien",
            (_A, _C),
        ),
        (r"\bcombien de temps|\bquel âge", (_D, _C)),
        (r"\bcombien d[e']", (_C, _M, _P)),
        (r"\bcombien\b", _HOW_MUCH),
        (r"\bquand\b|\bquelle date", _WHEN),
        (r"\bquelles? années?|\bquel siècle", _YEARS),
        (r"\bqui\b|\bquelle personne", _WHO),
        (r"\boù\b|\bquel(?:le)? (?:ville|pays)", _WHERE),
        (r"\bquel(?:le)? (?:entreprise|société|équipe|groupe)", _FIRM),
        (r"\bpourquoi\b", (Kind.REASON,)),
        (r"\bcomment s'appel", (Kind.NAME,)),
        (r"\bqu'est-ce que?'?\b", (Kind.DEFINITION,)),
        (r"\bquel(?:le)?s?\b", (Kind.NAME, Kind.OTHER)),
        (r"^est-ce que?\b", (Kind.YES_NO,)),
    ),
    "es": (
        (r"\bqué porcentaje|\bcuál .*porcentaje", (_P,)),
        (r"\bcuánto (?:cuesta|costó|dinero)|\bqué precio", (_A,)),
        (r"\bcuánto tiempo|\bcuántos años", (_D, _C)),
        (r"\bcuánt[oa]s\b", (_C, _M, _P)),
        (r"\bcuánt[oa]\b", _HOW_MUCH),
        (r"\bcuándo\b|\bqué fecha", _WHEN),
        (r"\bqué (?:año|siglo|década)", _YEARS),
        (r"\bquién(?:es)?\b", _WHO),
        (r"\bd[óo]nde\b|\bqué (?:ciudad|país)", _WHERE),
        (r"\bqué (?:empresa|compañía|equipo)", _FIRM),
        (r"\bpor qué\b", (Kind.REASON,)),
        (r"\bcómo se llama", (Kind.NAME,)),
        (r"^¿?qué (?:es|son)\b", (Kind.DEFINITION,)),
        (r"\b(?:qué|cuál(?:es)?)\b", (Kind.NAME, Kind.OTHER)),
    ),
    "it": (
        (r"\b(?:che|quale) percentuale", (_P,)),
        (r"\bquanto costa|\bche prezzo", (_A,)),
        (r"\bquanto tempo|\bquanti anni", (_D, _C)),
        (r"\bquant[ie]\b", (_C, _M, _P)),
        (r"\bquant[oa]\b", _HOW_MUCH),
        (r"\bquando\b", _WHEN),
        (r"\b(?:che|quale) (?:anno|secolo|decennio)", _YEARS),
        (r"\bchi\b", _WHO),
        (r"\bdov'?e?'?\b|\b(?:che|quale) (?:città|paese)", _WHERE),
        (r"\b(?:che|quale) (?:azienda|società|squadra)", _FIRM),
        (r"\bperché\b", (Kind.REASON,)),
        (r"\bcome si chiama", (Kind.NAME,)),
        (r"\b(?:che )?cos'è\b|\bche cosa è\b", (Kind.DEFINITION,)),
        (r"\bqual[ei]?\b", (Kind.NAME, Kind.OTHER)),
    ),
    "pt": (
        (r"\bque porcentagem|\bqual .*porcentagem|\bpercentagem", (_P,)),
        (r"\bquanto custa|\bqual .*preço", (_A,)),
        (r"\bquanto tempo|\bquantos anos", (_D, _C)),
        (r"\bquant[oa]s\b", (_C, _M, _P)),
        (r"\bquant[oa]\b", _HOW_MUCH),
        (r"\bquando\b", _WHEN),
        (r"\bque (?:ano|século|década)", _YEARS),
        (r"\bquem\b", _WHO),
        (r"\bonde\b", _WHERE),
        (r"\bpor que\b", (Kind.REASON,)),
        (r"\bqua(?:l|is)\b", (Kind.NAME, Kind.OTHER)),
    ),
    "nl": (
        (r"\bwelk percentage|\bhoeveel procent", (_P,)),
        (r"\bhoeveel (?:geld|euro)|\bhoeveel kost", (_A,)),
        (r"\bhoe lang\b|\bhoe oud\b", (_D, _C)),
        (r"\bhoeveel\b", (_C, _A, _P, _M)),
        (r"\bwanneer\b", _WHEN),
        (r"\bwelk (?:jaar|eeuw)", _YEARS),
        (r"\bwie\b", _WHO),
        (r"\bwaar\b", _WHERE),
        (r"\bwaarom\b", (Kind.REASON,)),
        (r"\bhoe heet", (Kind.NAME,)),
        (r"^wat (?:is|zijn)\b", (Kind.DEFINITION,)),
        (r"\bwelke?\b", (Kind.NAME, Kind.OTHER)),
    ),
}


def asked_kinds(folded: str, language: str) -> tuple[Kind, ...]:
    """The kinds of answer that fit a question, best first; ``OTHER`` where no rule does."""
    asked = folded.strip(" ¿¡\"'„“»«")
    for pattern, kinds in _rules(language):
        if pattern.search(asked):
            return kinds
    return (Kind.OTHER,)


@cache
def _rules(language: str) -> tuple[tuple[re.Pattern[str], tuple[Kind, ...]], ...]:
    return tuple((re.compile(p, re.I), kinds) for p, kinds in _RULES.get(language, ()))
