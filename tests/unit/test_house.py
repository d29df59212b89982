"""The contracts between inventories, playbooks and roles that no linter knows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
import pytest
import yaml
from ansible.module_utils.towpath import settings

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml"))
ENVIRONMENTS = ["staging", "prod"]
# These make nothing, so they have nothing to find or to take away.
SAYING_ROLES = {"cost", "destruction"}
SHARED_ROLES = {"image_repository", "dns_zone", "ci_identity", "notifier"}

# What every play has, whatever the role: Ansible's own, and the names of a loop.
ANSIBLES_OWN = {
    "item",
    "omit",
    "role_path",
    "lookup",
    "query",
    "range",
    "now",
    "dict",
    "groups",
    "group_names",
    "hostvars",
    "namespace",
}


MODULES_OF_A_PLAYBOOK = {"ansible.builtin.import_role", "ansible.builtin.assert"}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.is_file() else None


def strings(node: Any) -> Iterator[str]:
    """Every string below ``node``, keys of dicts left out."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)


def role_file(role: str, name: str) -> Any:
    return read(ROOT / "roles" / role / name)


def specs(role: str) -> dict[str, Any]:
    entries: dict[str, Any] = role_file(role, "meta/argument_specs.yml")["argument_specs"]
    return entries


def options(role: str, entry: str) -> dict[str, Any]:
    if entry == "settings":
        # What any entry point takes can be wrong, and what other roles give it is not there yet.
        return {
            name: option | {"required": False} for one in specs(role) for name, option in options(role, one).items()
        }
    return specs(role)[entry].get("options") or {}


def rules(role: str) -> dict[str, Any]:
    """Setting -> what check_settings is told of it."""
    tasks = [task for task in role_file(role, "tasks/settings.yml") or [] if "check_settings" in task]
    return {name: rule for task in tasks for name, rule in (task["check_settings"] or {}).items()}


def published(role: str) -> dict[str, Any]:
    """What ``role`` publishes, by name, as its outputs.yml writes it."""
    tasks = role_file(role, "tasks/outputs.yml")
    facts: dict[str, Any] = {}
    for task in tasks:
        facts |= task.get("ansible.builtin.set_fact", {})
    return facts


def variables(text: str) -> set[str]:
    """The variables that a template reads. Conditions are templates without braces."""
    # Ansible reads the backslashes of a regular expression as they are, plain Jinja takes them for escapes.
    names = list(jinja2.Environment().parse(text.replace("\\", "/")).find_all(jinja2.nodes.Name))
    return {name.name for name in names if name.ctx == "load"} - {name.name for name in names if name.ctx == "store"}


