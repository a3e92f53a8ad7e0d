"""Fills a form with LibreOffice's own engine, as people do; run by the system's Python, which has UNO.

    python3 office.py FORM.xlsx FILLED.xlsx < rows.json

`rows.json` is a list of rows, each a list of texts for the columns from B on; they go into the rows from 2 on.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue


def option(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def connect(pipe, office):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(300):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # UNO's own exception type exists only once the bridge is up
            if office.poll() is not None:
                sys.exit("LibreOffice ended")
            time.sleep(0.1)
    sys.exit("LibreOffice did not start")


def main(form, filled):
    rows = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as profile:
        pipe = f"bizcall{pathlib.Path(profile).name}"
        office = subprocess.Popen(
            [
                "soffice",
                "--headless",
                "--norestore",
                f"-env:UserInstallation=file://{profile}",
                f"--accept=pipe,name={pipe};urp;",
            ]
        )
        try:
            context = connect(pipe, office)
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            document = desktop.loadComponentFromURL(pathlib.Path(form).as_uri(), "_blank", 0, (option("Hidden", True),))
            sheet = document.Sheets.getByIndex(0)
            for y, row in enumerate(rows, start=1):
                for x, text in enumerate(row, start=1):
                    sheet.getCellByPosition(x, y).setFormula(text)
            document.storeToURL(pathlib.Path(filled).as_uri(), (option("FilterName", "Calc MS Excel 2007 XML"),))
            document.close(True)
            desktop.terminate()
        finally:
            office.wait(30)


main(*sys.argv[1:])
