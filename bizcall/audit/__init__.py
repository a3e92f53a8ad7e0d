"""The audit trail: who did what to whose data, and how anybody can tell that it still says so.

recording.py   records, written in the transaction of the act they tell of
views.py       records of what was looked at (P1)
chain.py       how far each company's chain is, and which companies there are
sealing.py     the chain of hashes (P2)
verifying.py   whether records and seals still are what was sealed
forgetting.py  three years, whole seals only
reading.py     the list that the API shows
"""

from bizcall.audit.forgetting import forget, forget_due
from bizcall.audit.reading import AuditFilter, by_ids, listing
from bizcall.audit.recording import UNKNOWN, Act, Actor, record, record_all, system
from bizcall.audit.sealing import Seal, seal, seal_due
from bizcall.audit.verifying import Broken, Fault, FaultKind, Verdict, verify, verify_due
from bizcall.audit.views import View, record_views
from bizcall.models.house import ActorKind

__all__ = [
    "UNKNOWN",
    "Act",
    "Actor",
    "ActorKind",
    "AuditFilter",
    "Broken",
    "Fault",
    "FaultKind",
    "Seal",
    "Verdict",
    "View",
    "by_ids",
    "forget",
    "forget_due",
    "listing",
    "record",
    "record_all",
    "record_views",
    "seal",
    "seal_due",
    "system",
    "verify",
    "verify_due",
]