def conditions(node: Any) -> Iterator[str]:
    """The expressions that Ansible reads without braces."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("when", "that", "until", "changed_when", "failed_when"):
                yield from (f"{{{{ {text} }}}}" for text in strings(value) if "{{" not in text)
            else:
                yield from conditions(value)
    elif isinstance(node, list):
        for value in node:
            yield from conditions(value)


def group_vars(environment: str) -> set[str]:
    """The names that group_vars give to the plays of one environment."""
    groups = ["all", "shared"] if environment == "shared" else ["all", "environments", environment]
    return {
        name for group in groups for path in (ROOT / "group_vars" / group).glob("*.yml") for name in read(path) or {}
    }


def imports() -> list[tuple[str, str, str, dict[str, Any]]]:
    """Every role that a playbook imports: playbook, role, entry point, wires."""
    return [
        (
            playbook,
            task["ansible.builtin.import_role"]["name"],
            task["ansible.builtin.import_role"].get("tasks_from", "main"),
            play.get("vars", {}) | task.get("vars", {}),
        )
        for playbook in PLAYBOOKS
        for play in read(ROOT / "playbooks" / playbook)
        for task in play.get("tasks", [])
        if "ansible.builtin.import_role" in task
    ]


def ansible_playbook(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ansible-playbook in the root, where no AWS answers."""
    # A shell's own settings must not decide whether a test passes.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "AWS_"))}
    nowhere = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": "1000",
    }
    return subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", *arguments],
        cwd=ROOT,
        env=inherited | nowhere,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_group_vars_are_linked_beside_the_inventories():
    assert (ROOT / "inventories" / "group_vars").readlink() == Path("../group_vars")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_play_outside_the_root_sees_the_group_vars_of_its_environment(environment, tmp_path):
    play = tmp_path / "play.yml"
    play.write_text(
        "- hosts: '{{ env }}'\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug:\n        msg: '{{ app_name }} {{ environment_name }} {{ network_cidr_block }}'\n"
    )
    own = read(ROOT / "group_vars" / environment / "network.yml")
    app = read(ROOT / "group_vars/all/app.yml")
    assert (
        f"{app['app_name']} {environment} {own['network_cidr_block']}"
        in ansible_playbook(str(play), "-e", f"env={environment}").stdout
    )


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        pytest.param([], "No environment was given.", id="nothing given"),
        pytest.param(["-e", "env="], "No environment was given.", id="empty"),
        pytest.param(["-e", "env=stagign"], "There is no environment called stagign.", id="typo"),
        pytest.param(["-e", "env=all"], "There is no environment called all.", id="all"),
        pytest.param(["-e", "env=environments"], "There is no environment called environments.", id="group of all"),
        pytest.param(["-e", "env=staging:prod"], "There is no environment called staging:prod.", id="two"),
        pytest.param(["-e", "env=shared"], "There is no environment called shared.", id="shared"),
    ],
)
def test_a_deploy_to_no_single_environment_is_refused_with_what_to_type(arguments, wrong):
    refused = ansible_playbook("deploy.yml", *arguments)
    said = " ".join(refused.stdout.split())
    assert refused.returncode == 2
    assert wrong in said
    assert "Run again with -e env=NAME, where NAME is one of: prod, staging." in said
    assert "aws-" not in said, "a play of an environment has begun"


def test_a_preview_is_an_environment_for_what_runs_in_one_that_is_there():
    taking = {
        playbook
        for playbook in PLAYBOOKS
        if (read(ROOT / "playbooks" / playbook)[0].get("vars") or {}).get("guard_previews")
    }
    names = ("check", "logs", "releases", "restart", "rollback", "run", "scale", "secrets", "shell", "status")
    assert taking == {f"{name}.yml" for name in names}
    # Nothing answers, so it fails at AWS: the guard has let it through.
    assert "Failed in pr-12: Show the log" in ansible_playbook("logs.yml", "-e", "env=pr-12").stdout


@pytest.mark.parametrize(("command", "option"), [("provision", "env"), ("promote", "from")])
def test_a_preview_is_no_environment_for_what_makes_one(command, option):
    refused = ansible_playbook(f"{command}.yml", "-e", f"{option}=pr-12")
    assert refused.returncode == 2
    assert "pr-12 is a preview, and this command is not for previews." in refused.stdout
    assert "ansible-playbook preview.yml -e pr=12" in refused.stdout


