"""Excel in, against the libraries that others use: `python -m benchmarks.imports` (needs the `benchmarks` extra).

Reading: a sheet of 100,000 rows and 8 columns with shared strings, as Excel saves it. Wanted: at most a third of
openpyxl's time (its read-only mode), in at most 48 MB.

Importing (`benchmarks/registering.py`): 10,000 rows from the object to committed rows. Wanted: at most 1.5 times the
time in which openpyxl merely reads them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.measuring import measure_each, measure_here, table
from benchmarks.workbooks import made_sheet

_ROWS = 100_000
_REPEATS = 3


def read_by_own_reader(path: Path) -> Callable[[], int]:
    """The project's reader, with its limits raised to the size of the measurement."""
    from bizcall.sheets import Limits, read_sheet

    limits = Limits(file_bytes=1 << 30, unpacked_bytes=1 << 30, rows=_ROWS, cpu_seconds=600)

    def work() -> int:
        with path.open("rb") as file:
            return sum(len(row.cells) for row in read_sheet(file, limits).rows)

    return work


def read_by_openpyxl(path: Path) -> Callable[[], int]:
    """openpyxl in read-only mode, values only, which is its fastest way."""
    import openpyxl

    def work() -> int:
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        return sum(len(row) for row in sheet.iter_rows(min_row=2, values_only=True))

    return work


def read_by_calamine(path: Path) -> Callable[[], int]:
    """calamine (Rust), row by row; for the comparison of speed only, since hostile files end its process."""
    import python_calamine

    def work() -> int:
        sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        return sum(len(row) for row in sheet.iter_rows()) - 8

    return work


_READERS: Mapping[str, Callable[[Path], Callable[[], int]]] = {
    "own": read_by_own_reader,
    "openpyxl": read_by_openpyxl,
    "calamine": read_by_calamine,
}


def compare_reading() -> str:
    """Measure every reader on the same file and answer the table; all must have found the same cells."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.xlsx"
        made_sheet(path, _ROWS)
        measured = measure_each("benchmarks.imports", list(_READERS), [str(path)], _REPEATS)
    if len({row.answer for row in measured.values()}) != 1:
        raise ValueError(f"the readers disagree: {measured}")
    return table(f"Reading {_ROWS:,} rows x 8 columns", measured, "openpyxl", "openpyxl", "python-calamine")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure_here(_READERS[sys.argv[1]](Path(sys.argv[2])))
    else:
        from benchmarks.registering import compare_importing

        sys.stdout.write(f"{compare_reading()}\n\n{compare_importing()}\n")
