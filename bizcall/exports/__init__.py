"""Exports: Excel of everything that a filter finds, not only a page of it (ST-02, MS-01, ST-01).

    requesting    asking for one, with a reason; ending one
    asking        what was asked, as it is kept, as people read it, and as the audit trail may hold it
    counting      how many rows there will be, counted before anything is begun
    claims        the statements of an export's life, fenced: a worker that comes late changes nothing
    running       the worker: from a snapshot of the database into the bucket
    facts         the columns of calls and messages, and the statement that finds them
    statistics    the workbook of statistics, with its chart
    downloading   a link to the file, and its record
    sweeping      by schedule: begins again what a worker left behind, and ends what is over
    failures      why one failed, for people
    listing       what the API reads
    keys          where files lie

A worker has a file begun under a name of its own, which nobody knows until the row names it, in the transaction that
says COMPLETED. So a worker that is killed, overtaken or cancelled leaves nothing that could be downloaded.
"""

from __future__ import annotations

from bizcall.exports.asking import Asked
from bizcall.exports.claims import cancel_all
from bizcall.exports.downloading import download
from bizcall.exports.requesting import cancel, request
from bizcall.exports.running import run
from bizcall.exports.sweeping import sweep
from bizcall.models.exports import Kind

__all__ = ["Asked", "Kind", "cancel", "cancel_all", "download", "request", "run", "sweep"]
