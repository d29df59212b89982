"""docs/architecture.md says what the roles make."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
GROUPS = yaml.safe_load((ROOT / "roles/network/vars/main.yml").read_text())["__network_security_groups"]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    table = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def own_name(group: str) -> str:
    return group.replace("{{ network_name }}-", "").replace("-", " ")


def test_the_roles_of_the_page_are_those_that_provision_runs():
    plays = yaml.safe_load((ROOT / "playbooks/provision.yml").read_text())
    tasks = [task for play in plays for task in play.get("tasks", []) if "ansible.builtin.import_role" in task]
    assert {row[0].strip("`") for row in rows("The roles")} == {
        task["ansible.builtin.import_role"]["name"] for task in tasks
    }


def test_the_ports_of_the_page_are_those_of_the_security_groups():
    said = {(to, port, from_) for to, port, froms in rows("Who may reach whom") for from_ in froms.split(", ")}
    # Where rules depend on settings, the page says it in words.
    fixed = [group for group in GROUPS if isinstance(group["rules"], list)]
    port = {"{{ network_app_port }}": "3000"}
    opened = {
        (
            own_name(group["name"]),
            port.get(str(rule["ports"][0]), str(rule["ports"][0])),
            own_name(rule["group_name"][0]),
        )
        for group in fixed
        for rule in group["rules"]
    }
    assert opened == {each for each in said if each[0] in {own_name(group["name"]) for group in fixed}}
    assert {own_name(group["name"]) for group in GROUPS} == {to for to, _, _ in said}


def test_the_arrows_of_the_drawing_are_those_of_the_security_groups():
    shown = {"alb": "load balancer", "app": "app", "db": "database", "bastion": "bastion"}
    arrows = re.findall(r"^    (\w+) -->\|(\d+)\| (\w+)$", PAGE, re.MULTILINE)
    drawn = {(shown[to], port, shown[from_]) for from_, port, to in arrows}
    table = {(to, port, from_) for to, port, froms in rows("Who may reach whom") for from_ in froms.split(", ")}
    assert drawn == {each for each in table if each[2] in shown.values()}


def test_the_database_reaches_nothing_and_the_others_their_peers_and_443():
    for group in GROUPS:
        ports = {str(rule["ports"][0]) for rule in group["rules_egress"]}
        expected = {"database": set(), "load balancer": {"{{ network_app_port }}"}}
        assert ports == expected.get(own_name(group["name"]), {"5432", "443"})
