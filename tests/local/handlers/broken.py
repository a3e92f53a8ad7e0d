"""A module that can't be imported, as a function's may be."""

from __future__ import annotations

raise RuntimeError("broken at import")
