"""Hashes of passwords."""

from __future__ import annotations

import pytest
from argon2 import Parameters, Type, extract_parameters
from zxcvbn.frequency_lists import FREQUENCY_LISTS
from zxcvbn.matching import RANKED_DICTIONARIES, dictionary_match, sequence_match
from zxcvbn.scoring import most_guessable_match_sequence

from bizcall.admins import hangul, passwords
from bizcall.errors import ErrorCode, Invalid

COMMON: list[str] = FREQUENCY_LISTS["passwords"]
"""30,000, the most common first."""

GUESSES_LEAST = 10**6 + 5
"""Of zxcvbn's score 2."""


def accepted(password: str, *context: str) -> bool:
    """Whether PW-01 lets it through; guessable is the only reason against it."""
    try:
        passwords.check_new(password, "password", context=context)
    except Invalid as refused:
        codes = [problem.code for problem in refused.problems]
    else:
        return True
    assert codes == [ErrorCode.GUESSABLE]
    return False


def guesses(password: str) -> float:
    """How many guesses zxcvbn counts at the most: by its list and by runs of digits, without its other matchers."""
    found = dictionary_match(password, {"passwords": RANKED_DICTIONARIES["passwords"]})
    return float(most_guessable_match_sequence(password, [*found, *sequence_match(password)])["guesses"])


def lengthened(word: str) -> str:
    """A word with as many of 1234567890 behind it as PW-01's length and its digit want."""
    more = max(passwords.SHORTEST - len(word), 0 if any(sign.isdigit() for sign in word) else 1)
    return word + "1234567890"[:more]


def test_AU_22_nobodys_hash_costs_what_everybodys_does() -> None:
    assert extract_parameters(passwords.NOBODYS) == Parameters(
        type=Type.ID,
        version=19,
        salt_len=16,
        hash_len=32,
        time_cost=passwords.TIME_COST,
        memory_cost=passwords.MEMORY_KIB,
        parallelism=passwords.PARALLELISM,
    )


def test_A8_the_cost_is_at_least_what_OWASP_asks_for() -> None:
    assert passwords.MEMORY_KIB >= 19 * 1024
    assert passwords.TIME_COST >= 2


def test_A9_no_common_password_of_letters_and_digits_is_taken() -> None:
    """All of the list that have the form: there are no 3,000 of them."""
    common = [word for word in COMMON if len(word) >= passwords.SHORTEST and passwords.well_formed(word)]

    assert len(common) > 400
    assert [word for word in common if accepted(word)] == []


def test_A9_the_3000_most_common_passwords_are_not_taken_with_digits_behind_them_either() -> None:
    padded = [lengthened(word) for word in COMMON[:3000] if word.isalnum() and not word.isdigit()]

    assert len(padded) > 2700
    # Words with a number of their own, for which zxcvbn counts the digits behind as a second guess.
    among = ["hal9000123", "xbox360123", "gsxr750123"]
    assert [word for word in padded if guesses(word) >= GUESSES_LEAST] == among
    # The guesses are an upper bound; that the rule goes by them, a sample tells, the rarest and those among it.
    assert [word for word in {*padded[::40], *padded[-20:]} if accepted(word)] == []
    assert all(map(accepted, among))


@pytest.mark.parametrize(
    "password",
    ["ghdrlfehd1", "Honggildong1", "xq9gildong7zk", "zk15771234wq", "zkrlfehd00wq", "vudghktkdtk9", "wq5janeroe77"],
)
def test_A9_ones_own_and_the_companys_names_are_not_taken(password: str) -> None:
    context = ("15771234", "01055512349", "평화상사", "홍길동", "길동", "Janeroe")

    assert accepted(password)
    assert not accepted(password, *context)


def test_A9_hangul_is_typed_and_spelt() -> None:
    assert [hangul.typed(text) for text in ("홍길동", "까치값", "뷁", "Kim 3")] == [
        "ghdrlfehd",
        "Rkclrkqt",
        "qnpfr",
        "Kim 3",
    ]
    assert [hangul.spelt(text) for text in ("홍길동", "신라", "여의도")] == ["honggildong", "sinra", "yeouido"]


async def test_nobodys_password_is_never_right() -> None:
    assert not (await passwords.compare(None, "anything")).right


async def test_two_hashes_of_one_password_differ() -> None:
    assert await passwords.hashed("abcdefghi1") != await passwords.hashed("abcdefghi1")
