"""Why a whole file is refused: a code for programs and a sentence for the administrator, who has to mend it.

The headers that sentences name stay Korean in English too, since that is how they stand in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Refusal(StrEnum):
    """The reasons; stable, since the API publishes them."""

    EMPTY = "EMPTY"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    NOT_A_WORKBOOK = "NOT_A_WORKBOOK"
    OLD_EXCEL = "OLD_EXCEL"
    BINARY_EXCEL = "BINARY_EXCEL"
    OPEN_DOCUMENT = "OPEN_DOCUMENT"
    ENCRYPTED = "ENCRYPTED"
    CSV = "CSV"
    HTML = "HTML"
    XML_SPREADSHEET = "XML_SPREADSHEET"
    MACRO = "MACRO"
    DAMAGED = "DAMAGED"
    TOO_MANY_PARTS = "TOO_MANY_PARTS"
    UNSAFE_NAME = "UNSAFE_NAME"
    REPEATED_NAME = "REPEATED_NAME"
    UNPACKED_TOO_LARGE = "UNPACKED_TOO_LARGE"
    FORBIDDEN_XML = "FORBIDDEN_XML"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    TOO_MANY_COLUMNS = "TOO_MANY_COLUMNS"
    TEXT_TOO_LARGE = "TEXT_TOO_LARGE"
    TOO_SLOW = "TOO_SLOW"
    NO_SHEET = "NO_SHEET"
    HEADER_NOT_FOUND = "HEADER_NOT_FOUND"
    HEADER_MISSING = "HEADER_MISSING"
    HEADER_REPEATED = "HEADER_REPEATED"
    NO_ROWS = "NO_ROWS"


class Sentence(NamedTuple):
    """One sentence in both languages; params in braces."""

    ko: str
    en: str


_SAVE_AS = "Excel에서 [다른 이름으로 저장] → 'Excel 통합 문서(*.xlsx)'로 저장한 후 다시 올려 주세요."
_SAVE_AS_EN = "Save it in Excel by [Save As] as 'Excel Workbook (*.xlsx)' and upload it again."
_FORM = "등록 양식을 내려받아 내용을 옮겨 적은 후 다시 올려 주세요."
_FORM_EN = "Download the form, copy your data into it, and upload that."

SENTENCES: Mapping[Refusal, Sentence] = {
    Refusal.EMPTY: Sentence(
        "빈 파일입니다. 작성한 내용이 저장되었는지 확인한 후 다시 올려 주세요.",
        "The file is empty. See that your work was saved, and upload it again.",
    ),
    Refusal.FILE_TOO_LARGE: Sentence(
        "파일이 너무 큽니다(최대 {limit}MB). 그림과 필요 없는 시트를 지우거나 파일을 나누어 올려 주세요.",
        "The file is too large (at most {limit} MB). Delete pictures and sheets that aren't needed, or split it.",
    ),
    Refusal.NOT_A_WORKBOOK: Sentence(
        f"엑셀 파일(.xlsx)이 아닙니다. {_SAVE_AS}",
        f"This is no Excel file (.xlsx). {_SAVE_AS_EN}",
    ),
    Refusal.OLD_EXCEL: Sentence(
        f"이전 형식의 엑셀 파일(.xls)은 읽을 수 없습니다. {_SAVE_AS}",
        f"The file has the old Excel format (.xls), which can't be read. {_SAVE_AS_EN}",
    ),
    Refusal.BINARY_EXCEL: Sentence(
        f"바이너리 형식의 엑셀 파일(.xlsb)은 읽을 수 없습니다. {_SAVE_AS}",
        f"The file has Excel's binary format (.xlsb), which can't be read. {_SAVE_AS_EN}",
    ),
    Refusal.OPEN_DOCUMENT: Sentence(
        "OpenDocument 파일(.ods)은 읽을 수 없습니다. 'Excel 2007-365(.xlsx)' 형식으로 저장한 후 다시 올려 주세요.",
        (
            "This is an OpenDocument file (.ods), which can't be read. "
            "Save it as 'Excel 2007-365 (.xlsx)' and upload it again."
        ),
    ),
    Refusal.ENCRYPTED: Sentence(
        "암호 또는 문서 보안(DRM)이 걸린 파일입니다. 암호나 보안을 해제하여 저장한 후 다시 올려 주세요.",
        "The file is protected by a password or by document security (DRM). Save it without and upload it again.",
    ),
    Refusal.CSV: Sentence(
        f"CSV(텍스트) 파일은 읽을 수 없습니다. {_SAVE_AS} 이때 전화번호의 맨 앞 0이 남아 있는지 확인해 주세요.",
        (
            f"This is a CSV (text) file, which can't be read. {_SAVE_AS_EN} "
            "See that telephone numbers have kept their leading 0."
        ),
    ),
    Refusal.HTML: Sentence(
        f"확장자만 엑셀인 웹 페이지(HTML) 파일입니다. 파일을 연 후 {_SAVE_AS}",
        f"This is a web page (HTML) that is only named like an Excel file. {_SAVE_AS_EN}",
    ),
    Refusal.XML_SPREADSHEET: Sentence(
        f"XML 스프레드시트 2003 파일은 읽을 수 없습니다. {_SAVE_AS}",
        f"This is an XML Spreadsheet 2003 file, which can't be read. {_SAVE_AS_EN}",
    ),
    Refusal.MACRO: Sentence(
        f"매크로가 포함된 파일(.xlsm)은 받지 않습니다. {_SAVE_AS}",
        f"The file has macros (.xlsm), which are not taken. {_SAVE_AS_EN}",
    ),
    Refusal.DAMAGED: Sentence(
        f"파일이 손상되어 읽을 수 없습니다({{where}}). Excel에서 열어 복구한 후 .xlsx로 다시 저장하거나, {_FORM}",
        (
            "The file is damaged and can't be read ({where}). "
            f"Repair it in Excel and save it as .xlsx. If that fails: {_FORM_EN}"
        ),
    ),
    Refusal.TOO_MANY_PARTS: Sentence(
        f"파일 안의 구성 요소가 너무 많습니다(최대 {{limit}}개). {_FORM}",
        f"The file consists of too many parts (at most {{limit}}). {_FORM_EN}",
    ),
    Refusal.UNSAFE_NAME: Sentence(
        f"파일 구조가 안전하지 않습니다(구성 요소의 이름). {_FORM}",
        f"The structure of the file is unsafe (the name of a part). {_FORM_EN}",
    ),
    Refusal.REPEATED_NAME: Sentence(
        f"파일 구조가 안전하지 않습니다(같은 이름의 구성 요소가 둘 이상). {_FORM}",
        f"The structure of the file is unsafe (several parts of the same name). {_FORM_EN}",
    ),
    Refusal.UNPACKED_TOO_LARGE: Sentence(
        (
            "압축을 푼 크기가 너무 큽니다(최대 {limit}MB). 데이터 아래의 서식만 "
            "있는 빈 행과 필요 없는 시트를 지운 후 다시 올려 주세요."
        ),
        (
            "The file is too large once it is unpacked (at most {limit} MB). Delete rows below the data that are "
            "formatted but empty, and sheets that aren't needed, and upload it again."
        ),
    ),
    Refusal.FORBIDDEN_XML: Sentence(
        f"파일 안에 허용되지 않는 XML 선언(DTD)이 있습니다({{where}}). {_FORM}",
        f"The file has an XML declaration that is not allowed (DTD, {{where}}). {_FORM_EN}",
    ),
    Refusal.TOO_MANY_ROWS: Sentence(
        "'{sheet}' 시트의 데이터가 {limit}행을 넘습니다({row}행에서 초과). 파일을 나누어 올려 주세요.",
        "The sheet '{sheet}' has more than {limit} rows of data (from row {row} on). Split the file.",
    ),
    Refusal.TOO_MANY_COLUMNS: Sentence(
        (
            "'{sheet}' 시트 {row}행의 {reference} 셀이 읽을 수 있는 "
            "범위({limit}열)를 벗어났습니다. 표 오른쪽의 내용을 지운 후 다시 올려 주세요."
        ),
        (
            "In row {row} of the sheet '{sheet}', the cell {reference} lies beyond the {limit} columns that are read. "
            "Delete what stands to the right of the table, and upload the file again."
        ),
    ),
    Refusal.TEXT_TOO_LARGE: Sentence(
        f"파일 안의 글자가 너무 깁니다({{where}}). 지나치게 긴 셀을 줄이거나, {_FORM}",
        f"The file has too much text ({{where}}). Shorten cells that are very long. If that fails: {_FORM_EN}",
    ),
    Refusal.TOO_SLOW: Sentence(
        f"파일 구조가 너무 복잡하여 제한 시간 안에 읽지 못했습니다. {_FORM}",
        f"The structure of the file is too complex to be read in time. {_FORM_EN}",
    ),
    Refusal.NO_SHEET: Sentence(
        "보이는 시트가 없습니다. 데이터가 있는 시트의 [숨기기]를 취소한 후 다시 올려 주세요.",
        "No sheet is visible. Unhide the sheet that has the data, and upload the file again.",
    ),
    Refusal.HEADER_NOT_FOUND: Sentence(
        (
            "제목 행을 찾을 수 없습니다. 시트의 처음 {limit}행 안에 '{labels}' "
            "등의 열 제목이 있어야 합니다. 등록 양식을 사용해 주세요."
        ),
        (
            "There is no header row. Within the first {limit} rows of the sheet there must be headers such as "
            "'{labels}'. Please use the form."
        ),
    ),
    Refusal.HEADER_MISSING: Sentence(
        "'{sheet}' 시트 {row}행의 제목 행에 '{labels}' 열이 없습니다. 열 제목을 추가한 후 다시 올려 주세요.",
        "The header in row {row} of the sheet '{sheet}' lacks '{labels}'. Add it and upload the file again.",
    ),
    Refusal.HEADER_REPEATED: Sentence(
        (
            "'{sheet}' 시트 {row}행의 제목 행에 같은 뜻의 열이 둘 이상 있습니다: {labels}. "
            "하나만 남긴 후 다시 올려 주세요."
        ),
        (
            "The header in row {row} of the sheet '{sheet}' has several columns of the same meaning: {labels}. "
            "Keep one of them, and upload the file again."
        ),
    ),
    Refusal.NO_ROWS: Sentence(
        "'{sheet}' 시트의 제목 행({row}행) 아래에 데이터가 없습니다. 내용을 작성한 후 다시 올려 주세요.",
        "The sheet '{sheet}' has no data below its header in row {row}. Fill it in and upload the file again.",
    ),
}


class SheetRefused(Exception):
    """The file cannot be read as a list of users; nothing of it may take effect.

    `code` is for programs, `where` fills in its sentences; `sentence` tells the administrator in Korean what is wrong,
    where, and how to mend it.
    """

    def __init__(self, code: Refusal, **where: str | int) -> None:
        super().__init__(code.value, where)
        self.code = code
        self.where = where

    @property
    def sentence(self) -> str:
        """The Korean sentence, with the place filled in."""
        return SENTENCES[self.code].ko.format(**self.where)
