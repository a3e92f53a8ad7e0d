"""The network and the database for those who bring neither: what nobody may enter, and what is kept."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import translate
from tests.infra import reading

INFRA = Path(__file__).parents[2] / "infra"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Plain CloudFormation, which it is already."""
    return dict(translate(INFRA / "network.yaml").template)


def routes(template: dict[str, Any], subnet: str) -> set[str]:
    """By which gateways a subnet leads out."""
    [table] = [
        reading.target(each["RouteTableId"])
        for each in reading.of(template, "EC2::SubnetRouteTableAssociation").values()
        if reading.target(each["SubnetId"]) == subnet
    ]
    return {
        key
        for each in reading.of(template, "EC2::Route").values()
        if reading.target(each["RouteTableId"]) == table
        for key in ("GatewayId", "NatGatewayId")
        if key in each
    }


def test_what_it_puts_out_are_the_stacks_parameters(template: dict[str, Any]) -> None:
    stack = (INFRA / "template.yaml").read_text().split("\nRules:\n")[0]
    asked = set(re.findall(r"^  (\w+):$", stack, re.MULTILINE))
    assert {"VpcId", "SubnetIds", "DatabaseSecurityGroupId", "DatabaseInstance"} <= template["Outputs"].keys() & asked


def test_functions_and_database_are_where_nobody_comes_in_and_go_out_by_the_nat(template: dict[str, Any]) -> None:
    private = [reading.target(each) for each in template["Outputs"]["SubnetIds"]["Value"]["Fn::Join"][1]]
    [placed] = reading.of(template, "RDS::DBSubnetGroup").values()
    assert [reading.target(each) for each in placed["SubnetIds"]] == private
    assert len({str(reading.of(template, "EC2::Subnet")[name]["AvailabilityZone"]) for name in private}) == 2
    assert {name: routes(template, name) for name in private} == {name: {"NatGatewayId"} for name in private}
    [nat] = reading.of(template, "EC2::NatGateway").values()
    assert routes(template, reading.target(nat["SubnetId"])) == {"GatewayId"}


def what_lays_the_database_open(template: dict[str, Any]) -> Iterator[str]:
    """The properties by which it could be read from its disks, lost, or reached, in the order of the template."""
    [database] = reading.of(template, "RDS::DBInstance").values()
    wanted = {"StorageEncrypted": True, "DeletionProtection": True, "PubliclyAccessible": False}
    yield from (name for name, value in wanted.items() if database.get(name) is not value)
    if database.get("BackupRetentionPeriod", 0) < 14:
        yield "BackupRetentionPeriod"
    if "MasterUserPassword" in database:
        yield "MasterUserPassword"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StorageEncrypted", False),
        ("StorageEncrypted", None),
        ("DeletionProtection", False),
        ("PubliclyAccessible", True),
        ("BackupRetentionPeriod", 7),
        ("MasterUserPassword", "secret"),
    ],
)
def test_P8_a_database_laid_open_is_told(template: dict[str, Any], name: str, value: Any) -> None:
    spoilt = copy.deepcopy(template)
    spoilt["Resources"]["Database"]["Properties"][name] = value
    assert list(what_lays_the_database_open(spoilt)) == [name]


def test_P8_the_database_is_encrypted_kept_and_let_into_by_groups_only(template: dict[str, Any]) -> None:
    assert list(what_lays_the_database_open(template)) == []
    assert template["Resources"]["Database"]["DeletionPolicy"] == "Snapshot"
    entrances = reading.of(template, "EC2::SecurityGroupIngress").values()
    assert entrances
    assert all("SourceSecurityGroupId" in each and "CidrIp" not in each for each in entrances)
    assert not any("SecurityGroupIngress" in each for each in reading.of(template, "EC2::SecurityGroup").values())


def what_the_log_would_tell(template: dict[str, Any]) -> Iterator[str]:
    """Breaches of: the exported log holds no personal data, isn't kept for ever, and nobody comes without TLS."""
    [database] = reading.of(template, "RDS::DBInstance").values()
    groups = reading.of(template, "RDS::DBParameterGroup")
    parameters = groups.get(reading.target(database.get("DBParameterGroupName")), {}).get("Parameters", {})
    for name, value in {
        "rds.force_ssl": "1",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }.items():
        if parameters.get(name) != value:
            yield f"{name} is not {value}"
    identifier = database.get("DBInstanceIdentifier", {}).get("Fn::Sub")
    for kind in database["EnableCloudwatchLogsExports"]:
        declared = {
            name: group
            for name, group in reading.of(template, "Logs::LogGroup").items()
            if identifier and group["LogGroupName"] == {"Fn::Sub": f"/aws/rds/instance/{identifier}/{kind}"}
        }
        if not set(declared) & set(reading.listed(template["Resources"]["Database"].get("DependsOn", []))):
            yield f"{kind}: RDS makes the log group itself"
        if any(group.get("RetentionInDays") != 731 for group in declared.values()):
            yield f"{kind}: is kept for ever"


def test_P6_the_databases_log_has_nobodys_data_and_is_forgotten(template: dict[str, Any]) -> None:
    assert list(what_the_log_would_tell(template)) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda all_: all_["Database"]["Properties"].pop("DBParameterGroupName"), "log_error_verbosity is not"),
        (lambda all_: all_["DatabaseParameters"]["Properties"]["Parameters"].pop("rds.force_ssl"), "force_ssl"),
        (
            lambda all_: all_["DatabaseParameters"]["Properties"]["Parameters"].update(log_min_error_statement="error"),
            "log_min_error_statement",
        ),
        (lambda all_: all_["Database"].pop("DependsOn"), "itself"),
        (lambda all_: all_["Database"]["Properties"].pop("DBInstanceIdentifier"), "itself"),
        (lambda all_: all_["DatabaseLogs"]["Properties"].pop("RetentionInDays"), "for ever"),
    ],
    ids=["no group", "no TLS", "statements", "log group later", "another name", "no end"],
)
def test_a_log_that_would_tell_is_noticed(
    template: dict[str, Any], spoil: Callable[[dict[str, Any]], object], told: str
) -> None:
    spoilt = copy.deepcopy(template)
    spoil(spoilt["Resources"])
    assert any(told in breach for breach in what_the_log_would_tell(spoilt))
