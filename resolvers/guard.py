"""Is a document small enough to be validated and run? One memoised pass over it, with its variables resolved.

Own code, because Strawberry's depth and alias limiters walk a fragment again at each spread, so that forty fragments
which spread each other twice keep them busy for ever, and because no limiter at hand multiplies by page sizes given in
variables. Here each fragment is measured once: all measures are sums and products of those of its parts. Only a
document within those bounds is walked a second time, to bound what the validator compares pairwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_interface_type,
    is_object_type,
)

from resolvers.errors import TopCode, refusal
from resolvers.inputs import INTEGER_LONGEST, check_text, within
from resolvers.limits import Bounds
from resolvers.merging import flat, repeats
from resolvers.permissions import ALONE, ONE_A_REQUEST
from schema.personal import view_of

PAGE_ARGUMENTS = ("first", "last")
INTROSPECTION = ("__schema", "__type")
INTROSPECTION_DEPTH = 15


@dataclass
class Measure:
    """What a selection set asks for, everything under its fragments included.

    `fields` counts those of all levels and the fragments. `nodes` and `cost` are multiplied by the page sizes above
    them. `names` counts the fields at the top, for an operation only: each spread would copy them. `personal` says that
    some field on any level reveals personal data.
    """

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    nodes: int = 0
    cost: int = 0
    personal: bool = False
    names: Counter[str] = field(default_factory=Counter)

    def add(self, other: Measure) -> None:
        """Put another selection set beside this one."""
        self.depth = max(self.depth, other.depth)
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.nodes += other.nodes
        self.cost += other.cost
        self.personal |= other.personal


def check(
    document: DocumentNode,
    variables: Mapping[str, Any],
    operation_name: str | None,
    schema: GraphQLSchema,
    bounds: Bounds,
) -> tuple[OperationDefinitionNode, Measure]:
    """The operation that would run, and what it asks for.

    Raises GraphQLError: QUERY_TOO_COMPLEX naming the limit that any operation of the document passes; BAD_USER_INPUT
    for a page size outside 1–100, NUL or a lone surrogate in a text, a number of more than 20 digits, and an operation
    that can't be told; GRAPHQL_VALIDATION_FAILED for fragments that nothing spreads or that share a name.
    """
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    within("operations", len(operations), bounds.operations)
    within("fragments", len(document.definitions) - len(operations), bounds.fragments)
    fragments = _fragments(document)
    chosen = _choose(operations, operation_name)
    walks = [_Walk(fragments, _values(operation, variables), schema, bounds) for operation in operations]
    measured = [walk.operation(operation) for walk, operation in zip(walks, operations, strict=True)]
    unreached = fragments.keys() - frozenset().union(*(walk.reached for walk in walks))
    if unreached:
        # The validator would say so too, but not before it has compared all selections in them pairwise.
        raise refusal(TopCode.GRAPHQL_VALIDATION_FAILED, f'Fragment "{min(unreached)}" is never used.')
    return next((node, measure) for node, measure in zip(operations, measured, strict=True) if node is chosen)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Fragments by name; raises GRAPHQL_VALIDATION_FAILED for a name that stands twice: one would hide the other."""
    found: dict[str, FragmentDefinitionNode] = {}
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode) and found.setdefault(node.name.value, node) is not node:
            text = f'There can be only one fragment named "{node.name.value}".'
            raise refusal(TopCode.GRAPHQL_VALIDATION_FAILED, text)
    return found


