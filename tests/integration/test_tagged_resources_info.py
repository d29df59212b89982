"""tagged_resources_info against emulators of AWS."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.harness import run_module


@pytest.fixture
def tags(aws):
    """Two VPCs of one environment, one of another, and a table; their tags."""
    ec2, dynamodb, app = aws.client("ec2"), aws.client("dynamodb"), uuid.uuid4().hex[:8]

    def tagged(environment):
        return [{"Key": "towpath:app", "Value": app}, {"Key": "towpath:environment", "Value": environment}]

    vpcs = [
        ec2.create_vpc(
            CidrBlock="10.97.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tagged(environment)}]
        )["Vpc"]["VpcId"]
        for environment in ("staging", "staging", "prod")
    ]
    dynamodb.create_table(
        TableName=app,
        KeySchema=[{"AttributeName": "kind", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "kind", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tagged("staging"),
    )
    yield {"towpath:app": app, "towpath:environment": "staging"}
    for vpc in vpcs:
        ec2.delete_vpc(VpcId=vpc)
    dynamodb.delete_table(TableName=app)


def test_what_carries_all_the_tags_is_counted_by_kind(aws, tags):
    found = run_module("tagged_resources_info", aws, tags=tags, regions=["us-east-1", "us-east-1"])
    assert found["lines"] == ["1 ledger, with all its releases", "2 VPCs"], found
    assert len(found["arns"]) == 3
    assert not found["changed"]


def test_what_is_left_out_is_not_counted(aws, tags):
    found = run_module("tagged_resources_info", aws, tags=tags, regions=["us-east-1"], leave_out=["ec2:vpc"])
    assert found["lines"] == ["1 ledger, with all its releases"]


def test_tags_that_nothing_carries_are_an_answer(aws, tags):
    found = run_module("tagged_resources_info", aws, tags=tags | {"towpath:environment": "none"}, regions=["us-east-1"])
    assert (found["arns"], found["lines"]) == ([], [])
