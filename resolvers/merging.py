"""What an expanded document merges into one place of the answer; only for documents whose size is bounded already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode


def repeats(root: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """How many field nodes merge into one place of the answer, at most: the validator compares them pairwise.

    Walks the expanded document, which the limit of fields has bounded before.
    """
    most = 0
    level: list[list[SelectionSetNode]] = [[root]]
    while level:
        below: list[list[SelectionSetNode]] = []
        for place in level:
            merged: dict[str, list[FieldNode]] = {}
            for node in flat(place, fragments):
                merged.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            most = max(most, *(len(nodes) for nodes in merged.values())) if merged else most
            below.extend([n.selection_set for n in nodes if n.selection_set] for nodes in merged.values())
        level = [place for place in below if place]
    return most


def flat(place: list[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    """The fields of some selection sets and of what they spread, each as often as it is spread."""
    waiting = list(place)
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value in fragments:
                waiting.append(fragments[selection.name.value].selection_set)
