"""The files of the zoo that LibreOffice saves: `python -m tests.data.make.by_libreoffice` (needs `soffice`).

Run after `by_openpyxl`, whose files it opens.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.data.make.people import target

SAVED = (
    ("form_filled.xlsx", "xlsx:Calc MS Excel 2007 XML", "libreoffice_form.xlsx"),
    ("lost_zeros.xlsx", "xlsx:Calc MS Excel 2007 XML", "libreoffice_lost_zeros.xlsx"),
    ("formulas_uncached.xlsx", "xlsx:Calc MS Excel 2007 XML", "libreoffice_formulas.xlsx"),
    ("plain.xlsx", "xls:MS Excel 97", "old_excel_renamed.xlsx"),
    ("plain.xlsx", "ods", "open_document_renamed.xlsx"),
)


def save(source: str, kind: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", folder, target(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        made = next(path for path in Path(folder).iterdir() if path.is_file())
        shutil.copy(made, target(name))


if __name__ == "__main__":
    for source, kind, name in SAVED:
        save(source, kind, name)
