from datetime import date

import pytest
from ansible.module_utils.towpath.preview import is_expired, lines, name_in, preview

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("target_group", "name"),
    [
        ("webapp-pr-12", "pr-12"),
        ("webapp-pr-1", "pr-1"),
        ("webapp-staging", ""),
        ("webapp-pr-0", ""),
        ("webapp-pr-12-old", ""),
        ("other-pr-12", ""),
        ("my-webapp-pr-12", ""),
    ],
)
def test_a_preview_is_known_by_the_name_of_its_target_group(target_group, name):
    assert name_in(target_group, "webapp") == name


def test_an_app_name_is_no_pattern():
    assert name_in("webXapp-pr-12", "web.app") == ""


@pytest.mark.parametrize(
    ("last_day", "expired"),
    [("2026-11-22", True), ("2026-11-23", False), ("2026-11-24", False), ("", False), ("soon", False)],
)
def test_a_preview_stays_to_the_end_of_its_last_day(last_day, expired):
    assert is_expired({"towpath:expires": last_day}, TODAY) is expired


def test_a_preview_without_a_last_day_stays():
    assert not is_expired({}, TODAY)


def test_a_preview_says_what_it_runs_where_and_for_how_long():
    tags = {"towpath:expires": "2026-11-30", "towpath:url": "https://pr-12.staging.example.com/"}
    service, serving = {"runningCount": 1, "desiredCount": 1}, {"release_name": "v3", "git_sha": "4f2c9d1a0b3e" * 3}
    assert preview("pr-12", tags, service, serving, TODAY) == {
        "name": "pr-12",
        "pr": 12,
        "release": "v3",
        "git_sha": "4f2c9d1a0b3e" * 3,
        "tasks": {"running": 1, "wanted": 1},
        "url": "https://pr-12.staging.example.com/",
        "expires_on": "2026-11-30",
        "expired": False,
    }


def test_previews_are_a_table_and_half_made_ones_are_in_it():
    made = preview(
        "pr-12",
        {"towpath:expires": "2026-11-30", "towpath:url": "https://pr-12.staging.example.com/"},
        {"runningCount": 1, "desiredCount": 1},
        {"release_name": "v3", "git_sha": "4f2c9d1a0b3e4f2c"},
        TODAY,
    )
    old = preview("pr-7", {"towpath:expires": "2026-11-20"}, {}, {}, TODAY)
    assert lines([made, old]) == [
        "pr-7   no release                0 of 0 tasks  expired on 2026-11-20",
        "pr-12  v3          4f2c9d1a0b3e  1 of 1 tasks  until 2026-11-30       https://pr-12.staging.example.com/",
    ]


def test_without_previews_it_is_said_how_to_make_one():
    assert lines([]) == ["There are no previews. One is made with: ansible-playbook preview.yml -e pr=NUMBER"]
