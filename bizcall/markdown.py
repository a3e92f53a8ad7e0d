"""Markdown as operators write it, as HTML that a page may show as it is (NO-02).

Two libraries, because one wall isn't enough: markdown-it knows CommonMark and lets no HTML of the author's through, and
nh3 lets nothing pass but the elements named here, whatever the first one makes. Pictures aren't among them: each would
tell a server elsewhere who reads the notice and when.
"""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

KEPT = 100
"""Texts whose HTML is remembered in a process: notices are the same for all companies."""

ELEMENTS = frozenset(
    {
        *("a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
    }
)
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_written = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


@lru_cache(maxsize=KEPT)
def html(text: str) -> str:
    """The text's HTML. Made when it is read, so that what is let through follows these lists and not those of then."""
    rendered: str = _written.render(text)
    return nh3.clean(
        rendered,
        tags=set(ELEMENTS),
        attributes={name: set(allowed) for name, allowed in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
