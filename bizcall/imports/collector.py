"""Python's cycle collector, kept out of the way while rows by the ten thousand are built.

Each of its passes walks over all rows that are there already, which makes a third of an import's time, and finds
nothing: neither the reading nor the storing makes cycles. What is kept meanwhile is bounded as the sheet is.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No collection inside of the block. Blocks may overlap: the end of any of them switches collection on again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
