import uuid

import pytest

from tests.integration.harness import run_module


@pytest.fixture
def certificate(aws):
    """Runs the module under a name of its own, and deletes what it requested at the end."""
    name = f"webapp-{uuid.uuid4().hex[:8]}"
    names = [f"{name}.example.com", f"www.{name}.example.com"]

    def run(module="acm_certificate_request", **options):
        return run_module(module, aws, **{"name": name, "domain_names": names, **options})

    yield run
    run(state="absent")


def test_check_mode_before_the_request_says_so_and_requests_nothing(certificate):
    would = certificate(check_mode=True)
    assert (would["changed"], would["certificate_arn"]) == (True, "")
    assert certificate("acm_certificate_request_info")["certificate_arn"] == ""


def test_a_certificate_is_requested_once_and_found_by_its_name_and_by_its_arn(certificate):
    first = certificate(tags={"towpath:environment": "staging"})
    assert first["changed"]
    assert len(first["validation_records"]) == 2
    again = certificate(tags={"towpath:environment": "staging"})
    assert (again["changed"], again["certificate_arn"]) == (False, first["certificate_arn"])
    by_arn = certificate("acm_certificate_request_info", certificate_arn=first["certificate_arn"], name=None)
    assert by_arn["certificate_arn"] == certificate("acm_certificate_request_info")["certificate_arn"]
    assert (by_arn["records_known"], by_arn["uncovered_names"]) == (True, [])


def test_a_changed_tag_is_shown_before_and_then_applied(certificate):
    certificate()
    options = {"tags": {"towpath:app": "webapp"}}
    assert certificate(check_mode=True, **options)["diff"]["after"] == {"towpath:app": "webapp"}
    assert certificate(**options)["changed"]
    assert not certificate(**options)["changed"]


def test_other_names_get_another_certificate_and_the_old_one_stays(certificate):
    old = certificate()["certificate_arn"]
    new = certificate(domain_names=["other.example.com"])
    assert new["changed"]
    assert new["certificate_arn"] != old
    assert certificate()["certificate_arn"] == old


def test_taking_away_deletes_all_of_the_name_once(certificate):
    certificate()
    certificate(domain_names=["other.example.com"])
    assert "2 certificates" in certificate(state="absent")["msg"]
    assert not certificate(state="absent")["changed"]


def test_a_certificate_in_another_region_is_another_certificate(certificate):
    here, there = certificate(), certificate(region="eu-west-1")
    assert there["certificate_arn"].split(":")[3] == "eu-west-1"
    found = certificate("acm_certificate_request_info", certificate_arn=there["certificate_arn"], name=None)
    assert found["certificate_arn"] == there["certificate_arn"] != here["certificate_arn"]
    certificate(state="absent", region="eu-west-1")


def test_what_is_no_certificate_is_refused_with_what_one_looks_like(certificate):
    refused = certificate("acm_certificate_request_info", certificate_arn="staging.example.com", name=None)
    assert refused["failed"]
    assert "expected one like arn:aws:acm:" in refused["msg"]
