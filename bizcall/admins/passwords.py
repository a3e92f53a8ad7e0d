"""Passwords: Argon2id, and the rule for new ones (PW-01).

The rule of the manual (letters and digits) lets `password12` pass, so a new one is also held against what people guess
first: zxcvbn's lists and patterns, with the account's own numbers and names among them.

Comparing takes tens of milliseconds of CPU and 19 MiB by intent, so both functions run in threads of their own, where
Argon2 releases the interpreter's lock, and both are called outside of transactions.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from bizcall.admins import hangul
from bizcall.errors import ErrorCode, Invalid, Problem

SHORTEST = 10
LONGEST = 64
BYTES_MOST = 256
"""Of what is compared; nothing longer is hashed."""

REMEMBERED = 3
"""Former passwords that may not be chosen again, beside the present one."""

SCORE_LEAST = 2
"""Of zxcvbn's 0 to 4: 2 is a million guesses or more."""

_WORDS = ("bizcall", "aibizcall", "비즈콜", "uplus", "lguplus")

TIME_COST = 2
MEMORY_KIB = 19 * 1024
PARALLELISM = 1

AT_ONCE = 2
"""Hashes that a process works on at a time: whoever signs in waits for them, and nothing else does."""

# Compared with when nobody has the login ID, so that it takes as long: the hash of a random text that was thrown away.
# Its parameters must be the ones above.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$UDi+Cf9l4wOuO+hVlAirGQ$gF7uaSbheBUprQO0yKR//15vW+sedbFJdU1NCnUzrqw"

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")

_RULE = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])[A-Za-z0-9]+")


class Comparison(NamedTuple):
    """Whether the password was right, and a hash to store instead when the stored one is weaker than today's."""

    right: bool
    rehashed: str | None


def check_length(password: str, *field: str) -> None:
    """Refuse to compare what can't be a password at all; raises Invalid (TOO_LONG)."""
    if len(password.encode(errors="replace")) > BYTES_MOST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, field, {"maximum": str(LONGEST)}))


def check_new(password: str, *field: str, confirmation: str | None = None, context: Iterable[str] = ()) -> None:
    """Hold a new password against PW-01: 10 to 64 letters and digits, both, no special characters, not guessable.

    Nothing is trimmed or folded. `context` are the texts that a guesser tries first: the account's numbers and names,
    Korean ones in Latin letters too.
    Raises Invalid at the path `field`: TOO_SHORT, TOO_LONG, INVALID_FORMAT, GUESSABLE; or, at `field` + "Confirmation",
    CONFLICT.
    """
    if len(password) < SHORTEST:
        raise Invalid(Problem(ErrorCode.TOO_SHORT, field, {"minimum": str(SHORTEST)}))
    if len(password) > LONGEST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, field, {"maximum": str(LONGEST)}))
    if not well_formed(password):
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, field))
    if _guessable(password, context):
        raise Invalid(Problem(ErrorCode.GUESSABLE, field))
    if confirmation is not None and confirmation != password:
        raise Invalid(Problem(ErrorCode.CONFLICT, (*field[:-1], f"{field[-1]}Confirmation")))


def well_formed(password: str) -> bool:
    """Whether it is of letters and digits, both, and of nothing else."""
    return _RULE.fullmatch(password) is not None


def _guessable(password: str, context: Iterable[str]) -> bool:
    from zxcvbn import zxcvbn

    told = [
        written
        for text in context
        for part in (*text.split(), "".join(text.split()))
        for written in {part, hangul.typed(part), hangul.spelt(part)}
    ]
    words = [word for text in told for word in (text, text.lstrip("0"), text[-8:], text[-4:]) if len(word) > 2]
    folded = password.lower()
    if any(word.lower() in folded for word in words if len(word) > 5):
        return True
    score: int = zxcvbn(password, user_inputs=[*words, *_WORDS])["score"]
    return score < SCORE_LEAST


async def check_unused(password: str, stored: Sequence[str], *field: str) -> None:
    """Refuse a new password that is one of these hashes', present and former; raises Invalid (REUSED)."""
    for each in stored:
        if (await compare(each, password)).right:
            raise Invalid(Problem(ErrorCode.REUSED, field))


async def hashed(password: str) -> str:
    """The hash to store, salted."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher().hash, password)


async def compare(stored: str | None, password: str) -> Comparison:
    """Compare a password with a stored hash, or, for an account that doesn't exist, with nobody's in the same time."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _compare, stored, password)


def _compare(stored: str | None, password: str) -> Comparison:
    hasher = _hasher()
    try:
        # A lone surrogate, which JSON can carry, is no reason to fail: it is a wrong password.
        hasher.verify(stored or NOBODYS, password.encode(errors="surrogatepass"))
    except VerifyMismatchError:
        return Comparison(False, None)
    if stored is None:
        return Comparison(False, None)
    return Comparison(True, hasher.hash(password) if hasher.check_needs_rehash(stored) else None)


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)
