"""The closed sets of imports."""

from __future__ import annotations

from bizcall.imports.findings import SENTENCES, FindingCode
from bizcall.models.imports import Action, Severity, Source, State
from bizcall.sheets import Column
from schema.enums import described

__all__ = ["Action", "Column", "FindingCode", "Severity", "Source", "State"]

described(
    Source,
    "How a file came.",
    {
        Source.CONSOLE: "Uploaded by an administrator.",
        Source.INBOX: "Dropped into the company's inbox in the bucket; registered without asking.",
    },
    name="ImportSource",
)
described(
    State,
    "Where an import stands. The last five are final.",
    {
        State.CHECKING: "The file is being checked.",
        State.PREVIEWED: "The preview lies ready; it waits for `importRegister` until `expiresAt`.",
        State.REGISTERING: "The registration was asked for and waits for its worker.",
        State.REGISTERED: "The rows are registered; `rows` tells who became whom.",
        State.REFUSED: "Nothing was registered; `error` says why.",
        State.CANCELLED: "Ended by an administrator, or by a newer file of the same name (`isSuperseded`).",
        State.EXPIRED: "Nobody registered it in time.",
        State.FAILED: "No worker could finish it; `error` says so. Upload the file again.",
    },
    name="ImportState",
)
described(
    Action,
    "What a row would do, or did.",
    {
        Action.NEW: "A free line gets a subscriber.",
        Action.CHANGED: "The line's subscriber is edited.",
        Action.REPLACED: "The line's holding is ended and another one started: name and contacts are both different.",
        Action.UNCHANGED: "The row says what stands there already.",
        Action.REFUSED: "The row can't be registered; its findings say why.",
    },
    name="ImportAction",
)
described(
    Severity,
    "What a finding means for its row.",
    {
        Severity.NOTED: "Only told.",
        Severity.REPAIRED: "The value was repaired; the row can be registered.",
        Severity.REFUSED: "The row can't be registered.",
    },
    name="FindingSeverity",
)
described(
    Column,
    "A column of the form.",
    {column: f"The column “{column.label}”." for column in Column},
    name="SheetColumn",
)
described(
    FindingCode,
    "What was found in a cell or row; new members may come. Words in braces are params of the finding.",
    {code: sentence.en for code, sentence in SENTENCES.items()},
    name="FindingCode",
)