@pytest.mark.parametrize("name", ["pr-0", "previews", "pr-12345678"])
def test_what_only_looks_like_a_preview_is_no_environment(name):
    said = ansible_playbook("logs.yml", "-e", f"env={name}").stdout
    assert f"There is no environment called {name}." in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "pr is not given, expected the number of a pull request.", id="nothing"),
        pytest.param(["-e", "pr=pr-12"], "pr is pr-12, expected the number of a pull request.", id="its name"),
        pytest.param(["-e", "pr=12", "-e", "state=gone"], "state is gone, expected present, absent", id="state"),
        pytest.param(["-e", "pr=12", "-e", "state=expired"], "leave it out with state=expired", id="one and all"),
        pytest.param(["-e", "preview_environment="], "preview_environment is empty, expected staging", id="nowhere"),
        pytest.param(["-e", "pr=12", "-e", "preview_days=0"], "preview_days is 0, expected 1 or more.", id="no day"),
    ],
)
def test_a_preview_that_is_not_clear_is_refused_before_aws_is_asked(arguments, said):
    refused = ansible_playbook("preview.yml", *arguments)
    assert refused.returncode == 2
    assert said in " ".join(refused.stdout.split())
    assert "Failed to" not in refused.stdout


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_but_the_guard_has_a_shim_of_its_name_and_starts_with_the_guard(playbook):
    if playbook != "guard.yml":
        shim = read(ROOT / playbook)
        assert [play["ansible.builtin.import_playbook"] for play in shim] == [f"playbooks/{playbook}"]
        assert read(ROOT / "playbooks" / playbook)[0]["ansible.builtin.import_playbook"] == "guard.yml"


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_is_a_list_of_roles(playbook):
    used = {module for play in read(ROOT / "playbooks" / playbook) for task in play.get("tasks", []) for module in task}
    # The guard runs where there is no environment yet.
    guards = (
        {
            "ansible.builtin.add_host",
            "ansible.builtin.fail",
            "ansible.builtin.import_tasks",
            "aws_credentials_info",
            "output_file_info",
            "environment",
            "changed_when",
            "when",
        }
        if playbook == "guard.yml"
        else set()
    )
    assert used <= {"name", "vars", "tags", "loop", "loop_control", "run_once", *MODULES_OF_A_PLAYBOOK, *guards}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "name",
    [
        "defaults/main.yml",
        "meta/argument_specs.yml",
        "meta/main.yml",
        "tasks/main.yml",
        "tasks/outputs.yml",
        "tasks/delete.yml",
    ],
)
def test_a_role_has_what_every_role_has(role, name):
    if role in SAYING_ROLES and Path(name).stem in ("outputs", "delete"):
        assert not role_file(role, name)
        return
    assert role_file(role, name)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_says_under_which_licence_and_for_which_ansible_it_is(role):
    about = role_file(role, "meta/main.yml")["galaxy_info"]
    assert (about["license"], about["min_ansible_version"]) == ("GPL-3.0-or-later", "2.19")


@pytest.mark.parametrize("role", [role for role in ROLES if role not in SAYING_ROLES])
def test_a_role_ends_by_publishing_what_it_finds(role):
    assert role_file(role, "tasks/main.yml")[-1]["ansible.builtin.import_tasks"] == "outputs.yml"
    assert list(published(role)) == [f"{role}_outputs"]


@pytest.mark.parametrize("role", ROLES)
def test_the_entry_points_of_a_role_are_the_ones_its_spec_describes(role):
    files = {path.stem for path in (ROOT / "roles" / role / "tasks").glob("*.yml")}
    least = {"main"} if role in SAYING_ROLES else {"main", "outputs", "delete"}
    assert least <= specs(role).keys() <= files
    assert all(spec.get("short_description") for spec in specs(role).values())


@pytest.mark.parametrize("role", ROLES)
def test_every_option_has_the_roles_prefix_a_type_and_a_description(role):
    declared = [(name, option) for entry in specs(role) for name, option in options(role, entry).items()]
    assert [name for name, _ in declared if not name.startswith(f"{role}_")] == []
    assert [name for name, option in declared if not option.get("type") or not option.get("description")] == []


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_a_role_are_options_and_the_options_have_defaults_or_are_required(role):
    declared = {name: option for entry in specs(role) for name, option in options(role, entry).items()}
    defaults = role_file(role, "defaults/main.yml").keys()
    optional = {name for name, option in declared.items() if not option.get("required")}
    assert defaults - declared.keys() == set(), "a default that no entry point declares"
    assert optional - defaults == set(), "an option that is neither required nor has a default"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_its_own_variables_and_the_globals_only(role):
    folder = ROOT / "roles" / role
    content = [read(path) for kind in ("defaults", "vars", "tasks") for path in sorted((folder / kind).glob("*.yml"))]
    read_here = {name for node in content for text in [*strings(node), *conditions(node)] for name in variables(text)}
    globals_ = {name for path in (ROOT / "group_vars/all").glob("*.yml") for name in read(path)}
    foreign = {
        name
        for name in read_here - globals_ - ANSIBLES_OWN
        if not name.startswith((f"{role}_", f"__{role}_", "ansible_"))
    }
    assert foreign == set()


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_registers_or_sets_has_its_prefix(role):
    tasks = [read(path) for path in (ROOT / "roles" / role / "tasks").glob("*.yml")]
    named = {name for node in tasks for name in values_of(node, "register")}
    assert {name for name in named if not name.startswith(f"__{role}_")} == set()