def _choose(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if not operations:
        raise refusal(TopCode.BAD_USER_INPUT, "The document holds no operation.")
    if name is None:
        if len(operations) > 1:
            raise refusal(TopCode.BAD_USER_INPUT, "The document holds several operations: operationName is required.")
        return operations[0]
    found = [operation for operation in operations if operation.name and operation.name.value == name]
    if not found:
        raise refusal(TopCode.BAD_USER_INPUT, "The document holds no operation of that name.")
    return found[0]


def _values(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Python values of an operation's variables; defaults stay nodes, `_Walk.integer` reads both."""
    defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
    return {name: variables.get(name, default) for name, default in defaults.items()}


class _Walk:
    """The pass over one operation and what it reaches."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        values: Mapping[str, Any],
        schema: GraphQLSchema,
        bounds: Bounds,
    ) -> None:
        self.fragments, self.values, self.schema, self.bounds = fragments, values, schema, bounds
        self.known: dict[str, Measure] = {}
        self.open: set[str] = set()
        self.reached: frozenset[str] = frozenset()

    def operation(self, node: OperationDefinitionNode) -> Measure:
        """Measure an operation; raises GraphQLError when it passes a limit."""
        for definition in node.variable_definitions or ():
            if definition.default_value is not None:
                self.literal(definition.default_value)
        measure = self.selections(node.selection_set, self.schema.get_root_type(node.operation))
        own: list[Any] = [node, *(node.variable_definitions or ())]
        measure.directives += sum(len(part.directives or ()) for part in own)
        self.reached = frozenset(self.known)
        for name in self.fragments:
            # Fragments that nothing spreads are validated too.
            self.fragment(name)
        bounds = self.bounds
        within("depth", measure.depth, bounds.depth)
        within("depth", measure.introspection_depth, INTROSPECTION_DEPTH)
        within("fields", max(measure.fields, *(m.fields for m in (measure, *self.known.values()))), bounds.fields)
        within("aliases", measure.aliases, bounds.aliases)
        within("directives", measure.directives, bounds.directives)
        measure.names.update(root.name.value for root in flat([node.selection_set], self.fragments))
        roots = measure.names.total()
        if node.operation is OperationType.MUTATION:
            within("mutations", roots, bounds.mutations)
            within("secretMutations", sum(measure.names[name] for name in ONE_A_REQUEST), bounds.secret_mutations)
            if ALONE in measure.names:
                within("mutations", roots - measure.names["__typename"], 1)
        else:
            within("rootFields", roots, bounds.root_fields)
        within("nodes", measure.nodes, bounds.nodes)
        within("cost", measure.cost, bounds.cost)
        within("repeats", repeats(node.selection_set, self.fragments), bounds.repeats)
        return measure

    def selections(self, node: SelectionSetNode, parent: Any) -> Measure:
        """Measure a selection set on a type, None for an unknown one."""
        measure = Measure()
        for selection in node.selections:
            measure.directives += len(selection.directives or ())
            for directive in selection.directives or ():
                for argument in directive.arguments or ():
                    self.literal(argument.value)
            # Spreads count as fields do: selection sets may be empty, and so may what a million spreads come to.
            measure.fields += 1
            if isinstance(selection, FieldNode):
                self.field(selection, parent, measure)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                on = self.schema.get_type(condition.name.value) if condition else parent
                measure.add(self.selections(selection.selection_set, on))
            elif isinstance(selection, FragmentSpreadNode):
                measure.add(self.fragment(selection.name.value))
        return measure

    def fragment(self, name: str) -> Measure:
        """Measure a fragment, once; an unknown one is empty, for the validator to refuse."""
        if name in self.known:
            return self.known[name]
        node = self.fragments.get(name)
        if node is None:
            return Measure()
        if name in self.open:
            raise refusal(TopCode.QUERY_TOO_COMPLEX, "A fragment spreads itself.", limit="depth")
        self.open.add(name)
        measure = self.selections(node.selection_set, self.schema.get_type(node.type_condition.name.value))
        measure.directives += len(node.directives or ())
        self.open.discard(name)
        self.known[name] = measure
        return measure

    def field(self, node: FieldNode, parent: Any, into: Measure) -> None:
        """Add a field with everything under it."""
        name = node.name.value
        known = parent.fields.get(name) if is_object_type(parent) or is_interface_type(parent) else None
        into.personal |= known is not None and view_of(known) is not None
        into.aliases += node.alias is not None
        for argument in node.arguments or ():
            self.literal(argument.value)
        size, paged = self.size(node, known)
        below = Measure()
        if node.selection_set is not None:
            below = self.selections(node.selection_set, get_named_type(known.type) if known else None)
            into.cost += 1
        if name in INTROSPECTION:
            into.introspection_depth = max(into.introspection_depth, below.depth + 1)
        else:
            into.depth = max(into.depth, below.depth + 1)
            into.introspection_depth = max(into.introspection_depth, below.introspection_depth)
        into.fields += below.fields
        into.aliases += below.aliases
        into.directives += below.directives
        into.personal |= below.personal
        into.nodes += size * (paged + below.nodes)
        into.cost += size * below.cost

    def size(self, node: FieldNode, known: Any) -> tuple[int, bool]:
        """How many entries a field may answer with, and whether they count as nodes; 1 for what is no paged list."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = []
        for name in PAGE_ARGUMENTS:
            default = known.args[name].default_value if known and name in known.args else None
            asked = self.integer(given[name]) if name in given else default
            if isinstance(asked, int):
                if not 1 <= asked <= self.bounds.page:
                    self.refuse_page(name)
                sizes.append(asked)
        if sizes:
            return max(sizes), True
        if "ids" in given:
            return max(1, self.length(given["ids"])), True
        return 1, False

    def refuse_page(self, name: str) -> NoReturn:
        """Raise BAD_USER_INPUT for a page size out of bounds."""
        maximum = self.bounds.page
        raise refusal(
            TopCode.BAD_USER_INPUT, f"{name} must lie between 1 and {maximum}.", limit="page", maximum=maximum
        )

    def integer(self, node: ValueNode) -> int | None:
        """The number behind a value; None for none, the largest page for what isn't a number (coercion refuses it)."""
        value: Any = self.values.get(node.name.value) if isinstance(node, VariableNode) else node
        if value is None or isinstance(value, NullValueNode):
            return None
        if isinstance(value, IntValueNode):
            return int(value.value) if len(value.value) <= INTEGER_LONGEST else self.bounds.page + 1
        if isinstance(value, int | float) and value == value // 1:
            return int(value)
        return self.bounds.page

    def length(self, node: ValueNode) -> int:
        """How many entries a list value has."""
        value: Any = self.values.get(node.name.value) if isinstance(node, VariableNode) else node
        if isinstance(value, ListValueNode):
            return len(value.values)
        return len(value) if isinstance(value, list) else 1

    def literal(self, node: ValueNode) -> None:
        """Refuse texts, lists and numbers in a literal that are too long."""
        waiting: list[tuple[ValueNode, str | None]] = [(node, None)]
        while waiting:
            value, name = waiting.pop()
            if isinstance(value, StringValueNode):
                check_text(value.value, self.bounds, name)
            elif isinstance(value, IntValueNode | FloatValueNode):
                if len(value.value.lstrip("-")) > INTEGER_LONGEST:
                    raise refusal(TopCode.BAD_USER_INPUT, f"A number has more than {INTEGER_LONGEST} digits.")
            elif isinstance(value, ListValueNode):
                within("inputList", len(value.values), self.bounds.input_list)
                waiting.extend((item, None) for item in value.values)
            elif isinstance(value, ObjectValueNode):
                waiting.extend((entry.value, entry.name.value) for entry in value.fields)
