"""Why an import ended without registering anything, beyond what `bizcall.sheets` finds wrong with a file."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bizcall.sheets import SENTENCES, Refusal, Sentence


class FileRefusal(StrEnum):
    """Stable, since the API publishes them beside the codes of `Refusal`."""

    FILE_GONE = "FILE_GONE"
    ROWS_REFUSED = "ROWS_REFUSED"
    SUPERSEDED = "SUPERSEDED"
    TIMED_OUT = "TIMED_OUT"
    TOO_MANY_FINDINGS = "TOO_MANY_FINDINGS"


_SENTENCES = {
    FileRefusal.FILE_GONE: Sentence(
        "파일이 확인하기 전에 삭제되었습니다. 다시 올려 주세요.",
        "The file was deleted before it was read. Upload it again.",
    ),
    FileRefusal.ROWS_REFUSED: Sentence(
        "등록할 수 없는 행이 있어 아무것도 등록하지 않았습니다. 오류를 고친 후 다시 올려 주세요.",
        "Some rows can't be registered, so none was. Mend them and upload the file again.",
    ),
    FileRefusal.SUPERSEDED: Sentence(
        "같은 이름으로 새 파일이 올라와 이 파일은 처리하지 않았습니다.",
        "A newer file of the same name has taken this one's place.",
    ),
    FileRefusal.TIMED_OUT: Sentence(
        "처리 중 문제가 발생하여 등록하지 않았습니다. 다시 올려 주세요.",
        "Something went wrong, and nothing was registered. Upload the file again.",
    ),
    FileRefusal.TOO_MANY_FINDINGS: Sentence(
        "잘못된 셀이 너무 많아 확인을 중단했습니다. 등록 양식에 맞게 작성했는지 확인한 후 다시 올려 주세요.",
        "Too many cells are wrong. See that the file follows the form, and upload it again.",
    ),
}


def sentence(code: str, params: Mapping[str, Any], *, english: bool = False) -> str:
    """Why an import was refused, for people: a code of `FileRefusal` or of `Refusal`. Korean unless `english`."""
    known = _SENTENCES[FileRefusal(code)] if code in FileRefusal.__members__ else SENTENCES[Refusal(code)]
    return (known.en if english else known.ko).format_map(params)
