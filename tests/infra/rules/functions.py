"""Functions: their bounds, connections, environments, deployment and turns."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator

from bizcall.settings import Settings
from tests.infra.reading import (
    Template,
    function,
    listed,
    number,
    of,
    target,
)
from tests.infra.rules.registry import rule

LAPTOP_ONLY = {"DATABASE_URL", "ORIGIN_SECRETS", "SECRET_KEY", "SOLAPI_URL"}
"""Settings that hold secrets in clear text, or turn a gateway to a server of tests: for laptops and tests."""

SOME_ONLY = {
    "APP_URL",
    "KEY_SECRET_ID",
    "MAIL_EVENTS",
    "MAIL_FROM",
    "MANUAL_URL",
    "MONTHS_KEPT",
    "OPERATOR_NETWORKS",
    "ORIGIN_SECRET_ID",
    "ORIGIN_SECRET_VERSIONS",
    "SENDER_NUMBER",
    "SESSION_IDLE_MINUTES",
    "SITE_URL",
    "SMS_GATEWAY",
    "SOLAPI_SECRET_ID",
}
"""Settings that only those functions have which derive codes, send messages, keep months or answer requests."""

CONNECTIONS_LEFT = 10
"""Connections that stay for people and for what AWS itself does, of those that the database grants."""


@rule
def every_handler_can_be_called(template: Template) -> Iterator[str]:
    """The module imports and the attribute is callable."""
    for name, each in of(template, "Lambda::Function").items():
        module, _, attribute = each["Handler"].rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute, None)
        except ImportError:
            found = None
        if not callable(found):
            yield f"{name}: {each['Handler']} can't be called"


@rule
def every_function_is_bounded(template: Template) -> Iterator[str]:
    """Time, memory and concurrency are set, and a retry needn't wait longer than half an hour (I2)."""
    for name, each in of(template, "Lambda::Function").items():
        if not 1 <= each.get("Timeout", 0) <= 300:
            yield f"{name}: the time limit is not within 300 s"
        if "MemorySize" not in each:
            yield f"{name}: no memory size"
        if "ReservedConcurrentExecutions" not in each:
            yield f"{name}: no reserved concurrency"


@rule
def functions_together_leave_the_database_connections(template: Template) -> Iterator[str]:
    """All that may run at a time, with the pool of each, fit into what the database grants (D6)."""
    held = sum(
        number(template, each.get("ReservedConcurrentExecutions", 0)) * connections(each["Handler"])
        for each in of(template, "Lambda::Function").values()
    )
    granted = number(template, {"Ref": "DatabaseConnections"})
    if held > granted - CONNECTIONS_LEFT:
        yield f"functions may hold {held} connections of {granted}, and {CONNECTIONS_LEFT} are to be left"


def connections(handler: str) -> int:
    """How many connections of the database a function holds, by its module."""
    return int(getattr(importlib.import_module(handler.rpartition(".")[0]), "CONNECTIONS", 1))


@rule
def nothing_else_changes_before_the_migration(template: Template) -> Iterator[str]:
    """Schema first: every function but the one that migrates waits for it, and it runs again with every code."""
    [(name, step)] = [(n, r) for n, r in template["Resources"].items() if r["Type"] == "Custom::Migration"]
    migrating = function(template, step["Properties"]["ServiceToken"])
    versions = of(template, "Lambda::Version")
    code = target(step["Properties"].get("Code"))
    if code not in versions or function(template, versions[code]["FunctionName"]) != migrating:
        yield f"{name}: does not run again with other code"
    for each in of(template, "Lambda::Function"):
        waits = name in listed(template["Resources"][each].get("DependsOn", []))
        if waits == (each == migrating):
            yield f"{each}: changes before the schema"