def values_of(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get(key), str):
            yield node[key]
        for value in node.values():
            yield from values_of(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values_of(value, key)


@pytest.mark.parametrize(
    ("playbook", "role", "entry", "wires"),
    [pytest.param(*each, id=f"{each[0]} {each[1]} {each[2]}") for each in imports()],
)
def test_a_playbook_gives_a_role_what_its_entry_point_asks_for(playbook, role, entry, wires):
    asked = options(role, entry)
    assert wires.keys() - asked.keys() == set(), "a wire to an option that the entry point does not declare"
    required = {name for name, option in asked.items() if option.get("required")}
    defaults = role_file(role, "defaults/main.yml").keys()
    for environment in ["shared"] if role in SHARED_ROLES else ENVIRONMENTS:
        assert required - wires.keys() - defaults - group_vars(environment) == set(), f"not given in {environment}"


@pytest.mark.parametrize(
    ("playbook", "role", "entry", "wires"),
    [pytest.param(*each, id=f"{each[0]} {each[1]} {each[2]}") for each in imports()],
)
def test_every_wire_is_plugged_into_an_output_that_a_role_publishes(playbook, role, entry, wires):
    for name, wire in wires.items():
        for producer, key in re.findall(r"\b(\w+)_outputs\b(?:\.(\w+))?", str(wire)):
            assert producer in ROLES, f"{name}: no role is called {producer}"
            output = published(producer)[f"{producer}_outputs"]
            if key:
                assert isinstance(output, str) or key in output, f"{name}: {producer}_outputs has no {key}"
            else:
                wanted = options(role, entry)[name].get("options", {})
                assert {each for each, option in wanted.items() if option.get("required")} <= output.keys()


def settings_checked_first(playbook: str) -> list[str]:
    """The roles whose settings a playbook looks at before the first entry point that may change something."""
    harmless = {"settings", "outputs", "choose"}
    entries = [(role, entry) for one, role, entry, _ in imports() if one == playbook]
    first = next(number for number, (role, entry) in enumerate(entries) if entry not in harmless and entry != "check")
    return [role for role, entry in entries[:first] if entry == "settings"]


@pytest.mark.parametrize("playbook", ["provision.yml", "preview.yml"])
def test_the_settings_of_every_role_that_makes_something_are_checked_before_anything_is_made(playbook):
    makes = {role for one, role, entry, _ in imports() if (one, entry) == (playbook, "main")}
    assert makes <= set(settings_checked_first(playbook))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_makes_something_checks_its_settings_first(role):
    # The machine that one configures has an Ansible of its own, without our plugins; the others make nothing.
    if role in {*SAYING_ROLES, "bastion_hardening"}:
        assert not role_file(role, "tasks/settings.yml")
        return
    assert any("check_settings" in task for task in role_file(role, "tasks/settings.yml"))
    if role != "preview":
        assert role_file(role, "tasks/main.yml")[0]["ansible.builtin.import_tasks"] == "settings.yml"


@pytest.mark.parametrize("role", [role for role in ROLES if role not in {*SAYING_ROLES, "bastion_hardening"}])
def test_a_setting_that_group_vars_must_give_is_missed_at_the_start(role):
    wires = {name for _, one, entry, wires in imports() if one == role and entry != "settings" for name in wires}
    needed = {name for entry in specs(role) for name, option in options(role, entry).items() if option.get("required")}
    assert needed - wires - role_file(role, "defaults/main.yml").keys() - rules(role).keys() == set()


@pytest.mark.parametrize("role", ROLES)
def test_what_is_checked_of_a_setting_is_a_rule_that_there_is(role):
    globals_ = {name for path in (ROOT / "group_vars/all").glob("*.yml") for name in read(path)}
    assert rules(role).keys() <= options(role, "settings").keys() | globals_
    for name, rule in rules(role).items():
        assert rule.keys() <= settings.RULES, name
        assert rule.get("kind", "tags") in settings.KINDS, name
        assert {"form", "holds"} & rule.keys() == set() or rule.get("expected"), name
        re.compile(rule.get("form", ""))


# Ansible works a rule out before any setting is looked at.
@pytest.mark.parametrize("role", ROLES)
def test_what_is_worked_out_of_settings_comes_after_a_look_at_their_kinds(role):
    tasks = [task for task in role_file(role, "tasks/settings.yml") or [] if "check_settings" in task]
    if any("{{" in text for text in strings(rules(role))):
        assert tasks[0]["check_settings"] is None


@pytest.mark.parametrize("role", ROLES)
def test_every_tag_is_looked_at_before_aws_gets_it(role):
    tags = {name for name in options(role, "settings") if name.endswith("_tags")}
    if rules(role):
        looked_at = {name for name, rule in rules(role).items() if rule.get("kind") == "tags"}
        assert tags - looked_at == set()


def numbers_without_a_rule() -> list[str]:
    return sorted(
        name
        for role in ROLES
        if rules(role)
        for name, option in options(role, "settings").items()
        if option["type"] in ("int", "float") and "choices" not in option and name not in rules(role)
    )


def test_every_number_has_a_least_or_a_most():
    assert numbers_without_a_rule() == []


def test_what_the_page_says_that_environments_cost_is_what_cost_yml_says():
    def costs(playbook: str) -> tuple[set[str], set[str]]:
        mine = [each for each in imports() if each[0] == playbook]
        added = [wires["cost_items"] for _, role, _, wires in mine if role == "cost"]
        return {role for _, role, entry, _ in mine if entry == "costs"}, set(added)

    assert costs("status.yml") == costs("cost.yml")


def made_for_an_environment() -> list[str]:
    """The roles by which provision.yml makes an environment, in their order."""
    return [
        role
        for playbook, role, entry, _ in imports()
        if (playbook, entry) == ("provision.yml", "main") and role not in SHARED_ROLES
    ]


def taken_away() -> list[str]:
    return [role for playbook, role, entry, _ in imports() if (playbook, entry) == ("destroy.yml", "delete")]


def users_and_used() -> list[tuple[str, str]]:
    """Role and the role that it was given something of, which was there before it."""
    made = made_for_an_environment()
    return [
        (role, producer)
        for playbook, role, entry, wires in imports()
        if (playbook, entry) == ("provision.yml", "main") and role in made
        for producer in sorted(set(re.findall(r"\b(\w+)_outputs\b", str(wires))))
        if producer in made[: made.index(role)]
    ]


def test_destroy_takes_away_what_provision_makes_for_an_environment_and_nothing_that_is_shared():
    assert sorted(taken_away()) == sorted(made_for_an_environment())


@pytest.mark.parametrize(("user", "used"), users_and_used())
def test_who_uses_something_goes_before_what_is_used(user, used):
    order = taken_away()
    assert order.index(user) < order.index(used)


def test_molecule_takes_the_environment_away_as_destroy_does_and_then_what_is_shared():
    cleanup = read(ROOT / "tests/molecule/cleanup.yml")
    assert cleanup[0]["ansible.builtin.import_playbook"] == "../../playbooks/destroy.yml"
    shared = [task["ansible.builtin.import_role"] for task in cleanup[1]["tasks"]]
    assert {(one["name"], one["tasks_from"]) for one in shared} == {(role, "delete") for role in SHARED_ROLES}


def yaml_of_the_house() -> list[Path]:
    return sorted([*(ROOT / "roles").rglob("*.yml"), *(ROOT / "playbooks").glob("*.yml")])


@pytest.mark.parametrize("path", yaml_of_the_house(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_task_asks_aws_in_a_lookup_runs_a_shell_or_looks_away(path):
    content = read(path)
    assert [
        text for text in strings(content) if re.search(r"(lookup|query|q)\(\s*['\"](amazon|community)\.aws", text)
    ] == []
    # By their full names, which ansible-lint asks for: an account has a shell, too.
    assert {"ansible.builtin.shell", "ansible.builtin.command", "ignore_errors"}.isdisjoint(keys(content))
    assert [text for text in conditions(content) if re.search(r"is\s+(not\s+)?changed", text)] == []


# Tasks start in the playbook's folder, whoever typed the command elsewhere.
@pytest.mark.parametrize("path", yaml_of_the_house(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_that_is_written_by_a_name_from_the_command_line_is_where_the_command_was_typed(path):
    named = [dest for dest in values_of(read(path), "dest") if re.search(r"_(file|page)\b", dest)]
    assert [dest for dest in named if "realpath" not in dest] == []


# Ansible looks for a module below its folder, too, and takes either of two that have its name.
def test_no_helper_has_the_name_of_a_module():
    modules = {path.name for path in (ROOT / "library").glob("*.py")}
    assert sorted(path.name for path in (ROOT / "library" / "module_utils").rglob("*.py") if path.name in modules) == []


WRITES = {
    "deploy": ["result_file"],
    "preview": ["result_file"],
    "promote": ["result_file"],
    "rollback": ["result_file"],
    "run": ["result_file"],
    "secrets": ["result_file"],
    "status": ["html"],
}


def test_the_guard_knows_every_option_that_names_a_file_to_write():
    copied = [
        (path.parents[1].name, match)
        for path in (ROOT / "roles").glob("*/tasks/*.yml")
        for match in re.findall(r'dest: "\{\{ (\w+) \| realpath', path.read_text())
    ]
    text = {name.removesuffix(".yml"): (ROOT / "playbooks" / name).read_text() for name in PLAYBOOKS}
    given = {
        name: sorted({option for _, variable in copied for option in re.findall(rf"{variable}: \"\{{\{{ (\w+)", wires)})
        for name, wires in text.items()
    }
    assert {name: options for name, options in given.items() if options} == WRITES
    known = read(ROOT / "playbooks/guard.yml")[0]["vars"]["guard_files"]
    assert set(known) == {option for options in WRITES.values() for option in options}


@pytest.mark.parametrize(
    ("command", "option"), [(name, option) for name, options in WRITES.items() for option in options]
)
def test_a_file_that_cannot_be_written_is_refused_before_aws_is_asked(tmp_path, command, option):
    refused = ansible_playbook(
        f"{command}.yml", *("-e", "env=staging", "-e", "pr=12"), "-e", f"{option}={tmp_path}/none/x"
    )
    assert refused.returncode == 2
    assert f"{option} is {tmp_path}/none/x, but there is no folder {tmp_path}/none." in refused.stdout
    assert f"Type mkdir -p {tmp_path}/none" in refused.stdout
    assert "aws-" not in refused.stdout, "a play of an environment has begun"


def test_nothing_that_fails_keeps_a_result_file_from_being_written():
    def ends(tasks):
        """Each list of tasks that is run whatever failed."""
        for task in tasks:
            if "always" in task:
                yield task["always"]
            for part in ("block", "rescue", "always"):
                yield from ends(task.get(part, []))

    first = [
        tasks[0]["ansible.builtin.copy"]["dest"]
        for path in (ROOT / "roles").glob("*/tasks/*.yml")
        for tasks in ends(read(path))
        if "ansible.builtin.copy" in tasks[0]
    ]
    assert sorted(first) == [
        "{{ app_service_release_result_file | realpath }}",
        "{{ app_service_run_result_file | realpath }}",
    ]
