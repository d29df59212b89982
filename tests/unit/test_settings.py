"""Settings that are wrong are refused before AWS is asked for anything, with where to correct them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api_calls import recorded

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "COLUMNS": "1000",
}
LONG = "a" * 60
WRONG_TAGS = {"aws:x": "y"}
STAGING = ("-e", "env=staging")


def ansible_playbook(*arguments: str, calls: list[str]) -> str:
    """What a refused run says, which has asked AWS for no more than ``calls``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
    with recorded() as recording:
        done = subprocess.run(
            [Path(sys.executable).parent / "ansible-playbook", *arguments],
            cwd=ROOT,
            env=inherited | NOWHERE | recording.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 2, done.stdout + done.stderr
    assert recording.actions == calls
    assert "changed=0" in done.stdout
    return done.stdout + done.stderr


def refused(*where: str, **settings: Any) -> str:
    return ansible_playbook("provision.yml", *where, "-e", json.dumps(settings), calls=[])


# What is wrong in one role is told at once, so a run is enough for it.
WRONG: dict[str, dict[str, tuple[Any, str]]] = {
    "image_repository": {
        "aws_region": ("mars-1", "expected a region of AWS such as us-east-1"),
        "image_repository_name": ("Web App", "expected 2 to 256 small letters and digits"),
        "image_repository_kept_images": (0, "expected 1 or more"),
    },
    "dns_zone": {"dns_zone_name": ("Example.com.", "expected a domain in small letters such as example.com")},
    "ci_identity": {
        "app_name": (LONG, f"expected a shorter one, because the role {LONG}-ci-deploy-prod would have more than 64"),
        "ci_identity_session_seconds": (60, "expected 3600 to 43200"),
        "ci_identity_tags": (WRONG_TAGS, "has the tag aws:x, and names that begin with aws: are for AWS alone"),
    },
    "notifier": {
        "notifier_email_addresses": (["ops"], "has ops, expected addresses such as ops@example.com"),
        "notifier_name": (LONG, "expected at most 52 letters"),
        "notifier_reserved_concurrency": (0, "expected 1 or more"),
        "notifier_slack_api_url": ("slack.com", "expected a URL such as https://slack.com/api"),
    },
    "dns": {"dns_move_seconds": (-1, "expected 0 or more")},
    "network": {
        "environment_tags": (WRONG_TAGS, "has the tag aws:x"),
        "network_app_port": (0, "expected 1 to 65535"),
        "network_cidr_block": ("10.20.0.0/99", "expected a private /16 like 10.20.0.0/16"),
    },
    "database": {
        "database_allocated_storage_gib": (5, "expected 20 to 65536"),
        "database_backup_retention_days": (99, "expected 1 to 35"),
        "database_backup_window": ("6-7", "expected half an hour or more such as 06:00-06:30"),
        "database_engine_version": ("9", "expected a version of Postgres such as 17"),
        "database_instance_class": ("db.t2.micro", "expected a class such as db.t4g.micro"),
        "database_maintenance_window": ("sun:07:00", "expected half an hour or more such as sun:07:00-sun:08:00"),
        "database_maximum_storage_gib": (5, "expected at least a tenth above database_allocated_storage_gib"),
        "database_username": ("postgres", "expected letters, digits and underscores"),
    },
    "bastion": {
        "bastion_allowed_cidr_blocks": (["10.0.0.0/8", "32.0.0.0/7"], "expected IPv4 ranges of /8 or smaller"),
        "bastion_instance_type": ("t1.micro", "expected one of today's types"),
        "bastion_name": (LONG + LONG, "expected at most 64 letters"),
        "bastion_volume_gib": (2, "expected 8 to 16384"),
    },
    "cluster": {
        "cluster_execution_role_name": (LONG + LONG, "expected at most 64 letters"),
        "cluster_task_policy_statements": ([{"Action": "s3:*"}], "expected statements as IAM writes them"),
    },
    "certificate": {
        "certificate_cdn_arn": (
            "arn:aws:acm:eu-west-1:123456789012:certificate/a",
            "expected the ARN of a certificate of ACM in us-east-1",
        ),
    },
    "load_balancer": {
        "load_balancer_deregistration_delay_seconds": (9999, "expected 0 to 3600"),
        "load_balancer_health_check_path": ("healthz", "expected a path that begins with a slash, such as /healthz"),
        "load_balancer_health_check_timeout_seconds": (60, "expected less than load_balancer_health_check_interval"),
        "load_balancer_healthy_codes": ("ok", "expected status codes such as 200"),
        "load_balancer_name": (LONG, "expected 2 to 32 letters, digits and hyphens"),
    },
    "ledger": {"lock_wait_seconds": (-5, "expected the seconds that a release waits for another one, 0 or more")},
    "alerts": {
        "alerts_cpu_percent": (0, "expected 1 to 100"),
        "alerts_disabled": (["slow"], "expected some of"),
        "alerts_name": (LONG, "expected at most 53 letters"),
        "alerts_rolling_back": (["cdn-5xx"], "because ECS watches alarms of its own region"),
    },
    "cdn": {
        "cdn_cached_paths": (["assets/*"], "expected paths that begin with a slash"),
        "cdn_origin_read_timeout_seconds": (600, "expected 1 to 120"),
    },
    "dashboard": {"dashboard_hours": (0, "expected 1 or more")},
    "secrets": {
        "secrets_generated": (["secret-key"], "expected names like SESSION_KEY"),
        "secrets_path": ("/aws/app", "expected a path of letters, digits"),
    },
    "app_service": {
        "app_service_cpu_target_percent": (5, "expected 10 to 90, or 0 for none"),
        "app_service_maximum_count": (0, "expected at least app_service_minimum_count, which is 1"),
        "app_service_memory_mib": (600, "expected 512, 1024 or 2048 for 256 CPU units"),
        "app_service_night_stop": ({"stop": "20:00"}, "expected stop and start, each as cron(0 20 ? * MON-FRI *)"),
        "app_service_port": (99999, "expected 1 to 65535"),
        "app_service_secrets": (
            ["NOBODYS_KEY"],
            "expected secrets that there are: add NOBODYS_KEY to secrets_generated",
        ),
        "app_service_spot_percent": (101, "expected 0 to 100"),
        "app_service_stop_timeout_seconds": (1, "expected 2 to 120"),
        "app_service_tags": (WRONG_TAGS, "has the tag aws:x"),
    },
}


@pytest.mark.parametrize("role", WRONG)
def test_a_setting_that_is_wrong_is_refused_before_aws_is_asked_anything(role):
    told = refused(*STAGING, **{name: value for name, (value, _) in WRONG[role].items()})
    for name, (_, expected) in WRONG[role].items():
        lines = [line for line in told.splitlines() if f"{name} " in line and expected in line]
        assert lines, f"{name}: {expected}\n{told}"
        assert "with -e" in lines[0] or "what -e gives" in lines[0]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            {
                "app_service_cpu": (300, "must be one of: 256, 512"),
                "app_service_memory_mib": ("much", "cannot be converted to an int"),
                "app_service_night_stop": ("cron", "we were unable to convert to dict"),
                "app_service_stop_timeout_seconds": (
                    "{{ nobody_knows }}",
                    "app_service_stop_timeout_seconds cannot be worked out: 'nobody_knows' is undefined",
                ),
            },
            id="service",
        ),
        pytest.param(
            {
                "database_enabled": ("perhaps", "we were unable to convert to bool"),
                "database_name": (
                    "{{ nobody_knows }}",
                    "database_name cannot be worked out: 'nobody_knows' is undefined",
                ),
            },
            id="database",
        ),
        pytest.param(
            {"bastion_users": ([{"name": "alice"}], "issing required arguments: public_key found in bastion_users")},
            id="bastion",
        ),
    ],
)
def test_what_a_roles_own_spec_refuses_is_refused_as_early(wrong):
    told = refused(*STAGING, **{name: value for name, (value, _) in wrong.items()})
    for name, (_, expected) in wrong.items():
        assert [line for line in told.splitlines() if name in line and expected in line], f"{expected}\n{told}"
    assert "Origin" not in told, "Ansible's own account of the playbook"


