"""Administrators, and operators, who are the provider's own: how they come to sign in, and what they do with it.

sign_in.py       ID and password, then the code, then a session (AU-20)
challenges.py    what a code completes
codes.py         codes by SMS (AU-24)
locks.py         five failures, ten minutes (AU-22)
devices.py       browsers that are known, each with a counter of its own
registering.py   the form of the first sign-in (AU-02)
resetting.py     a forgotten password (PW-01)
finding.py       the representative number (FN-01)
sessions.py      what a signed-in client presents (AU-31)
myself.py        password and second factor of one's own (ME-01)
freshening.py    a fresh code before whatever answers CODE_REQUIRED (S6)
profiles.py      name, department, position, e-mail
credentials.py   giving ID and password, changing and ending them
passwords.py     hashes and the rule for new ones (PW-01)
hangul.py        Korean names as a password's letters have them
tokens.py        random for the client, a hash for the database
suspending.py    the accounts of a company that is suspended, resumed or ended
administering.py what operators do to accounts (ON-02, AU-32), and their own accounts
listing.py       lists of administrators
rows.py          administrators as the API shows them
pruning.py       what the schedule forgets
"""

from bizcall.admins import suspending
from bizcall.admins.administering import (
    Operator,
    account,
    operator_create,
    operator_end,
    operators,
    replace,
    sessions_end,
    unlock,
    welcome_resend,
)
from bizcall.admins.challenges import Half
from bizcall.admins.codes import Sent, masked
from bizcall.admins.credentials import Welcome, invite, prepare, rename
from bizcall.admins.finding import find_representative
from bizcall.admins.freshening import demand_for_sending, fresh_code_confirm, fresh_code_send
from bizcall.admins.listing import AdminFilter, AdminState, listing, state
from bizcall.admins.myself import mobile_change, mobile_code_send, password_change
from bizcall.admins.profiles import Profile
from bizcall.admins.profiles import save as profile_save
from bizcall.admins.pruning import prune
from bizcall.admins.registering import Form, register, registration_code_send
from bizcall.admins.resetting import Account, Begun, reset, reset_code_send, reset_verify
from bizcall.admins.rows import by_ids, people, visible_to, welcomes
from bizcall.admins.sessions import Opened, Role, Viewer, authenticate, sign_out
from bizcall.admins.sign_in import SignedIn, code_send, sign_in, verify

__all__ = [
    "Account",
    "AdminFilter",
    "AdminState",
    "Begun",
    "Form",
    "Half",
    "Opened",
    "Operator",
    "Profile",
    "Role",
    "Sent",
    "SignedIn",
    "Viewer",
    "Welcome",
    "account",
    "authenticate",
    "by_ids",
    "code_send",
    "demand_for_sending",
    "find_representative",
    "fresh_code_confirm",
    "fresh_code_send",
    "invite",
    "listing",
    "masked",
    "mobile_change",
    "mobile_code_send",
    "operator_create",
    "operator_end",
    "operators",
    "password_change",
    "people",
    "prepare",
    "profile_save",
    "prune",
    "register",
    "registration_code_send",
    "rename",
    "replace",
    "reset",
    "reset_code_send",
    "reset_verify",
    "sessions_end",
    "sign_in",
    "sign_out",
    "state",
    "suspending",
    "unlock",
    "verify",
    "visible_to",
    "welcome_resend",
    "welcomes",
]
