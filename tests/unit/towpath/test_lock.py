import os
import subprocess
import sys

import pytest
from ansible.module_utils.towpath import lock

NOW = 1_800_000_000
MACHINE = lock.this_machine()["machine"]


def a_lock(seconds_ago=35, **holder):
    holder = {"who": "ann", "host": "desk", "machine": MACHINE, "command": "deploy of 6b65b39", **holder}
    return lock.new_lock("token", holder, NOW - seconds_ago)


@pytest.mark.parametrize(
    ("environment", "who"),
    [
        pytest.param({"GITHUB_ACTOR": "ann", "USER": "runner"}, "ann", id="GitHub"),
        pytest.param({"GITLAB_USER_LOGIN": "ann", "USER": "runner"}, "ann", id="GitLab"),
        pytest.param({"GITHUB_ACTOR": "", "USER": "ann"}, "ann", id="a user"),
    ],
)
def test_who_runs_this_is_the_person_behind_the_job(environment, who):
    assert lock.caller(environment) == who


def test_somebody_runs_this_also_where_the_environment_is_empty():
    assert lock.caller({})


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        pytest.param(
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
            "https://github.com/a/b/actions/runs/7",
            id="GitHub",
        ),
        pytest.param({"CI_JOB_URL": "https://gitlab.com/a/b/-/jobs/7"}, "https://gitlab.com/a/b/-/jobs/7", id="GitLab"),
        pytest.param({}, "", id="no job"),
    ],
)
def test_the_page_of_the_job_is_known(environment, url):
    assert lock.job_url(environment) == url


