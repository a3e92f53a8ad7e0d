"""Korean names in the letters of a password, which Hangul can't stand in: what a guesser tries first (PW-01).

Both ways go by the jamo that a syllable falls into. Spelling follows the Revised Romanisation letter by letter, without
the changes of sound between syllables and without habits ("Kim", "Lee"), of which there is no end. Libraries romanise,
but none of them types.
"""

from __future__ import annotations

import unicodedata

_FIRST, _VOWEL, _LAST = 0x1100, 0x1161, 0x11A8
"""Where Unicode's conjoining jamo begin, in the order of the tables."""


def _table(first: str, vowel: str, last: str) -> dict[int, str]:
    starts = ((_FIRST, first), (_VOWEL, vowel), (_LAST, last))
    return {
        start + place: "" if letters == "-" else letters
        for start, row in starts
        for place, letters in enumerate(row.split())
    }


_KEYS = _table(
    "r R s e E f a q Q t T d w W c z x v g",
    "k o i O j p u P h hk ho hl y n nj np nl b m ml l",
    "r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g",
)
_LETTERS = _table(
    "g kk n d tt r m b pp s ss - j jj ch k t p h",
    "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
    "k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
)


def typed(text: str) -> str:
    """What the keys of a text give on a keyboard that is set to English: 홍길동 is ghdrlfehd."""
    return unicodedata.normalize("NFD", text).translate(_KEYS)


def spelt(text: str) -> str:
    """A text in Latin letters: 홍길동 is honggildong."""
    return unicodedata.normalize("NFD", text).translate(_LETTERS)