def test_people_who_cannot_be_let_in_are_refused_as_early():
    upper, old = ({"name": name, "public_key": f"{kind} AAAA"} for name, kind in (("Al", "ssh-rsa"), ("al", "ssh-dss")))
    told = refused(*STAGING, bastion_users=[upper, old])
    assert "The user Al with the key ssh-rsa AAAA cannot be let in, expected a name of lower-case letters" in told
    assert "The user al with the key ssh-dss AAAA cannot be let in" in told


def test_without_env_the_settings_of_every_environment_are_looked_at_before_the_first_is_touched(tmp_path):
    told = ansible_playbook("provision.yml", *inventory(tmp_path, prod={"app_service_port": 0}), calls=[])
    file = tmp_path / "group_vars/prod/app_service.yml"
    assert f"prod: app_service_port is 0, expected 1 to 65535. Correct it in {file}, line 1." in told
    assert "staging: " not in told


def test_a_setting_that_is_another_one_is_called_by_the_name_that_somebody_wrote(tmp_path):
    told = ansible_playbook("provision.yml", *inventory(tmp_path, all={"environment_tags": WRONG_TAGS}), calls=[])
    assert "environment_tags has the tag aws:x, and names that begin with aws: are for AWS alone. " in told
    assert f"Correct it in {tmp_path}/group_vars/all/app_service.yml, line 2." in told
    assert "network_tags" not in told


