"""Properties of values: exact slices, and normal forms that do not depend on the spelling."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa.values.find import Value, find_values, group_values, normalized_key, same_value
from qa.values.names import find_names

# The first text of a language builds its lexicon of units, which a deadline would count.
patient = settings(deadline=None)

LANGUAGES = st.sampled_from(["de", "en", "fr", "es", "ja", "und", "xx"])
PIECES = st.sampled_from(
    [
        "14", "2,7", "2.7", "1.000", "1 000", "Mrd.", "Milliarden", "billion", "Mio.", "Dollar", "$",
        "US$", "€", "Euro", "%", "Prozent", "2024", "im", "Mai", "14.", "März", "bis", "und", "-",
        "(gut", ")", "zwölf", "eine", "halbe", "Anfang", "dieses", "Jahres", "km", "°C", "Uhr",
        "15.00", "½", "\u00a0", "\n", "\n\n", "🎈", "ü", "zwei", "Drittel", "Hälfte", "rund",
        "10.13.2024", "99.99.", "v. Chr.", "0", "er", "last", "month", "three", "Jahrhundert",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(PIECES, max_size=8).map("".join),
)
AMOUNTS = st.integers(min_value=1, max_value=999)


def keys(text: str, language: str) -> list[tuple[str, ...]]:
    return [normalized_key(v) for v in find_values(text, language)]


def one(text: str, language: str) -> Value:
    (value,) = find_values(text, language)
    return value


@patient
@given(TEXTS, LANGUAGES)
@example("0$0", "de")
def test_text_is_its_slice_and_values_do_not_overlap(text: str, language: str) -> None:
    end = 0
    for value in find_values(text, language):
        assert text[value.start : value.end] == value.text
        assert value.text == value.text.strip()
        assert value.start >= end
        assert value.end > value.start
        for said in (value.time, value.hedge, value.approximator):
            assert said is None or said in text
        end = value.end


@patient
@example(" 0. ", "de")
@given(TEXTS, LANGUAGES)
def test_no_break_spaces_change_nothing(text: str, language: str) -> None:
    plain = text.replace("\u00a0", " ")
    assert keys(plain, language) == keys(plain.replace(" ", "\u00a0"), language)


@patient
@given(st.lists(PIECES, max_size=10))
def test_a_short_scale_is_the_long_one(pieces: list[str]) -> None:
    long = [p.replace("Mrd.", "Milliarden") for p in pieces]
    text = "Es sind 14 {} Dollar heute."
    assert keys(text.format("Mrd."), "de") == keys(text.format("Milliarden"), "de")
    # A point may also end a sentence, so only numbers right before the word must agree.
    after_number = " ".join(long).replace("14 Milliarden", "14 Mrd.")
    assert set(keys("14 Milliarden Euro; " + " ".join(long), "de")) == set(
        keys("14 Mrd. Euro; " + after_number, "de")
    )


@patient
@given(AMOUNTS, st.integers(min_value=1, max_value=9))
def test_german_and_english_agree(whole: int, tenth: int) -> None:
    german = one(f"{whole},{tenth} Milliarden US-Dollar", "de")
    for text in (f"${whole}.{tenth} billion", f"US${whole}.{tenth}bn", f"{whole}.{tenth}bn USD"):
        assert same_value(german, one(text, "en"))


@patient
@given(st.integers(min_value=1000, max_value=99_999_999))
def test_group_signs_agree(number: int) -> None:
    grouped = f"{number:,}"
    spellings = [
        one(f"{grouped} people", "en"),
        one(f"{grouped.replace(',', '.')} Menschen", "de"),
        one(f"{grouped.replace(',', ' ')} Menschen", "de"),
        one(f"{number} Menschen", "de"),
    ]
    assert {normalized_key(v) for v in spellings} == {("count", "", str(number))}


@patient
@given(AMOUNTS, AMOUNTS)
def test_different_amounts_differ(a: int, b: int) -> None:
    first, second = one(f"{a} Mio. Euro", "de"), one(f"{b} Mio. Euro", "de")
    assert same_value(first, second) == (a == b)


@patient
@given(st.lists(AMOUNTS, max_size=6))
def test_groups_hold_every_value_once(amounts: list[int]) -> None:
    values = [one(f"rund {a} Mio. Euro" if a % 2 else f"{a} Mio. Euro", "de") for a in amounts]
    indices = [i for group in group_values(values) for i in group]
    assert sorted(indices) == list(range(len(values)))


@patient
@given(TEXTS, LANGUAGES)
def test_names_are_trimmed_slices(text: str, language: str) -> None:
    for span in find_names(text, language):
        said = span.of(text)
        assert said
        assert said[0].isalnum()
