"""The lock files agree, so that .venv may be made from one or from both."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def test_the_tools_that_test_come_with_all_that_runs_at_the_same_versions():
    runs = pins("requirements.lock")
    assert "ansible-core" in runs
    assert runs.items() <= pins("requirements-dev.lock").items()


def test_every_pin_has_hashes():
    for name in (
        "requirements.lock",
        "requirements-dev.lock",
        "local_aws/requirements.lock",
        "examples/webapp/requirements.txt",
    ):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
        assert pinned
        assert all("--hash=sha256:" in pin for pin in pinned)
