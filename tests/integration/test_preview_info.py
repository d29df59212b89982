import pytest

from tests.integration.harness import run_module


@pytest.fixture
def target_groups(aws):
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    made = []

    def make(name, **tags):
        given = [{"Key": f"towpath:{key}", "Value": value} for key, value in tags.items()]
        group = elb.create_target_group(Name=name, Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip", Tags=given)
        made.append(group["TargetGroups"][0]["TargetGroupArn"])

    yield make
    for arn in made:
        elb.delete_target_group(TargetGroupArn=arn)


def test_where_there_are_none_it_says_how_to_make_one(aws):
    found = run_module("preview_info", aws, app="nothing", cluster="nowhere")
    assert (found["previews"], found["lines"][0][:23]) == ([], "There are no previews. ")


def test_previews_are_found_by_their_target_groups_in_the_order_of_pull_requests(aws, target_groups):
    target_groups("webapp-staging", environment="staging")
    # More than DescribeTags takes at once.
    for number in range(30, 8, -1):
        target_groups(f"webapp-pr-{number}", expires="2020-01-31", url=f"http://pr-{number}.example.test/")
    found = run_module("preview_info", aws, app="webapp", cluster="webapp-staging")
    assert [one["pr"] for one in found["previews"]] == list(range(9, 31))
    assert found["previews"][0] == {
        "name": "pr-9",
        "pr": 9,
        "release": "",
        "git_sha": "",
        "tasks": {"running": 0, "wanted": 0},
        "url": "http://pr-9.example.test/",
        "expires_on": "2020-01-31",
        "expired": True,
    }
    assert not found["changed"]
