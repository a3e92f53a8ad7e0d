"""Signing in over HTTP, with the code read from the local inbox (AU-20, AU-31)."""

from __future__ import annotations

from local import seed
from tests.journeys.system import Administrator, System

VIEWER = "{ viewer { admin { name } company { name } } }"


def test_AU_20_password_then_code_then_session(administrator: Administrator) -> None:
    viewer = administrator.ask(VIEWER)["viewer"]

    assert viewer["company"]["name"] == seed.COMPANY_NAME


def test_AU_20_nobody_is_the_viewer_without_a_session(system: System) -> None:
    assert system.graphql(VIEWER) == {"viewer": None}


def test_IN_01_the_demo_company_has_thirty_lines_of_which_the_first_ten_are_held(administrator: Administrator) -> None:
    found = administrator.ask(
        """{
          subscribers(first: 10, orderBy: {field: NUMBER}) {
            totalCount { value }
            nodes { number subscriber { name } }
          }
        }"""
    )["subscribers"]

    assert found["totalCount"]["value"] == len(seed.NUMBERS) == 30
    assert [node["number"] for node in found["nodes"]] == list(seed.NUMBERS[:10])
    assert all(node["subscriber"] for node in found["nodes"])


def test_the_page_to_try_the_api_with_stands_where_the_first_screen_says(system: System) -> None:
    (line,) = (line for line in system.log.read_text("utf-8").splitlines() if "try it out at" in line)
    page = system.http.get(line.rpartition(" ")[2])

    assert page.status_code == 200
    assert "https://" not in page.text, "it must work without a network"
