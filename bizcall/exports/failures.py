"""Why an export failed."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Failure(StrEnum):
    """Stable, since the API publishes them."""

    TIMED_OUT = "TIMED_OUT"
    """It would have taken longer than a worker may run."""
    INTERRUPTED = "INTERRUPTED"
    """Its workers died, or their neighbours were away, as often as is tried."""
    TOO_LARGE = "TOO_LARGE"
    """The file would be larger than Excel reads, or the data grew since it was counted: beyond twice the limit of
    rows or buckets, or at all beyond that of facts to count statistics from."""


class _Sentence(NamedTuple):
    ko: str
    en: str


_SENTENCES = {
    Failure.TIMED_OUT: _Sentence(
        "처리 시간이 너무 오래 걸려 중단되었습니다. 조회 조건을 좁혀 다시 요청해 주세요.",
        "It took too long. Narrow the filter and ask again.",
    ),
    Failure.INTERRUPTED: _Sentence(
        "처리 중 문제가 발생했습니다. 잠시 후 다시 요청해 주세요.",
        "Something went wrong. Ask again in a while.",
    ),
    Failure.TOO_LARGE: _Sentence(
        "파일이 너무 커서 만들 수 없습니다. 조회 조건을 좁혀 다시 요청해 주세요.",
        "The file would be too large. Narrow the filter and ask again.",
    ),
}


def sentence(code: str, *, english: bool = False) -> str:
    """For people, in Korean unless `english`."""
    told = _SENTENCES[Failure(code)]
    return told.en if english else told.ko
