"""A failure names its cause and what to do, whichever module hid it."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from local_aws import faults
from tests.integration.harness import ROOT

HERE = Path(__file__).parent / "failures"
MODULES = [task["name"] for task in yaml.safe_load((HERE / "play.yml").read_text())[0]["tasks"]]


class Refuses(http.server.BaseHTTPRequestHandler):
    """Answers every call as AWS does to somebody who may not, or whose credentials have expired."""

    fault = ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        _, _, query = self.path.partition("?")
        action = faults.action_of(headers, query.encode(), body)
        service = re.search(r"/([a-z0-9-]+)/aws4_request", self.headers["authorization"])[1]
        is_json = "x-amz-target" in self.headers or service == "lambda"
        status, kind, answer = faults.answer(self.fault, service, is_json, action)
        self.send_response(status)
        self.send_header("content-type", kind.decode())
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_DELETE = do_POST

    def log_message(self, *_):
        pass


def run(playbook, url, *arguments, **more):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", *arguments, playbook],
        cwd=ROOT,
        env=own
        | {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
            "COLUMNS": "1000",
        }
        | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", params=[faults.DENY, faults.EXPIRE])
def refused(request, tmp_path_factory):
    """The fault, the results by task, and what a playbook prints whose first call it hits."""
    handler = type("Handler", (Refuses,), {"fault": request.param})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    recorded = tmp_path_factory.mktemp("failures") / "results"
    callbacks = f"{ROOT / 'playbooks/callback_plugins'}:{HERE.parent / 'forked_modules/callback_plugins'}"
    local = ("-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}")
    run(HERE / "play.yml", url, *local, ANSIBLE_CALLBACK_PLUGINS=callbacks, RECORD_TO=str(recorded))
    entries = [json.loads(line) for line in recorded.read_text().splitlines()]
    printed = run("provision.yml", url, "-e", "env=staging").stdout
    yield request.param, {entry["task"]: entry["result"] for entry in entries}, printed
    server.shutdown()


CODES = {faults.DENY: r"\((AccessDenied(Exception)?|UnauthorizedOperation)\)", faults.EXPIRE: r"\(.*Expired.*\)"}


@pytest.mark.parametrize("module", MODULES)
def test_a_failure_names_what_aws_said_and_what_to_do(refused, module):
    fault, results, _ = refused
    result = results[module]
    assert re.search(CODES[fault], result["msg"]), result["msg"]
    advice = result["access_advice"]
    if fault == faults.DENY:
        assert re.match(r"user/rehearsal may not [a-z0-9-]*:?\w+, which this needs\. Allow that action", advice), advice
    else:
        assert advice.startswith("The AWS credentials of this shell have expired. Take new keys and export"), advice


def test_people_read_the_cause_and_the_advice(refused):
    fault, _, printed = refused
    told = {
        faults.DENY: "may not ecr:DescribeRepositories, which this needs. Allow that action",
        faults.EXPIRE: "The AWS credentials of this shell have expired. Take new keys",
    }
    assert told[fault] in printed
    assert re.search(CODES[fault], printed)
