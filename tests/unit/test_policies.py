"""What AWS does not know in a policy is found, because IAM takes it and then allows nothing by it."""

from __future__ import annotations

import pytest

from tests.policies import faults

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/webapp-*-releases"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/webapp-prod/app"


@pytest.mark.parametrize(
    ("action", "resource", "condition", "said"),
    [
        pytest.param("dynamodb:GetItem", TABLE, {}, "", id="right"),
        pytest.param(["dynamodb:GetItem", "dynamodb:Query"], [TABLE, SERVICE], {}, "", id="each has one of them"),
        pytest.param("dynamodb:Get*", "*", {}, "", id="wildcards"),
        pytest.param("dynamodb:ReadItem", TABLE, {}, "there is no action dynamodb:ReadItem", id="no such action"),
        pytest.param("dynamo:GetItem", TABLE, {}, "there is no action dynamo:GetItem", id="no such service"),
        pytest.param("ecs:UpdateService", TABLE, {}, "ecs:UpdateService is of none of", id="of another service"),
        pytest.param("iam:PassRole", "arn:aws:iam::123456789012:policy/a", {}, "is of none of", id="of another kind"),
        pytest.param("ecr:GetAuthorizationToken", SERVICE, {}, "is of none of", id="of no resource at all"),
        pytest.param("ecs:RunTask", "*", {"ArnLike": {"ecs:cluster": "arn:*"}}, "", id="key of an action"),
        pytest.param("ecs:UpdateService", SERVICE, {"StringEquals": {"aws:ResourceTag/app": "a"}}, "", id="a tag"),
        pytest.param(
            "ecs:UpdateService",
            SERVICE,
            {"StringEquals": {"ecs:SourceCluster": "a"}},
            "there is no condition key ecs:SourceCluster of ecs",
            id="no such key",
        ),
        pytest.param(
            "ecr:PutImage",
            "arn:aws:ecr:us-east-1:123456789012:repository/webapp",
            {"ArnLike": {"ecs:cluster": "arn:*"}},
            "there is no condition key ecs:cluster of ecr",
            id="key of another service",
        ),
    ],
)
def test_what_aws_does_not_know_is_found(action, resource, condition, said):
    statement = {"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}
    found = faults({"Statement": [statement]})
    assert bool(found) == bool(said)
    assert said in " ".join(found)
