"""The outside parties of calls and messages as they are stored: what feeds bring, filters ask and erasures compare.

Their bounds are promised to whoever writes feeds (docs/feeds.md) and demanded by the tables' CHECKs.
"""

from __future__ import annotations

from bizcall import phones, texts

NUMBER_MOST, NAME_MOST = 40, 100
"""Characters."""


def customer_number(text: str) -> str:
    """A customer's number as it is stored: the normal form, or the cleaned text where it is no Korean number.

    The text may be longer than `NUMBER_MOST`, before it is cleaned or after.
    """
    return (phones.normalise(text) if len(text) <= NUMBER_MOST else None) or texts.clean(text).text
