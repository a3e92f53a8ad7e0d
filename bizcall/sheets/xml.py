"""XML parts as streams of elements, in bounded memory and mostly at the speed of C.

Why not `iterparse`: it makes an event in Python for every element, which is most of openpyxl's time. Here the parser
builds its tree undisturbed, and after each chunk the finished elements are taken out of the containers that the
caller named, and all others thrown away. The tree's growing edge is the line of last children from the root, so
following that line tells everything about the elements still open: how deep they nest, how many children wait, and
whether anything at all has begun lately. One text, attribute, comment or row that never ends is refused by that.

The parser also keeps every distinct name it has met for good, hence the counts of names and of namespaces.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from operator import attrgetter
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.parsers import expat

from bizcall.sheets.refusals import Refusal, SheetRefused

_DEEPEST = 32
_WIDEST = 16_500
"""Children that an open element may collect; a row of Excel has at most 16,384 cells."""
_OPEN_BYTES = 2 * 1024 * 1024
"""Bytes that an open container may take without finishing a child."""
_STILL_BYTES = 512 * 1024
"""Bytes in which no element begins; Excel's longest cell takes 320 KiB at worst."""
_NAMES = 1_000
_NAMESPACES = 1_000
_ENCODINGS = ("", "utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be")

_tag = attrgetter("tag")

Batch = tuple[str, list[Element]]


def batches(chunks: Iterable[bytes], containers: Collection[str], where: str) -> Iterator[Batch]:
    """The finished children of each container, in the document's order, as (container's local name, children).

    `containers` are local names of the root or of its children; only the namespace of the root element counts.
    Raises `SheetRefused` for XML that is broken, declares a document type, or grows beyond the bounds.
    """
    builder = TreeBuilder()
    # Opening an element by hand is what gives access to the tree while it is being built.
    tree = _Tree(builder.start("", {}), containers, where)
    parser = XMLParser(target=builder)  # noqa: S314  (DTDs never reach it: see _without_dtd)
    try:
        for chunk in _without_dtd(iter(chunks), where):
            parser.feed(chunk)
            tree.count_namespaces(chunk)
            yield from tree.finished(len(chunk))
        parser.close()
    except (ParseError, expat.ExpatError, ValueError, LookupError, AssertionError) as error:
        raise SheetRefused(Refusal.DAMAGED, where=where) from error
    yield from tree.rest()


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def _without_dtd(source: Iterator[bytes], where: str) -> Iterator[bytes]:
    """The same chunks; what comes before the root element is looked at first by a parser that stops at a DTD."""
    gate = expat.ParserCreate()
    begun = False

    def refuse(*_: object) -> None:
        raise SheetRefused(Refusal.FORBIDDEN_XML, where=where)

    def check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "").lower() not in _ENCODINGS:
            raise SheetRefused(Refusal.DAMAGED, where=where)

    def begin(*_: object) -> None:
        nonlocal begun
        begun = True
        gate.StartElementHandler = None

    gate.StartDoctypeDeclHandler = refuse
    gate.XmlDeclHandler = check_encoding
    gate.StartElementHandler = begin
    first = next(source, b"")
    gate.Parse(first, False)
    if not begun:
        raise SheetRefused(Refusal.DAMAGED, where=where)
    yield first
    yield from source


class _Tree:
    """The part of the document that is in memory."""

    def __init__(self, top: Element, containers: Collection[str], where: str) -> None:
        self._top = top
        self._local = containers
        self._where = where
        self._containers: dict[str, str] = {}
        self._names: set[str] = set()
        self._namespaces = 0
        self._deepest = top
        self._still = 0
        self._open = 0

    def count_namespaces(self, chunk: bytes) -> None:
        """Refuse a document that declares namespaces over and over; UTF-16 is searched with its zeros taken out."""
        self._namespaces += (chunk.replace(b"\0", b"") if b"\0" in chunk else chunk).count(b"xmlns")
        if self._namespaces > _NAMESPACES:
            raise self._damaged()

    def finished(self, fed: int) -> Iterator[Batch]:
        """Take out what `fed` more bytes have finished; the last child of an open element may be open itself."""
        if not self._containers and len(self._top):
            namespace, brace, _ = self._top[0].tag.rpartition("}")
            self._containers = {f"{namespace}{brace}{name}": name for name in self._local}
        element = self._top
        inside = False
        self._open += fed
        for _ in range(_DEEPEST):
            count = len(element)
            if not count:
                break
            if inside:
                if count > _WIDEST:
                    raise self._too_large()
            else:
                if count > 1:
                    done = element[:-1]
                    del element[:-1]
                    self._count_names(done)
                    yield from self._batches(element.tag, done)
                inside = element.tag in self._containers
                if count > 1 or not inside:
                    self._open = 0
            element = element[-1]
        else:
            raise self._damaged()
        self._still = self._still + fed if element is self._deepest else 0
        self._deepest = element
        if self._still > _STILL_BYTES or self._open > _OPEN_BYTES:
            raise self._too_large()

    def rest(self) -> Iterator[Batch]:
        """What is left once the document has ended."""
        element = self._top
        while len(element):
            self._count_names(element[:])
            if element.tag in self._containers:
                yield self._containers[element.tag], element[:]
                return
            element = element[-1]

    def _batches(self, tag: str, done: list[Element]) -> Iterator[Batch]:
        if tag in self._containers:
            yield self._containers[tag], done
            return
        for child in done:
            if child.tag in self._containers:
                yield self._containers[child.tag], child[:]

    def _count_names(self, elements: list[Element]) -> None:
        # Names are counted in every other chunk, by lot: a file that would fill the memory needs hundreds of chunks,
        # and can't know which ones are left out.
        if len(elements) > 1 and random.getrandbits(1):
            return
        family = list(chain.from_iterable(map(Element.iter, elements)))
        self._names.update(map(_tag, family))
        self._names.update(chain.from_iterable(map(Element.keys, family)))
        if len(self._names) > _NAMES:
            raise self._damaged()

    def _damaged(self) -> SheetRefused:
        return SheetRefused(Refusal.DAMAGED, where=self._where)

    def _too_large(self) -> SheetRefused:
        return SheetRefused(Refusal.TEXT_TOO_LARGE, where=self._where)
