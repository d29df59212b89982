"""Advice that says what to change names a setting that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
SETTINGS = {
    name
    for spec in (ROOT / "roles").glob("*/meta/argument_specs.yml")
    for entry in yaml.safe_load(spec.read_text())["argument_specs"].values()
    for name in entry.get("options") or {}
}
NAMED = re.compile(rf"\b(?:{'|'.join(ROLES)})_\w+ in group_vars")
WITH_ADVICE = [
    path
    for folder in ("library", "library/module_utils/towpath")
    for path in sorted((ROOT / folder).glob("*.py"))
    if NAMED.search(path.read_text())
]


@pytest.mark.parametrize("path", WITH_ADVICE, ids=lambda path: path.name)
def test_a_setting_that_advice_names_exists(path):
    named = {found.split()[0] for found in NAMED.findall(path.read_text())}
    assert named <= SETTINGS


def test_advice_on_a_failed_rollout_names_settings():
    assert (ROOT / "library/module_utils/towpath/rollout_cause.py") in WITH_ADVICE