@rule
def requests_move_to_new_code_by_and_by(template: Template) -> Iterator[str]:
    """The API is asked by an alias that an alarm takes back."""
    api = json.dumps(of(template, "ApiGatewayV2::Api"))
    moving = [n for n, r in template["Resources"].items() if "CodeDeployLambdaAliasUpdate" in r.get("UpdatePolicy", {})]
    if not any(f"${{{name}}}/invocations" in api for name in moving):
        yield "the API asks no alias that moves by and by"
    for name, group in of(template, "CodeDeploy::DeploymentGroup").items():
        if not group.get("AlarmConfiguration", {}).get("Alarms"):
            yield f"{name}: no alarm takes it back"


@rule
def every_function_logs_into_a_group_that_forgets(template: Template) -> Iterator[str]:
    """Each has a group of its own; all groups keep 731 days, that of the seals as long as records are kept (I2)."""
    groups = of(template, "Logs::LogGroup")
    used = [target(f.get("LoggingConfig", {}).get("LogGroup")) for f in of(template, "Lambda::Function").values()]
    for name, used_here in zip(of(template, "Lambda::Function"), used, strict=True):
        if used_here not in groups or used.count(used_here) != 1:
            yield f"{name}: no log group of its own"
    for name, group in groups.items():
        days = 1096 if name == "AuditLogs" else 731
        if group.get("RetentionInDays") != days:
            yield f"{name}: logs are not kept for {days} days"


@rule
def environments_are_what_the_settings_read(template: Template) -> Iterator[str]:
    """Both ways: nothing set that nobody reads, nothing read that isn't set; the key only where it is asked for."""
    known = {name.upper() for name in Settings.model_fields} - LAPTOP_ONLY
    anywhere: set[str] = set()
    for name, each in of(template, "Lambda::Function").items():
        given = set(each.get("Environment", {}).get("Variables", {}))
        anywhere |= given
        for variable in sorted(given - known):
            yield f"{name}: {variable} is no setting"
        for variable in sorted(known - given - SOME_ONLY):
            yield f"{name}: {variable} is not set"
    for variable in sorted(SOME_ONLY - anywhere):
        yield f"{variable} is not set anywhere"


@rule
def schedules_do_not_pile_up(template: Template) -> Iterator[str]:
    """A schedule's function runs once at a time and is not tried again: the next turn comes anyway."""
    configured = {
        function(template, p["FunctionName"]): p.get("MaximumRetryAttempts")
        for p in of(template, "Lambda::EventInvokeConfig").values()
    }
    for name, schedule in of(template, "Scheduler::Schedule").items():
        called = function(template, schedule["Target"]["Arn"])
        properties = of(template, "Lambda::Function")[called]
        if schedule["ScheduleExpression"] == "rate(1 minute)" and properties["Timeout"] >= 60:
            yield f"{name}: {called} may run longer than until its next turn"
        if properties.get("ReservedConcurrentExecutions") != 1 or configured.get(called) != 0:
            yield f"{name}: {called} may pile up"


@rule
def no_turn_is_lost_beside_another(template: Template) -> Iterator[str]:
    """A schedule that comes less often than each minute waits until its function is free, and so does the migration.

    A function that runs once at a time refuses the second event, which Lambda then brings again until it is too old.
    """
    ages = {
        function(template, p["FunctionName"]): p.get("MaximumEventAgeInSeconds", 21_600)
        for p in of(template, "Lambda::EventInvokeConfig").values()
    }
    limits = {name: each["Timeout"] for name, each in of(template, "Lambda::Function").items()}
    for name, schedule in of(template, "Scheduler::Schedule").items():
        called = function(template, schedule["Target"]["Arn"])
        if schedule["ScheduleExpression"] != "rate(1 minute)" and ages.get(called, 0) < 2 * limits[called]:
            yield f"{name}: is given up before {called} is free again"
    for name, step in of(template, "Migration", by="Custom").items():
        called = function(template, step["ServiceToken"])
        if step.get("ServiceTimeout", 3600) < ages[called] + limits[called]:
            yield f"{name}: is given up while its event may still wait"
