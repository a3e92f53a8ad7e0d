"""Why a line, or the rest of a file, does not go in; the codes are published in docs/feeds.md."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import orjson

LISTED = 10_000
"""Bad lines of a file that its reject object lists; the ledger counts them all."""


class LineFault(StrEnum):
    """What is wrong with one line."""

    TOO_LONG = "TOO_LONG"
    ENCODING = "ENCODING"
    QUOTES = "QUOTES"
    COLUMNS = "COLUMNS"
    JSON = "JSON"
    REQUIRED = "REQUIRED"
    FORMAT = "FORMAT"
    VALUE = "VALUE"
    RANGE = "RANGE"
    TOO_OLD = "TOO_OLD"
    IN_FUTURE = "IN_FUTURE"
    LINE_UNKNOWN = "LINE_UNKNOWN"
    REPLACES = "REPLACES"
    REPLACED = "REPLACED"


class FileFault(StrEnum):
    """Why a file is not read, or not read on."""

    EXTENSION = "EXTENSION"
    NOT_GZIP = "NOT_GZIP"
    DAMAGED = "DAMAGED"
    TOO_DENSE = "TOO_DENSE"
    TOO_LARGE = "TOO_LARGE"
    ENCODING = "ENCODING"
    HEADER = "HEADER"
    GONE = "GONE"
    COMPANY_ENDED = "COMPANY_ENDED"


class Reject(NamedTuple):
    """A bad line, counted from 1 as editors do; `column` is empty where it is not one column's fault."""

    line: int
    fault: LineFault
    column: str = ""


class FileRefused(Exception):
    """A file is not read, or not read on from here."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


LINES = {
    LineFault.TOO_LONG: "한 줄이 64KiB를 넘습니다.",
    LineFault.ENCODING: "UTF-8이 아닙니다. CP949(EUC-KR)로 저장된 파일은 UTF-8로 다시 저장해 주세요.",
    LineFault.QUOTES: "따옴표의 짝이 맞지 않습니다.",
    LineFault.COLUMNS: "값의 개수가 첫 줄의 열 개수와 다릅니다.",
    LineFault.JSON: "JSON 객체가 아닙니다.",
    LineFault.REQUIRED: "필수 값이 없습니다.",
    LineFault.FORMAT: "형식이 올바르지 않습니다.",
    LineFault.VALUE: "정해진 값이 아닙니다.",
    LineFault.RANGE: "허용 범위를 벗어났습니다.",
    LineFault.TOO_OLD: "보관 기간이 지난 기록입니다.",
    LineFault.IN_FUTURE: "미래의 기록입니다.",
    LineFault.LINE_UNKNOWN: "그 시각에 이 기업의 가입 전화번호가 아닙니다.",
    LineFault.REPLACES: "정정할 기록의 ID와 시각이 모두 있어야 합니다.",
    LineFault.REPLACED: "다른 기록이 이미 정정한 기록입니다. 그 정정 기록을 정정해 주세요.",
}

FILES = {
    FileFault.EXTENSION: "파일 이름은 .jsonl.gz, .csv.gz, .jsonl, .csv 중 하나로 끝나야 합니다.",
    FileFault.NOT_GZIP: "gzip 파일이 아닙니다.",
    FileFault.DAMAGED: "파일이 손상되었거나 끝이 잘렸습니다. 그 앞의 기록은 반영되었습니다. 파일을 다시 보내 주세요.",
    FileFault.TOO_DENSE: "압축을 풀면 지나치게 커지는 파일입니다.",
    FileFault.TOO_LARGE: "8GiB나 5천만 줄을 넘습니다. 나누어 다시 보내 주세요. 반영된 기록은 한 번만 집계됩니다.",
    FileFault.ENCODING: "UTF-8 파일이 아닙니다. CP949(EUC-KR)나 UTF-16이면 UTF-8로 다시 저장해 주세요.",
    FileFault.HEADER: "첫 줄에 필요한 열 이름이 없습니다.",
    FileFault.GONE: "읽기 전에 파일이 삭제되었습니다.",
    FileFault.COMPANY_ENDED: "계약이 종료된 기업의 파일입니다.",
}


def written(rejects: Iterable[Reject], refusal: FileFault | None, more: int) -> bytes:
    """The reject object: a JSON object a line. `more` bad lines were only counted; `refusal` ended the file.

    Lines are named, not quoted, so that no personal data lies where it need not.
    """
    rows = [
        {"line": line, "code": fault, "column": column or None, "reason": LINES[fault]}
        for line, fault, column in rejects
    ]
    if more:
        rows.append({"line": None, "code": "MORE", "column": None, "reason": f"이 밖에 {more:,}줄이 더 있습니다."})
    if refusal is not None:
        rows.append({"line": None, "code": refusal, "column": None, "reason": FILES[refusal]})
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
