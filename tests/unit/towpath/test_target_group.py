import pytest
from ansible.module_utils.towpath.target_group import attribute_values, changed_values, health_check_request


def test_only_the_health_check_options_that_were_given_are_asked_for():
    assert health_check_request({"path": "/healthz", "interval_seconds": 5, "timeout_seconds": None}) == {
        "HealthCheckPath": "/healthz",
        "HealthCheckIntervalSeconds": 5,
    }


def test_status_codes_are_wrapped_as_the_api_wants_them():
    assert health_check_request({"codes": "200-299"}) == {"Matcher": {"HttpCode": "200-299"}}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        pytest.param(5, "5", id="number"),
        pytest.param(True, "true", id="boolean"),
        pytest.param("least_outstanding_requests", "least_outstanding_requests", id="word"),
    ],
)
def test_an_attribute_is_a_string_to_the_api(given, value):
    assert attribute_values({"one": given}) == {"one": value}


def test_a_field_that_nobody_asked_for_is_no_change():
    assert changed_values({"Port": 3000}, {"Port": 3000, "HealthCheckPath": "/"}) == {}


def test_a_field_that_differs_or_is_missing_is_a_change():
    assert changed_values({"Port": 3000, "VpcId": "vpc-1"}, {"Port": 80}) == {"Port": 3000, "VpcId": "vpc-1"}