def test_a_name_that_is_made_of_the_apps_says_so():
    told = refused(*STAGING, app_name="a" * 30)
    assert f"load_balancer_name is {'a' * 30}-staging, expected 2 to 32" in told
    assert (
        "Shorten app_name in group_vars/all/app.yml, or set load_balancer_name in group_vars/staging/load_balancer.yml."
        in told
    )


@pytest.mark.parametrize("cidr", ["10.20.0.0/99", "10.300.0.0/16"])
def test_a_range_that_is_none_is_no_range_that_two_environments_share(cidr):
    told = refused(network_cidr_block=cidr)
    assert f"network_cidr_block is {cidr}, expected a private /16" in told
    assert "overlap" not in told


def test_a_command_that_waits_for_less_than_no_time_is_refused():
    told = ansible_playbook("deploy.yml", *STAGING, "-e", "lock_wait_seconds=-5", calls=[])
    assert "lock_wait_seconds is -5, expected the seconds that a release waits for another one, 0 or more." in told


def test_what_cloudfront_is_to_forget_is_looked_at_before_the_deploy():
    told = ansible_playbook("deploy.yml", *STAGING, "-e", "invalidate=logo.svg", calls=[])
    assert "invalidate is logo.svg, expected paths that begin with a slash, separated by commas" in told


def test_a_command_that_only_the_spec_refuses_says_where_to_correct_it():
    told = ansible_playbook("deploy.yml", *STAGING, "-e", "app_service_rollout_timeout_seconds=long", calls=[])
    assert "app_service_rollout_timeout_seconds" in told
    assert "Correct it in group_vars/staging/app_service.yml, or what -e gives." in told


APP_ENVIRONMENT = """\
app_service_environment:
  NOTHING:
  NULL: ~
  ZIP: 00123
  AT: 12:30:00
  VERSION: 1.10
  FLAG: on
  DAY: 2030-01-01
  HOSTS: [a, b]
  2: two
  SECRET_KEY_BASE: dev
  WORKERS: 2
  RATE: 0.5
  QUOTED: "00123"
  TEXT: yes, it is text
  PORT_OF_APP: "{{ app_service_port }}"
  STRIPE_KEY: sk_live_1
"""


def test_a_value_that_the_app_would_get_otherwise_than_it_is_written_is_refused_with_its_line(tmp_path):
    where = inventory(tmp_path, staging=APP_ENVIRONMENT)
    told = ansible_playbook("provision.yml", *STAGING, *where, calls=[])
    told = told.replace(f"Correct it in {tmp_path}/group_vars/staging/app_service.yml, ", "")
    for said in (
        'gives NOTHING no value: write NOTHING: "" for an empty one, or take the line away. line 2.',
        "has the name None, expected letters, digits and _, a letter first, in quotes",
        'gives ZIP as 00123, which YAML makes 83 of: write ZIP: "00123", in quotes. line 4.',
        'gives AT as 12:30:00, which YAML makes 45000 of: write AT: "12:30:00", in quotes. line 5.',
        'gives VERSION as 1.10, which YAML makes 1.1 of: write VERSION: "1.10", in quotes. line 6.',
        'gives FLAG as true, which YAML also makes of yes and no, on and off: write FLAG: "true", in quotes. line 7.',
        "gives DAY as a date, expected text: put it in quotes",
        "gives HOSTS as a list, expected text: put it in quotes, as JSON where the app reads that. line 9.",
        "has the name 2, expected letters, digits and _",
        "app_service_secrets is SECRET_KEY_BASE, DATABASE_URL, expected none that app_service_environment sets, too: "
        "take SECRET_KEY_BASE out of one",
    ):
        assert said in told
    for fine in ("WORKERS", "RATE", "QUOTED", "TEXT", "PORT_OF_APP"):
        assert f"gives {fine}" not in told
    assert "STRIPE_KEY in app_service_environment looks like a secret" in told
    assert "ansible-playbook secrets.yml -e env=staging -e set=STRIPE_KEY -e release=false" in told


def inventory(folder: Path, **variables: Any) -> list[str]:
    """Another inventory beside the one of the house, whose group_vars have these variables, as a team's own would."""
    for group, values in variables.items():
        file = folder / "group_vars" / group / "app_service.yml"
        file.parent.mkdir(parents=True)
        file.write_text(values if isinstance(values, str) else yaml.safe_dump(values))
    (folder / "more.yml").write_text("environments:\n")
    return ["-i", "inventories", "-i", str(folder / "more.yml")]
