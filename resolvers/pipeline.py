"""What happens around an operation: limits, then validation, then who is asking, then one transaction for a query.

Nothing before `on_execute` touches the database: a document that is refused for its size or its form costs no
connection. A query reads in one read-only transaction that sees the viewer's company, and all of it as of one moment;
each mutation opens its own in `bizcall`.

What an operation reveals of people is recorded before its answer leaves (P1): of a query in its own transaction, which
therefore isn't read-only when its document selects such fields; of a mutation's payload in a further one. An answer
whose record can't be written is not given.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from graphql import GraphQLError, OperationType
from strawberry.extensions import SchemaExtension

from bizcall import audit
from bizcall.admins import Role
from bizcall.database import tenant
from bizcall.errors import Forbidden
from resolvers import guard
from resolvers.errors import TopCode, mark
from resolvers.inputs import check_variables
from resolvers.limits import Bounds
from resolvers.permissions import admit, is_activity, reaches_database
from schema.context import Context

ROOT_TYPES = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation"}


class Pipeline(SchemaExtension):
    """Must be the first, that is the outermost, of the schema's extensions; one instance serves one operation."""

    bounds = Bounds()

    def on_operation(self) -> Iterator[None]:
        """Let the parser stop at the limit of tokens."""
        self.execution_context.parse_options["max_tokens"] = self.bounds.tokens
        yield

    def on_parse(self) -> Iterator[None]:
        """Measure what was parsed, before anything else looks at it."""
        yield
        running = self.execution_context
        if running.graphql_document is None:
            return
        variables = running.variables or {}
        check_variables(variables, self.bounds)
        self.operation, self.measure = guard.check(
            running.graphql_document,
            variables,
            running._provided_operation_name,
            running.schema._schema,
            self.bounds,
        )

    def on_validate(self) -> Iterator[None]:
        """Say of what the validator found that the client caused it."""
        yield
        mark(self.execution_context.pre_execution_errors or (), TopCode.GRAPHQL_VALIDATION_FAILED)

    async def on_execute(self) -> AsyncIterator[None]:
        """Who is asking, may they, and the transaction for a query."""
        running = self.execution_context
        context: Context = running.context
        context.reads = self.operation.operation is OperationType.QUERY
        names, root_type = self.measure.names, ROOT_TYPES[self.operation.operation]
        await context.recognise(counted=reaches_database(root_type, names), activity=is_activity(root_type, names))
        if not context.introspection and not names.keys().isdisjoint(guard.INTROSPECTION):
            raise Forbidden
        admit(root_type, names, context.role)
        context.views.clear()
        try:
            # An operator's fields read in the company that they concern, each in a transaction of its own.
            if context.reads and context.viewer is not None and context.role is Role.ADMIN:
                company_id, personal = context.viewer.company_id, self.measure.personal
                async with tenant(company_id, read_only=not personal, snapshot=True):
                    try:
                        yield
                    finally:
                        await context.settle()
                    await self._record_views(context)
            else:
                try:
                    yield
                finally:
                    await context.settle()
                if context.viewer is not None and context.seen:
                    async with tenant(context.viewer.company_id):
                        await self._record_views(context)
        finally:
            mark(self._uncoerced(), TopCode.BAD_USER_INPUT)

    async def _record_views(self, context: Context) -> None:
        """In the open transaction; raises what keeps the record from being written, and with it the answer."""
        result = self.execution_context.result
        if not context.seen:
            return
        try:
            await audit.record_views(context.company_id, context.actor, context.seen, clock=context.services.clock)
        except Exception:
            # A statement that failed has ended the transaction, and its own error says more than this one.
            if result is None or not result.errors:
                raise
            result.data = None

    def _uncoerced(self) -> list[GraphQLError]:
        """Errors of variables that don't fit their types: graphql-core finds them before any field, so without path."""
        errors = getattr(self.execution_context.result, "errors", None) or []
        return [error for error in errors if error.path is None]
