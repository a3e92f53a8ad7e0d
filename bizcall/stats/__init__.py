"""Statistics of calls and messages (ST-01, ST-03, MS-01).

rollups       what rollups there are, and the statements that keep them equal to the facts
"""

from __future__ import annotations
