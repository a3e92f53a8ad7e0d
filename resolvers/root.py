"""The schema: Query and Mutation put together from the features' fields, each in `resolvers/<feature>.py`."""

from __future__ import annotations

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLObjectType, Undefined
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig

from resolvers.access_reviews import AccessReviewMutations, AccessReviewQueries
from resolvers.admins import AdminMutations, AdminQueries
from resolvers.app_sign_in import AppSignInMutations
from resolvers.audit import AuditQueries
from resolvers.calls import CallQueries
from resolvers.companies import CompanyMutations
from resolvers.completion import Executor
from resolvers.contracts import ContractMutations
from resolvers.customers import CustomerMutations, CustomerQueries
from resolvers.departments import DepartmentMutations, DepartmentQueries
from resolvers.exports import ExportMutations, ExportQueries
from resolvers.home import HomeQueries
from resolvers.imports import ImportMutations, ImportQueries
from resolvers.invitations import InvitationMutations, InvitationQueries
from resolvers.limits import LimitQueries
from resolvers.nodes import NodeQueries
from resolvers.notices import NoticeMutations, NoticeQueries
from resolvers.overviews import OverviewMutations, OverviewQueries
from resolvers.pipeline import Pipeline
from resolvers.plans import PlanMutations, PlanQueries
from resolvers.provisioning import ProvisioningMutations, ProvisioningQueries
from resolvers.rate_limits import RateLimitQueries
from resolvers.stats import StatisticsQueries
from resolvers.subscribers import SubscriberMutations, SubscriberQueries
from resolvers.support import SupportMutations, SupportQueries
from resolvers.text_messages import MessageMutations, MessageQueries
from resolvers.uploads import UploadMutations
from schema.companies import Company
from schema.personal import watch
from schema.scalars import SCALARS

DOCUMENTS_CACHED = 200


@strawberry.type(
    description="What can be asked. Nothing here has an effect or reveals what is masked; "
    "what it reveals of people is recorded."
)
class Query(
    NodeQueries,
    LimitQueries,
    RateLimitQueries,
    SupportQueries,
    AdminQueries,
    SubscriberQueries,
    DepartmentQueries,
    ImportQueries,
    InvitationQueries,
    AuditQueries,
    AccessReviewQueries,
    OverviewQueries,
    PlanQueries,
    NoticeQueries,
    HomeQueries,
    ProvisioningQueries,
    CallQueries,
    MessageQueries,
    CustomerQueries,
    StatisticsQueries,
    ExportQueries,
):
    """Fields that read."""


@strawberry.type(description="What can be done. Each field is one transaction of its own.")
class Mutation(
    AdminMutations,
    SubscriberMutations,
    DepartmentMutations,
    UploadMutations,
    ImportMutations,
    InvitationMutations,
    AppSignInMutations,
    PlanMutations,
    NoticeMutations,
    SupportMutations,
    ProvisioningMutations,
    MessageMutations,
    CustomerMutations,
    CompanyMutations,
    AccessReviewMutations,
    OverviewMutations,
    ContractMutations,
    ExportMutations,
):
    """Fields that write."""


class Schema(strawberry.Schema):
    """Strawberry's schema, silent about errors: `resolvers/errors.py` tells and logs each of them once."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Nothing: expected errors are no news for the log."""


def build(query: type, mutation: type | None, types: tuple[type, ...] = ()) -> Schema:
    """A schema with the project's scalars, pipeline and caches. One a process: Strawberry binds types to the first."""
    extensions: list[Any] = [Pipeline, parser_cache, validation_cache]
    made = Schema(
        query,
        mutation,
        types=types,
        extensions=extensions,
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    _without_null_defaults(made)
    watch(made._schema)
    return made


def _without_null_defaults(made: Schema) -> None:
    """Take `= null` off optional arguments and fields of inputs: it is Python's default, and absent is not null."""
    for kind in made._schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            inputs: list[Any] = [*kind.fields.values()]
        elif isinstance(kind, GraphQLObjectType):
            inputs = [argument for field in kind.fields.values() for argument in field.args.values()]
        else:
            continue
        for value in inputs:
            if value.default_value is None:
                value.default_value = Undefined


def parser_cache() -> SchemaExtension:
    """Bounded: documents come from strangers."""
    return ParserCache(DOCUMENTS_CACHED)


def validation_cache() -> SchemaExtension:
    """Bounded likewise."""
    return ValidationCache(DOCUMENTS_CACHED)


@cache
def schema() -> Schema:
    """The one schema of this process."""
    return build(Query, Mutation, (Company,))
