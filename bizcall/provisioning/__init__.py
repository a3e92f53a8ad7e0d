"""Provisioning (ON-01): the provider's events set up companies and change their lines.

    events     what an event must be; reasons: why one waits or is refused, and the sentences for it
    ledger     what events add up to, in any order; choosing: which of them can be applied
    applying   one event, and those of its subscription that waited; writing: what that does to the company
    closing    what the end of a company's contract does to its events
    receiving  files that were dropped into the bucket; rejects: those that are refused, and who tells why
    waiting    what the schedule does for events that wait
    listing    what operators read

A company is the sum of its applied events, whatever the order in which they came and however often: for each number,
and for name, plan and representative number, the latest event that speaks of it wins (docs/provisioning.md).
"""

from bizcall.provisioning.applying import apply, settle
from bizcall.provisioning.closing import close, hold
from bizcall.provisioning.listing import EventFilter, listing
from bizcall.provisioning.reasons import Finding, Reason, Refused
from bizcall.provisioning.receiving import receive
from bizcall.provisioning.waiting import remind

__all__ = [
    "EventFilter",
    "Finding",
    "Reason",
    "Refused",
    "apply",
    "close",
    "hold",
    "listing",
    "receive",
    "remind",
    "settle",
]
