"""What the demo reads and shows; that it works is for the end-to-end tests."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from examples import demo
from local_aws.emulator import LocalAws, LocalAwsError

RECAP = """\
TASK [network : Create the VPC] ****
changed: [aws-staging]

PLAY RECAP *********************************************************************
aws-prod                   : ok=43   changed=12   unreachable=0    failed=1    skipped=4    rescued=0    ignored=0
aws-shared                 : ok=6    changed=0    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
aws-staging                : ok=43   changed=3    unreachable=0    failed=1    skipped=4    rescued=0    ignored=0
"""

RESULT = {
    "outcome": "succeeded",
    "environment": "staging",
    "release": "v3",
    "git_sha": "0123456789ab",
    "digest": "sha256:" + "a" * 64,
    "image": "repository@sha256:" + "a" * 64,
    "tasks_running": 1,
    "tasks_desired": 1,
    "url": "http://webapp-staging-1.us-east-1.elb.amazonaws.com/",
    "seconds": 3.1,
    "promoted_from": "",
}


def a_release(tmp_path, **different) -> demo.Release:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(RESULT | different))
    return demo.Release.read(file)


def test_changes_are_added_up_over_all_hosts_of_the_recap():
    assert demo.changes(RECAP) == 15


def test_output_without_a_recap_has_no_changes():
    assert demo.changes("changed: [aws-staging]\n") == 0


@pytest.mark.parametrize(("outcome", "sentence"), [("succeeded", "released v3"), ("no_change", "v3 serves already")])
def test_a_release_says_whether_it_was_made_now(tmp_path, outcome, sentence):
    assert a_release(tmp_path, outcome=outcome).sentence == sentence


def test_the_table_ends_each_row_with_a_curl_line_for_the_load_balancer(tmp_path):
    staging = a_release(tmp_path)
    lines = demo.table([staging, a_release(tmp_path, environment="prod")], "http://127.0.0.1:4566").splitlines()
    assert lines[0].split() == ["environment", "release", "git", "sha", "digest", "tasks", "URL"]
    assert lines[1].endswith(f"curl -H 'Host: {staging.host}' http://127.0.0.1:4566/")
    assert len({line.index(column) for line, column in zip(lines, ("URL", "curl", "curl"), strict=True)}) == 1


def test_over_https_the_curl_line_says_what_cloudfront_would_have_done(tmp_path):
    released = a_release(tmp_path, url="https://staging.towpath.example/")
    line = demo.curl(released.host, "http://127.0.0.1:4566")
    assert line == "curl -H 'Host: staging.towpath.example:443' -H 'X-Forwarded-Proto: https' http://127.0.0.1:4566/"


def test_no_profile_or_key_of_the_user_gets_near_the_demo(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "company")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", "https://elsewhere.example")
    monkeypatch.setenv("ANSIBLE_INVENTORY", "/elsewhere")
    given = demo.environment_for(LocalAws(port=4566, account_id="000000000001", containers=True))
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_ECS", "ANSIBLE_INVENTORY"} & given.keys()


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A load balancer that knows one app by its host."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"version": "v-1", "environment": self.headers["Host"].partition(".")[0]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_request_names_the_version_that_the_environment_shows(tmp_path, endpoint):
    released = a_release(tmp_path, url="http://staging.example/")
    assert demo.request(released, endpoint, "v-1")()[0] == "staging.example shows v-1"


@pytest.mark.parametrize(
    ("host", "version"),
    [pytest.param("prod.example", "v-1", id="environment"), pytest.param("staging.example", "v-2", id="version")],
)
def test_another_version_or_environment_fails_and_is_shown(tmp_path, endpoint, monkeypatch, host, version):
    monkeypatch.setattr(demo, "REQUEST_SECONDS", 0)
    with pytest.raises(LocalAwsError, match=r'showed: \{"version": "v-1"'):
        demo.request(a_release(tmp_path, url=f"http://{host}/"), endpoint, version)()


def test_a_load_balancer_that_does_not_answer_fails_with_the_curl_line(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "REQUEST_SECONDS", 0)
    with pytest.raises(LocalAwsError, match=r"curl -H 'Host: webapp-staging"):
        demo.request(a_release(tmp_path), "http://127.0.0.1:9", "v-1")()
