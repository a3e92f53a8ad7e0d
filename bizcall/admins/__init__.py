"""Administrators and how they sign in (AU-20): password, then a code by SMS, then a session.

sign_in.py      ID and password
locks.py        five failures, ten minutes (AU-22)
codes.py        the second step (AU-24)
sessions.py     what a signed-in client presents (AU-31)
passwords.py    hashes and the rule for new ones (PW-01)
credentials.py  giving an administrator ID and password
rows.py         administrators as the API shows them
pruning.py      what the schedule forgets
"""

from bizcall.admins.codes import Sent, SignedIn, code_send, code_verify, masked
from bizcall.admins.credentials import register_credential
from bizcall.admins.pruning import prune
from bizcall.admins.rows import by_ids
from bizcall.admins.sessions import Opened, Viewer, authenticate, sign_out
from bizcall.admins.sign_in import Half, sign_in

__all__ = [
    "Half",
    "Opened",
    "Sent",
    "SignedIn",
    "Viewer",
    "authenticate",
    "by_ids",
    "code_send",
    "code_verify",
    "masked",
    "prune",
    "register_credential",
    "sign_in",
    "sign_out",
]
