"""What the environment of a process may say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizcall.settings import Settings


def test_AU_33_S8_the_networks_of_operators_are_read_as_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().operator_networks == ()
    monkeypatch.setenv("OPERATOR_NETWORKS", "198.51.100.0/24, 2001:db8:1::/48")
    assert Settings().operator_networks == ("198.51.100.0/24", "2001:db8:1::/48")
    monkeypatch.setenv("OPERATOR_NETWORKS", "::ffff:203.0.113.0/120")
    assert Settings().operator_networks == ("203.0.113.0/24",)
    for wrong in ("198.51.100.0/33", "198.51.100.7/24", "office", " , "):
        monkeypatch.setenv("OPERATOR_NETWORKS", wrong)
        with pytest.raises(ValueError, match="operator_networks"):
            Settings()


def test_S2_sessions_may_lie_idle_for_10_to_60_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().session_idle == timedelta(minutes=30)
    for minutes in ("10", "60"):
        monkeypatch.setenv("SESSION_IDLE_MINUTES", minutes)
        assert Settings().session_idle == timedelta(minutes=int(minutes))
    for minutes, sentence in (
        ("9", "greater than or equal to 10"),
        ("61", "less than or equal to 60"),
        ("", "integer"),
    ):
        monkeypatch.setenv("SESSION_IDLE_MINUTES", minutes)
        with pytest.raises(ValueError, match=f"session_idle_minutes\n.*{sentence}"):
            Settings()
