"""What the files of the zoo are filled with: the demo company's free numbers, and employees for some of them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
LABELS = ("가입 전화번호", "사용자명", "부서", "직책", "휴대폰 번호", "이메일", "RID 사용", "앱 사용")
DEPARTMENTS = ("경영지원팀", "영업팀", "개발팀", "고객지원팀")
NUMBERS = tuple(f"0708000{index}" for index in range(1000, 1030))
ROWS = (
    ("070-8000-1010", "김민준", "영업팀", "대리", "010-2345-6701", "minjun.kim@example.com", "OFF", "ON"),
    ("070-8000-1011", "이서연", "개발팀", "과장", "010-2345-6702", "seoyeon.lee@example.com", "OFF", "ON"),
    ("070-8000-1012", "박지후", "고객지원팀", "사원", "010-2345-6703", "jihu.park@example.com", "OFF", "OFF"),
    ("070-8000-1013", "최하은", "경영지원팀", "팀장", "010-2345-6704", "haeun.choi@example.com", "OFF", "ON"),
    ("070-8000-1014", "정도윤", "영업팀", "사원", "010-2345-6705", "doyun.jung@example.com", "OFF", "ON"),
)


def target(name: str) -> str:
    """The path of a file of the zoo."""
    return str(FOLDER / name)
