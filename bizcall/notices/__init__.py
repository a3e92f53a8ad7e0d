"""Notices: what the provider tells all companies (NO-01, NO-02).

listing    the list, searched and paged, and which of them administrators see
writing    operators write, schedule, edit and withdraw
"""

from bizcall.models.publications import NoticeCategory
from bizcall.notices.listing import (
    NEW_FOR,
    NoticeFilter,
    NoticeState,
    attachments,
    by_ids,
    fresh_count,
    is_new,
    listing,
    newest,
    state_of,
)
from bizcall.notices.writing import ATTACHMENTS_MOST, BODY_MOST, NOTICES_MOST, TITLE_MOST, Draft, save, withdraw

__all__ = [
    "ATTACHMENTS_MOST",
    "BODY_MOST",
    "NEW_FOR",
    "NOTICES_MOST",
    "TITLE_MOST",
    "Draft",
    "NoticeCategory",
    "NoticeFilter",
    "NoticeState",
    "attachments",
    "by_ids",
    "fresh_count",
    "is_new",
    "listing",
    "newest",
    "save",
    "state_of",
    "withdraw",
]
