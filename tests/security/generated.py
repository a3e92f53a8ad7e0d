"""Operations that schemathesis makes from the schema, signed in and not: no answer but of the closed list (G14)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from resolvers.errors import TopCode
from sdl.publishing import HERE, PRESENT

EXPECTED = set(TopCode) - {TopCode.INTERNAL_SERVER_ERROR}
REQUEST_SECONDS = 15


@dataclass
class Report:
    """What was asked and answered. `answered` counts the answers by their first code, data by "data"."""

    operations: int = 0
    cases: int = 0
    skipped: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def scalars() -> None:
    """Tell schemathesis what our scalars look like; one in a few isn't right."""
    moments = st.datetimes().map(lambda at: f"{at.isoformat()}+09:00")
    for name, texts in {
        "DateTime": moments | st.text(max_size=30),
        "Date": st.dates().map(str) | st.text(max_size=12),
        "PhoneNumber": st.from_regex(r"\A0(70|10|2)-?[0-9]{3,4}-?[0-9]{4}\Z") | st.text(max_size=20),
        "EmailAddress": st.emails() | st.text(max_size=20),
    }.items():
        schemathesis.graphql.scalar(name, texts.map(nodes.String))


def run(url: str, bearer: Callable[[], str | None], *, cases: int, seconds: float) -> Report:
    """Send up to `cases` operations of each root field, until the time is over.

    Each root field has a bearer of its own, so that signing out ends no other's session.
    """
    report, ends = Report(), time.monotonic() + seconds
    schema = schemathesis.graphql.from_path(HERE / PRESENT)
    schema.config.update(base_url=url)
    for found in schema.get_all_operations():
        headers = {"accept": "application/graphql-response+json", "content-type": "application/json"}
        if token := bearer():
            headers["authorization"] = f"Bearer {token}"
        send(found.ok(), headers, report, cases=cases, ends=ends)
    return report


def send(operation: Any, headers: dict[str, str], report: Report, *, cases: int, ends: float) -> None:
    """Send operations of one root field, the same in each run, and judge the answers."""
    report.operations += 1

    @seed(1)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def sent(case: Any) -> None:
        if time.monotonic() > ends:
            report.skipped += 1
            return
        report.cases += 1
        response = case.call(headers=headers, timeout=REQUEST_SECONDS)
        if finding := judged(report, response):
            report.findings.append(f"{operation.label}: {finding}\n{case.body}")

    sent()


def judged(report: Report, response: Any) -> str | None:
    """What is wrong with an answer, None for nothing."""
    if response.status_code >= 500:
        return f"status {response.status_code}: {response.text[:500]}"
    answer = response.json()
    codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", ())]
    report.answered[codes[0] if codes else "data"] += 1
    if not codes and "data" not in answer:
        return f"neither data nor errors: {response.text[:500]}"
    return None if set(codes) <= EXPECTED else f"{codes}: {response.text[:500]}"
