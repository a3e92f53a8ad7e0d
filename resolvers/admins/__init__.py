"""Administrators: signing in, registering and resetting, one's own account, and what operators do to accounts."""

from __future__ import annotations

import strawberry

from resolvers.admins.myself import MyselfMutations
from resolvers.admins.operating import OperatingMutations, OperatingQueries
from resolvers.admins.registering import RegisteringMutations
from resolvers.admins.signing_in import SignInMutations, SignInQueries

__all__ = ["AdminMutations", "AdminQueries"]


@strawberry.type
class AdminQueries(SignInQueries, OperatingQueries):
    """Fields of Query."""


@strawberry.type
class AdminMutations(SignInMutations, RegisteringMutations, MyselfMutations, OperatingMutations):
    """Fields of Mutation."""
