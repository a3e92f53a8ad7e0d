"""The words of all messages but codes, which stand in the folder `templates`."""

from __future__ import annotations

import pathlib
from functools import cache
from typing import Any

TEMPLATES = pathlib.Path(__file__).parent / "templates"


def rendered(template: str, words: dict[str, Any]) -> str:
    """A template of the folder `templates` with its words; a word that is missing raises."""
    text: str = _environment().get_template(template).render(words)
    return text.strip() + "\n" if "mail" in template else text.strip()


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"], default=False, default_for_string=False),
        auto_reload=False,
    )
