"""Statistics of calls and messages (ST-01, ST-03, MS-01).

rollups       what rollups there are, and the statements that keep them equal to the facts
comparing     what rollups say against what the facts say
verifying     each night, a sample of every company
rebuilding    rollups made anew from the facts
"""

from __future__ import annotations

from bizcall.stats.comparing import Difference, Span
from bizcall.stats.rebuilding import rebuild
from bizcall.stats.verifying import Differs, nightly, verify

__all__ = ["Difference", "Differs", "Span", "nightly", "rebuild", "verify"]
