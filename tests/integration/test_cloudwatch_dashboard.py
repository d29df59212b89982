"""cloudwatch_dashboard against emulators of AWS, and against recorded answers where these find no fault in anything."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integration.harness import AwsEndpoint, run_module

MODULE = "cloudwatch_dashboard"
NAME = "dashboard-under-test"
TEXT = {"type": "text", "properties": {"markdown": "5xx > 1 & <rising>"}}
CPU = {"type": "metric", "properties": {"title": "CPU", "metrics": [["AWS/ECS", "CPUUtilization"]]}}
BODY = {"start": "-PT6H", "widgets": [TEXT, CPU]}


@pytest.fixture
def name(aws: AwsEndpoint):
    yield NAME
    run_module(MODULE, aws, name=NAME, state="absent")


def on_aws(aws: AwsEndpoint):
    return json.loads(aws.client("cloudwatch").get_dashboard(DashboardName=NAME)["DashboardBody"])


def names_on_aws(aws: AwsEndpoint):
    return [one["DashboardName"] for one in aws.client("cloudwatch").list_dashboards()["DashboardEntries"]]


def test_a_dashboard_is_made_once(aws: AwsEndpoint, name: str):
    planned = run_module(MODULE, aws, check_mode=True, name=name, body=BODY)
    assert planned["changed"], planned
    assert name not in names_on_aws(aws)
    made = run_module(MODULE, aws, name=name, body=BODY)
    assert made == planned
    assert made["dashboard"] == {"name": name, "body": BODY}
    assert on_aws(aws) == BODY

    again = run_module(MODULE, aws, name=name, body=BODY)
    assert not again["changed"], again["diff"]
    assert again["dashboard"] == made["dashboard"]


def test_an_empty_dashboard_is_made_once(aws: AwsEndpoint, name: str):
    assert run_module(MODULE, aws, name=name, body={"widgets": []})["changed"]
    assert not run_module(MODULE, aws, name=name, body={"widgets": []})["changed"]


def test_the_order_of_keys_and_spaces_are_no_change(aws: AwsEndpoint, name: str):
    text = json.dumps(dict(reversed(BODY.items())), indent=4)
    aws.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=text)
    same = run_module(MODULE, aws, name=name, body=BODY)
    assert not same["changed"], same["diff"]
    assert aws.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"] == text


def test_what_changes_is_named(aws: AwsEndpoint, name: str):
    run_module(MODULE, aws, name=name, body=BODY)
    after = {"start": "-PT6H", "widgets": [TEXT]}
    planned = run_module(MODULE, aws, check_mode=True, name=name, body=after)
    assert on_aws(aws) == BODY
    changed = run_module(MODULE, aws, name=name, body=after)
    assert changed == planned
    assert changed["diff"] == {"before": {"widget 2": CPU}, "after": {"widget 2": None}}
    assert changed["msg"] == f"Changed widget 2 of the dashboard {name}."
    assert on_aws(aws) == after


def test_a_dashboard_is_deleted_once(aws: AwsEndpoint, name: str):
    run_module(MODULE, aws, name=name, body=BODY)
    planned = run_module(MODULE, aws, check_mode=True, name=name, state="absent")
    assert name in names_on_aws(aws)
    deleted = run_module(MODULE, aws, name=name, state="absent")
    assert deleted == planned
    assert deleted["changed"]
    assert deleted["dashboard"] == {}
    assert name not in names_on_aws(aws)
    assert not run_module(MODULE, aws, name=name, state="absent")["changed"]


def test_what_is_no_dashboard_is_refused_before_the_call(aws: AwsEndpoint):
    assert "'a b' is not a dashboard's" in run_module(MODULE, aws, name="a b", body=BODY)["msg"]
    assert "has no list of widgets" in run_module(MODULE, aws, name=NAME, body={"start": "-PT6H"})["msg"]


FAULT = {"dataPath": "/widgets/1/properties", "message": "Should have required property 'metrics'"}
REFUSED = {
    "__type": "com.amazonaws.cloudwatch.v2010_08_01#DashboardInvalidInputError",
    "message": "The dashboard body is invalid, there are 1 validation errors:\n" + json.dumps([FAULT], indent=2),
}
WARNED = {"DashboardValidationMessages": [{"DataPath": FAULT["dataPath"], "Message": FAULT["message"]}]}
MISSING = {"__type": "com.amazonaws.cloudwatch.v2010_08_01#DashboardNotFoundError", "message": "It does not exist."}


class CloudWatch(ThreadingHTTPServer):
    """Answers as CloudWatch does to a body with a fault: with an error, or with a warning, and then it is kept."""

    def __init__(self, kept: str | None, *, warns: bool) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.kept, self.warns = kept, warns

    def answer(self, operation: str, asked: dict[str, str]):
        if operation == "GetDashboard":
            return (400, MISSING) if self.kept is None else (200, {"DashboardName": NAME, "DashboardBody": self.kept})
        if operation == "DeleteDashboards":
            self.kept = None
            return 200, {}
        assert operation == "PutDashboard"
        faulty = asked["DashboardBody"] != self.kept and "metrics" not in asked["DashboardBody"]
        if faulty and not self.warns:
            return 400, REFUSED
        self.kept = asked["DashboardBody"]
        return 200, WARNED if faulty else {"DashboardValidationMessages": []}


class Answer(BaseHTTPRequestHandler):
    server: CloudWatch

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.answer(self.headers["X-Amz-Target"].rpartition(".")[2], asked)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        if status == 400:
            code = "ResourceNotFound" if answer is MISSING else "InvalidParameterInput"
            self.send_header("x-amzn-query-error", f"{code};Sender")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *args):
        pass


@pytest.mark.parametrize("kept", [None, json.dumps(BODY)], ids=["a new one", "one that is there"])
@pytest.mark.parametrize("warns", [False, True], ids=["refused", "warned of"])
def test_a_fault_fails_names_its_widget_and_leaves_the_dashboard_as_it_was(moto: AwsEndpoint, kept, warns):
    server = CloudWatch(kept, warns=warns)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    recorded = replace(moto, url=url, environment={**moto.environment, "AWS_ENDPOINT_URL": url})
    faulty = {"widgets": [TEXT, {"type": "metric", "properties": {"title": "CPU"}}]}
    try:
        for _ in range(2):
            failed = run_module(MODULE, recorded, name=NAME, body=faulty)
            assert failed["failed"]
            assert "widget 2 (CPU), /widgets/1/properties: Should have required property 'metrics'" in failed["msg"]
            assert server.kept == kept
        made = run_module(MODULE, recorded, name=NAME, body=BODY)
        assert made["changed"] == (kept is None), made
    finally:
        server.shutdown()
        server.server_close()
