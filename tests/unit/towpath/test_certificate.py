import pytest
from ansible.module_utils.towpath.certificate import covers, facts, find, request, uncovered, validation_records

NAME, NAMES = "webapp-staging", ["staging.example.com", "www.staging.example.com"]


def a_certificate(**changes):
    return {
        "CertificateArn": "arn",
        "DomainName": NAMES[0],
        "SubjectAlternativeNames": NAMES,
        "Status": "ISSUED",
        "CreatedAt": "2026-01-01",
        "Tags": {"Name": NAME},
    } | changes


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        pytest.param({}, True, id="as requested"),
        pytest.param({"Status": "PENDING_VALIDATION"}, True, id="not issued yet"),
        pytest.param({"Status": "VALIDATION_TIMED_OUT"}, False, id="nobody proved the names in time"),
        pytest.param({"Status": "EXPIRED"}, False, id="expired"),
        pytest.param({"Tags": {"Name": "webapp-prod"}}, False, id="another environment's"),
        pytest.param({"Tags": {}}, False, id="somebody else's"),
        pytest.param({"SubjectAlternativeNames": NAMES[:1]}, False, id="a name too few"),
        pytest.param({"SubjectAlternativeNames": [*NAMES, "old.example.com"]}, False, id="a name too many"),
    ],
)
def test_a_certificate_is_used_when_it_is_alive_and_was_requested_for_just_these_names(change, ours):
    assert (find([a_certificate(**change)], NAME, NAMES) is not None) == ours


def test_of_several_the_newest_that_is_issued_is_used():
    several = [
        a_certificate(CertificateArn="old"),
        a_certificate(CertificateArn="new", CreatedAt="2026-02-01"),
        a_certificate(CertificateArn="newest", CreatedAt="2026-03-01", Status="PENDING_VALIDATION"),
    ]
    assert find(several, NAME, NAMES)["CertificateArn"] == "new"
    assert find(several[2:], NAME, NAMES)["CertificateArn"] == "newest"


def test_names_in_capitals_are_the_same_names():
    assert find([a_certificate()], NAME, ["Staging.Example.com", NAMES[1]]) is not None


def test_a_request_sent_again_is_the_same_request_and_one_for_other_names_is_not():
    token = request(NAME, NAMES, {})["IdempotencyToken"]
    assert token == request(NAME, NAMES, {"a": "b"})["IdempotencyToken"]
    assert token != request(NAME, NAMES[:1], {})["IdempotencyToken"]
    assert len(token) == 32
    assert token.isalnum()


def test_a_request_for_one_name_has_no_others():
    assert "SubjectAlternativeNames" not in request(NAME, NAMES[:1], {})
    assert request(NAME, NAMES, {})["SubjectAlternativeNames"] == NAMES[1:]


def test_a_name_and_its_wildcard_share_a_record():
    record = {"Name": "_a.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
    options = [{"DomainName": name, "ResourceRecord": record} for name in ("example.com", "*.example.com")]
    assert validation_records(a_certificate(DomainValidationOptions=options)) == [
        {"name": "_a.example.com.", "type": "CNAME", "value": "_b.acm-validations.aws."}
    ]


def test_the_records_are_known_when_acm_has_named_one_for_every_name():
    named = {"DomainName": NAMES[0], "ResourceRecord": {"Name": "_a", "Type": "CNAME", "Value": "_b"}}
    assert facts(a_certificate(DomainValidationOptions=[named]), NAMES)["records_known"]
    assert not facts(a_certificate(DomainValidationOptions=[named, {"DomainName": NAMES[1]}]), NAMES)["records_known"]
    assert not facts(a_certificate(), NAMES)["records_known"]


@pytest.mark.parametrize(
    ("pattern", "name", "answer"),
    [
        ("example.com", "example.com", True),
        ("example.com", "Example.COM", True),
        ("example.com", "www.example.com", False),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
    ],
)
def test_a_star_stands_for_exactly_one_label(pattern, name, answer):
    assert covers(pattern, name) == answer


def test_names_that_a_certificate_is_not_for_are_named():
    certificate = a_certificate(SubjectAlternativeNames=["*.example.com"])
    assert uncovered(certificate, ["a.example.com", "example.com"]) == ["example.com"]


def test_no_certificate_answers_with_the_same_keys():
    assert facts(None, NAMES).keys() == facts(a_certificate(), NAMES).keys()
    assert facts(None, NAMES)["uncovered_names"] == NAMES
