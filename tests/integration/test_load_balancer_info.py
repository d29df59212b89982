import pytest

from tests.integration.harness import run_module


@pytest.fixture
def load_balancer(aws):
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.30.{i}.0/24", AvailabilityZone=f"us-east-1{'ab'[i]}")["Subnet"]
        for i in range(2)
    ]
    made = elb.create_load_balancer(Name="seen", Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0]
    group = elb.create_target_group(Name="seen", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip")
    yield made
    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    elb.delete_target_group(TargetGroupArn=group["TargetGroups"][0]["TargetGroupArn"])


def test_both_are_found_by_their_name(aws, load_balancer):
    result = run_module("load_balancer_info", aws, name="seen")
    assert result["load_balancer"]["DNSName"] == load_balancer["DNSName"]
    assert result["target_group"]["Port"] == 3000


def test_a_load_balancer_that_is_not_there_is_an_answer_and_no_error(aws):
    result = run_module("load_balancer_info", aws, name="never-made")
    assert (result["load_balancer"], result["target_group"]) == ({}, {})