@pytest.fixture
def ended():
    """The id of a process that has ended, and that its parent has asked how."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def zombie():
    """The id of a process that has ended, and nobody asked how."""
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


def test_a_holder_of_this_machine_is_dead_when_its_process_is(ended):
    assert lock.is_dead({"machine": MACHINE, "pid": ended}, MACHINE)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a zombie cannot be told, and its lease runs out")
def test_a_zombie_is_dead(zombie):
    assert lock.is_dead({"machine": MACHINE, "pid": zombie}, MACHINE)


@pytest.mark.parametrize(
    "holder",
    [
        pytest.param({"machine": MACHINE, "pid": os.getpid()}, id="it runs"),
        pytest.param({"machine": MACHINE, "pid": 1}, id="it runs as somebody else"),
        pytest.param({"machine": MACHINE}, id="its process is not known"),
        pytest.param({"machine": MACHINE, "pid": 0}, id="its process was not given"),
        pytest.param({"machine": "another", "pid": "ended"}, id="it is on another machine"),
        pytest.param({"machine": "", "pid": "ended"}, id="its machine is not known"),
        pytest.param({"pid": "ended"}, id="it says nothing of its machine"),
    ],
)
def test_a_holder_is_taken_for_alive_while_it_may_be(holder, ended):
    holder = holder | ({"pid": ended} if holder.get("pid") == "ended" else {})
    assert not lock.is_dead(holder, MACHINE)
    assert not lock.is_dead(holder, "")


@pytest.mark.parametrize(
    ("seconds_ago", "live"),
    [
        pytest.param(0, True, id="just taken"),
        pytest.param(90, True, id="for a lease"),
        pytest.param(91, False, id="expired"),
    ],
)
def test_a_lock_seems_to_keep_others_out_for_a_lease(seconds_ago, live):
    assert lock.is_live(a_lock(seconds_ago), MACHINE, NOW) == live


def test_whoever_waits_outlasts_the_lease_of_a_holder_that_died():
    seconds_between_tries = 2
    assert lock.LEASE_SECONDS + 2 * seconds_between_tries < lock.WAIT_SECONDS


def test_what_a_holder_sends_arrives_before_anybody_can_take_its_lock():
    longest_try = 60  # botocore's own read_timeout
    assert lock.FRESH_SECONDS + longest_try <= lock.LEASE_SECONDS


@pytest.mark.parametrize(
    ("seen", "lost"),
    [
        pytest.param({}, False, id="seen for the first time"),
        pytest.param({"unchanged_seconds": 89.9}, False, id="not for a lease yet"),
        pytest.param({"unchanged_seconds": 90}, True, id="unchanged for a lease"),
        pytest.param({"unchanged_seconds": 900, "beat": "another"}, False, id="written since"),
        pytest.param({"unchanged_seconds": 900, "expires_at": 1}, False, id="written since by an older version"),
        pytest.param({"unchanged_seconds": 900, "token": "bob's"}, False, id="another's since"),
    ],
)
@pytest.mark.parametrize("clock", [-600, 0, 600], ids=["10 min behind", "right", "10 min ahead"])
def test_a_lock_is_lost_by_the_clock_of_the_one_who_waits(seen, lost, clock):
    held = lock.new_lock("ann's", {}, NOW + clock)
    marked = lock.mark(held) | {name: seen[name] for name in ("beat", "expires_at", "token") if name in seen}
    seen = {"mark": marked, "unchanged_seconds": seen["unchanged_seconds"]} if seen else {}
    assert lock.is_lost(held, seen) is lost


def test_every_sign_of_life_is_a_new_one_also_where_the_clock_stands_still():
    assert lock.sign_of_life(NOW)["beat"] != lock.sign_of_life(NOW)["beat"]


def test_the_clock_of_a_lease_goes_on_and_is_nobodys_to_set():
    before = lock.ticks()
    assert lock.ticks() >= before > 0


def test_a_lock_of_a_dead_holder_keeps_nobody_out(ended):
    assert not lock.is_live(a_lock(pid=ended), MACHINE, NOW)


def test_a_new_lock_has_a_token_of_its_own_unless_one_is_given():
    assert lock.new_lock("", {}, NOW)["token"] != lock.new_lock("", {}, NOW)["token"]
    assert lock.new_lock("mine", {}, NOW)["token"] == "mine"


@pytest.mark.parametrize(
    ("held", "words"),
    [
        pytest.param(
            a_lock(),
            "A deploy of 6b65b39 by ann (desk) is under way since 2027-01-15 07:59:25 UTC, 35 s.",
            id="seconds",
        ),
        pytest.param(
            a_lock(600, job="https://ci/7"),
            "A deploy of 6b65b39 by ann (https://ci/7) is under way since 2027-01-15 07:50:00 UTC, 10 min.",
            id="minutes, in a job",
        ),
        pytest.param(
            lock.new_lock("token", {}, NOW - 10_000),
            "A release by somebody is under way since 2027-01-15 05:13:20 UTC, 2 h.",
            id="hours, by nobody knows whom",
        ),
        pytest.param(
            a_lock(-60),
            "A deploy of 6b65b39 by ann (desk) is under way since 2027-01-15 08:01:00 UTC, 0 s.",
            id="by a clock that is ahead",
        ),
    ],
)
def test_who_holds_the_lock_is_told_with_since_when(held, words):
    assert lock.held_words(held, NOW) == words


@pytest.mark.parametrize(
    ("waited", "said"),
    [
        pytest.param(0, "35 s. Expected to be the only one. Run the same command again", id="at once"),
        pytest.param(100.4, "35 s. Waited 100 s for its end. Expected to be the only one.", id="after waiting"),
    ],
)
def test_a_refusal_says_who_and_what_to_type(waited, said):
    refused = lock.refusal(a_lock(), NOW, waited)
    assert said in refused
    assert refused.endswith("or wait longer for it with -e lock_wait_seconds=900.")


def test_the_holder_is_who_was_named_on_this_machine():
    holder = lock.holder({"CI_JOB_URL": "https://ci/7", "USER": "runner"}, "ann", 4711, "deploy of 6b65b39")
    assert holder == {
        "who": "ann",
        **lock.this_machine(),
        "job": "https://ci/7",
        "pid": 4711,
        "command": "deploy of 6b65b39",
    }
    assert lock.holder({"USER": "bob"}, "", 4711, "deploy")["who"] == "bob"


@pytest.mark.parametrize(
    ("token", "held", "ours", "anothers"),
    [
        pytest.param("token", a_lock(), "token", False, id="the caller's"),
        pytest.param("other", a_lock(), "", True, id="another's"),
        pytest.param("token", None, "", False, id="nobody's"),
    ],
)
def test_a_module_tells_whose_the_lock_is(token, held, ours, anothers):
    told = lock.told("releases", held, token, "Words.")
    assert (told["lock"]["table"], told["lock"]["token"], told["held_by_another"]) == ("releases", ours, anothers)
    assert told["holder"] == (held["holder"] if held else {})


@pytest.mark.parametrize(("waited", "failed"), [(0, False), (99.9, False), (100, True)])
def test_who_waited_long_enough_is_refused(waited, failed):
    told = lock.told_to_wait("releases", a_lock(), NOW, waited, 100)
    assert (told.get("failed", False), told["held_by_another"], told["lock"]["token"]) == (failed, True, "")
    assert told["msg"].startswith("A deploy of 6b65b39 by ann (desk) is under way")
    assert ("Run the same command again" in told["msg"]) is failed
