"""Imports: an Excel file of employees becomes subscribers (BK-01 … BK-03).

    keys          where objects lie in the bucket
    form          the workbook to fill in
    receiving     an object has arrived: check it, store the preview; dropped files are registered at once
    cells         a row of the sheet made canonical: repaired or refused, cell by cell
    checking      rows against the company's lines and departments
    findings      what was found in cells, and the sentences for it; refusals: why a whole import ended
    storing       the statements; collector: keeps Python's out of their way
    commands      the message by which a worker carries an import on
    registering   apply exactly what was previewed, once; or cancel it
    answers       the workbooks that go back: refused rows to mend, and results
    expiring      ends what nobody carried on
    listing       what the API reads
    downloads     the record of each link to a file

Every step is one transaction and may be repeated: a worker that dies leaves nothing behind, and the message that is
delivered again starts the step again. Steps on the same import wait for each other on its row.
"""

from __future__ import annotations

from bizcall.imports.expiring import expire
from bizcall.imports.receiving import receive
from bizcall.imports.registering import cancel, register, register_queued

__all__ = ["cancel", "expire", "receive", "register", "register_queued"]
