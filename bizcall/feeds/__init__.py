"""Feeds: calls, messages and customers arrive as files in the bucket and count once (FD-01; docs/feeds.md).

keys          where objects lie in the bucket
receiving     a file has arrived, or is to be read on: chunk by chunk
lines         an object as chunks of lines, in bounded memory
ahead         the next chunk is read while the database loads the one before it
records       lines checked and made ready for COPY
rejects       why a line or a file does not go in
facts         what calls and messages have in common, attribution included
loading       a chunk becomes facts and rollups
ledger        which version of which object was read how far
attribution   assignments told anew, at an operator's command
"""

from __future__ import annotations

from bizcall.feeds.attribution import Holding, Reattributed, reattribute
from bizcall.feeds.receiving import read_on, receive

__all__ = ["Holding", "Reattributed", "read_on", "reattribute", "receive"]
