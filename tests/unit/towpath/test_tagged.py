"""What carries an environment's tags, by kind."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.tagged import WORDS, counted, type_of

HERE = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        pytest.param(f"arn:aws:ec2:{HERE}:vpc/vpc-1", "ec2:vpc", id="type before a slash"),
        pytest.param(f"arn:aws:rds:{HERE}:db:webapp-staging", "rds:db", id="type before a colon"),
        pytest.param("arn:aws:s3:::webapp-staging-logs", "s3:bucket", id="a bucket, of no region and no account"),
        pytest.param(f"arn:aws:sns:{HERE}:webapp", "sns:topic", id="a topic, whose name stands alone"),
        pytest.param("arn:aws:iam::123456789012:policy/a/b", "iam:policy", id="a path in the name"),
        pytest.param(f"arn:aws:ssm:{HERE}:parameter/webapp/staging/KEY", "ssm:parameter", id="a path as the name"),
        pytest.param(f"arn:aws:logs:{HERE}:log-group:/ecs/app", "logs:log-group", id="a log group"),
        pytest.param(
            f"arn:aws:elasticloadbalancing:{HERE}:listener/app/webapp/1/2", "elasticloadbalancing:listener", id="deep"
        ),
        pytest.param("arn:aws-cn:ec2:cn-north-1:123456789012:subnet/s-1", "ec2:subnet", id="another partition"),
    ],
)
def test_an_arn_names_its_type(arn, kind):
    assert type_of(arn) == kind


def test_kinds_are_counted_in_the_order_of_their_words():
    subnets = [f"arn:aws:ec2:{HERE}:subnet/subnet-{i}" for i in range(10)]
    others = [f"arn:aws:ec2:{HERE}:vpc/vpc-1", f"arn:aws:ecs:{HERE}:cluster/webapp"]
    assert counted(subnets + others) == [" 1 cluster", "10 subnets", " 1 VPC"]


def test_a_kind_without_words_goes_by_its_type():
    assert counted([f"arn:aws:kms:{HERE}:key/1", f"arn:aws:kms:{HERE}:key/2"]) == ["2 kms:key"]


def test_nothing_is_no_line():
    assert counted([]) == []


def test_no_two_kinds_share_a_word():
    words = [word for both in WORDS.values() for word in set(both)]
    assert len(words) == len(set(words))
