"""The network and the database for those who bring neither: what nobody may enter, and what is kept."""

from __future__ import annotations

import re
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


def test_the_database_is_encrypted_kept_and_let_into_by_groups_only(template: dict[str, Any]) -> None:
    [database] = reading.of(template, "RDS::DBInstance").values()
    assert template["Resources"]["Database"]["DeletionPolicy"] == "Snapshot"
    assert (database["StorageEncrypted"], database["DeletionProtection"]) == (True, True)
    assert database["PubliclyAccessible"] is False
    assert database["BackupRetentionPeriod"] >= 14
    assert "MasterUserPassword" not in database
    entrances = reading.of(template, "EC2::SecurityGroupIngress").values()
    assert entrances
    assert all("SourceSecurityGroupId" in each and "CidrIp" not in each for each in entrances)
    assert not any("SecurityGroupIngress" in each for each in reading.of(template, "EC2::SecurityGroup").values())
