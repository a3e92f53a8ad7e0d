"""Statistics of calls and messages (ST-01, ST-03, MS-01).

answers       statistics of a filter: rows of subjects with dense series, and the heat map of the week
subjects      whose rows they are
buckets       months, days and hours
sources       the rollup that can give an answer, else the facts
rollups       what rollups there are, and the statements that keep them equal to the facts
comparing     what rollups say against what the facts say
verifying     each night, a sample of every company
rebuilding    rollups made anew from the facts
"""

from __future__ import annotations

from bizcall.stats.answers import Cell, Measured, Measures, Row, Statistics, as_of, heat_map, statistics
from bizcall.stats.buckets import Bucket, Granularity
from bizcall.stats.comparing import Difference, Span
from bizcall.stats.rebuilding import rebuild
from bizcall.stats.rollups import CALLS, MESSAGES
from bizcall.stats.sources import Group
from bizcall.stats.subjects import Subject
from bizcall.stats.verifying import Differs, nightly, verify, verify_span

__all__ = [
    "CALLS",
    "MESSAGES",
    "Bucket",
    "Cell",
    "Difference",
    "Differs",
    "Granularity",
    "Group",
    "Measured",
    "Measures",
    "Row",
    "Span",
    "Statistics",
    "Subject",
    "as_of",
    "heat_map",
    "nightly",
    "rebuild",
    "statistics",
    "verify",
    "verify_span",
]
