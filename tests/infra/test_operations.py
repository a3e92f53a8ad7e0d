"""What operators are told: every alarm of the template, and none that isn't there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_alarm_has_its_paragraph_and_every_paragraph_its_alarm() -> None:
    template = (ROOT / "infra" / "template.yaml").read_text()
    alarms = set(re.findall(r"^  (\w+):\n    Type: AWS::CloudWatch::Alarm$", template, re.MULTILINE))
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## Alarms\n")[1].split("\n## ")[0]
    listed = {
        name
        for line in section.splitlines()
        if re.fullmatch(r"(`\w+Alarm`(, )?)+", line)
        for name in re.findall(r"\w+Alarm", line)
    }
    assert listed == alarms
    # What else the section says about alarms is about alarms that are there, too.
    assert set(re.findall(r"`(\w+Alarm)`", section)) == alarms


def test_every_chapter_on_an_alarm_says_what_to_do() -> None:
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## Alarms\n")[1].split("\n## ")[0]
    for chapter in section.split("\n### ")[1:]:
        names, text = chapter.split("\n\n", 2)[1:]
        assert re.fullmatch(r"(`\w+Alarm`(, )?)+", names), chapter
        assert len(text.split()) >= 20, chapter
