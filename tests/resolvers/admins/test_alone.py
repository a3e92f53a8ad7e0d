"""Signing in changes who asks, so nothing else is done in the same request (P1, AU-20)."""

from __future__ import annotations

from tests.console import Console as SignedIn
from tests.resolvers.admins.desk import Console


async def test_P1_nothing_is_done_by_one_account_with_the_rights_of_another(
    console: Console, operator: SignedIn
) -> None:
    challenge = await console.begin()
    document = """
    mutation ($challenge: String!, $code: String!) {
      signInVerify(input: {challenge: $challenge, code: $code, keep: TOKEN}) { userErrors { code } }
      planSave(input: {code: "STOLEN", name: "x"}) { userErrors { code } }
    }"""
    body = {"query": document, "variables": {"challenge": challenge, "code": await console.code(challenge)}}

    answer = (await operator.http.post("/graphql", json=body)).json()

    assert answer["errors"][0]["extensions"] | {"requestId": ""} == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "mutations",
        "maximum": 1,
        "actual": 2,
        "requestId": "",
    }
