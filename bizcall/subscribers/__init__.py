"""Subscribers: the person who holds a line, with a department, over an interval of time (IN-01 … IN-04).

rules      what a person's fields must be, for mutations and Excel rows alike
entries    what is wanted of a line's row, and what became of it
plan       what a batch of entries does to the holdings
changes    what becomes of the holdings, written in four statements
saving     the batch under its locks, inside the caller's transaction
editing    what an administrator does on the screen: save rows, free a line
listing    the screen's list: a row per line, with who holds it
leaving    what happens to holdings when their lines go, or lose their RID
"""

from bizcall.subscribers.entries import Entry, Holder, Kind, Outcome, Seen
from bizcall.subscribers.leaving import end_on, switch_off_rid
from bizcall.subscribers.rules import Person, Problems, clean
from bizcall.subscribers.saving import apply, holders, lock_lines

__all__ = [
    "Entry",
    "Holder",
    "Kind",
    "Outcome",
    "Person",
    "Problems",
    "Seen",
    "apply",
    "clean",
    "end_on",
    "holders",
    "lock_lines",
    "switch_off_rid",
]
