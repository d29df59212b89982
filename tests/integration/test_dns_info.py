import uuid

import pytest

from tests.integration.harness import run_module


@pytest.fixture
def zone(aws):
    """A zone of its own with an alias, an address and a text, beside a longer name."""
    route53, name = aws.client("route53"), f"{uuid.uuid4().hex[:8]}.example"
    zone_id = route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "d1.cloudfront.net.", "EvaluateTargetHealth": False}
    records = [
        {"Name": f"app.{name}", "Type": "A", "AliasTarget": alias},
        {"Name": f"app.{name}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"words"'}]},
        {"Name": f"*.app.{name}", "Type": "A", "AliasTarget": alias},
        {"Name": f"host.{name}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]},
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    yield name
    changes = [change | {"Action": "DELETE"} for change in changes]
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    route53.delete_hosted_zone(Id=zone_id)


def test_a_zone_is_found_by_its_name_with_its_name_servers(aws, zone):
    [found] = run_module("dns_zone_info", aws, name=zone)["zones"]
    assert (found["name"], found["tags"]) == (zone, {})
    assert len(found["name_servers"]) == 4
    assert "/" not in found["id"]


def test_a_zone_that_is_not_there_is_an_answer_and_no_error(aws, zone):
    assert run_module("dns_zone_info", aws, name=f"a.{zone}")["zones"] == []


def test_an_alias_an_address_and_nothing_are_told_apart(aws, zone):
    [found] = run_module("dns_zone_info", aws, name=zone)["zones"]
    names = [f"{label}.{zone}" for label in ("app", "host", "none")]
    assert run_module("dns_records_info", aws, zone_id=found["id"], names=names)["records"] == [
        {"name": names[0], "type": "A", "target": "d1.cloudfront.net", "target_zone_id": "Z2FDTNDATAQYW2"},
        {"name": names[1], "type": "A", "target": "", "target_zone_id": ""},
    ]


def test_a_name_with_a_star_is_found_and_stands_for_itself_alone(aws, zone):
    [found] = run_module("dns_zone_info", aws, name=zone)["zones"]
    names = [f"*.app.{zone}", f"pr-12.app.{zone}"]
    assert run_module("dns_records_info", aws, zone_id=found["id"], names=names)["records"] == [
        {"name": names[0], "type": "A", "target": "d1.cloudfront.net", "target_zone_id": "Z2FDTNDATAQYW2"},
    ]
