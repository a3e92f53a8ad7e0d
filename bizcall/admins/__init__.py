"""Administrators and how they sign in (AU-20): password, then a code by SMS, then a session.

sign_in.py    ID and password, and the lock (AU-22)
codes.py      the second step (AU-24)
sessions.py   what a signed-in client presents (AU-31)
passwords.py  hashes and the rule for new ones (PW-01)
rows.py       administrators as the API shows them
"""

from bizcall.admins.sessions import Opened, Viewer, authenticate, sign_out

__all__ = ["Opened", "Viewer", "authenticate", "sign_out"]
