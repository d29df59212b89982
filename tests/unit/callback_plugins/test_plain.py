"""What playbooks print. Each case is a small playbook and the whole output that is expected of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
INVENTORY = f"""
[all]
aws-staging
aws-prod

[all:vars]
ansible_connection=local
ansible_python_interpreter={sys.executable}
"""


@pytest.fixture
def prints(tmp_path):
    """Runs the tasks (or whole plays) and returns what is printed, without the recap of one host that is well."""

    def start(text, *arguments, hosts="aws-staging", **environment):
        text = textwrap.dedent(text)
        if not text.lstrip().startswith("- hosts"):
            head = f"- name: Make it so\n  hosts: {hosts}\n  gather_facts: false\n  tasks:\n"
            text = head + textwrap.indent(text.strip("\n"), "    ")
        (tmp_path / "play.yml").write_text(text)
        (tmp_path / "inventory").write_text(INVENTORY)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "GITHUB_"))}
        command = [
            Path(sys.executable).parent / "ansible-playbook",
            "-i",
            tmp_path / "inventory",
            tmp_path / "play.yml",
        ]
        return subprocess.Popen(
            [str(word) for word in [*command, *arguments]],
            cwd=ROOT,
            env=kept | {"ANSIBLE_LOCALHOST_WARNING": "false", "COLUMNS": "200"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(text, *arguments, code=0, **options):
        process = start(text, *arguments, **options)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, out + err
        return out, err

    run.start = start
    return run


def said(text):
    return textwrap.dedent(text).lstrip("\n")


def without_recap(out):
    lines = out.splitlines(keepends=True)
    return "".join(line for line in lines if " : ok=" not in line).rstrip("\n") + "\n"


TASKS = {
    "what changes nothing is not mentioned": (
        """
        - name: Look
          ansible.builtin.assert: {that: true}
        - name: Skip
          ansible.builtin.assert: {that: false}
          when: false
        """,
        "\n",
    ),
    "what changes is a line below the play": (
        """
        - name: Create the VPC
          ansible.builtin.assert: {that: true}
          changed_when: true
        """,
        """
        Make it so
          changed   Create the VPC
        """,
    ),
    "of a loop only the items that change, by their labels": (
        """
        - name: Create the subnet
          ansible.builtin.assert: {that: true}
          changed_when: item.new
          loop: [{name: a, new: true}, {name: b, new: false}, {name: c, new: true}]
          loop_control: {label: "{{ item.name }}"}
        """,
        """
        Make it so
          changed   Create the subnet: a
          changed   Create the subnet: c
        """,
    ),
    "a message is printed as it is, without the play": (
        """
        - ansible.builtin.debug: {msg: "staging runs v7"}
        - ansible.builtin.debug: {msg: ["  one", "", "two: {}"]}
        """,
        """
        staging runs v7
          one

        two: {}
        """,
    ),
    "a variable is printed with its name": (
        """
        - ansible.builtin.debug: {var: found}
          vars: {found: {a: [1]}}
        """,
        """
        found:
            a:
            - 1
        """,
    ),
    "a failure that is rescued is a line": (
        """
        - block:
            - block:
                - name: Try
                  ansible.builtin.fail: {msg: "not this time\\nnor the next"}
          rescue:
            - name: Do it the other way
              ansible.builtin.assert: {that: true}
              changed_when: true
        """,
        """
        Make it so
          rescued   Try: not this time
          changed   Do it the other way
        """,
    ),
    "what is not to be logged is not": (
        """
        - name: Write the secret
          ansible.builtin.assert: {that: true}
          changed_when: true
          no_log: true
          loop: [hunter2]
        """,
        """
        Make it so
          changed   Write the secret: (censored due to no_log)
        """,
    ),
    "attempts are not mentioned": (
        """
        - name: Wait for it
          ansible.builtin.set_fact: {tries: "{{ tries | default(0) | int + 1 }}"}
          register: tried
          until: tried.ansible_facts.tries | int > 0
          retries: 3
          delay: 0
        """,
        "\n",
    ),
}


@pytest.mark.parametrize(("text", "expected"), TASKS.values(), ids=TASKS.keys())
def test_a_play_that_ends_well_prints(prints, text, expected):
    out, err = prints(text)
    assert (without_recap(out), err) == (said(expected) or "\n", "")


FAILURES = {
    "a failure says what was tried, where, and the message with its lines": (
        """
        - name: Read the file
          ansible.builtin.slurp: {src: /nowhere/at/all}
        """,
        """
        Failed in staging: Read the file
        File not found: /nowhere/at/all
        """,
    ),
    "a command's last words are shown": (
        """
        - name: Run the command
          ansible.builtin.command: {argv: [sh, -c, "echo out; echo 'bad: news' >&2; exit 3"]}
        """,
        """
        Failed in staging: Run the command
        non-zero return code
          bad: news
          out
        """,
    ),
    "a refusal is its message alone, below what was done before": (
        """
        - name: Create the VPC
          ansible.builtin.assert: {that: true}
          changed_when: true
        - name: Stop unless there is one
          ansible.builtin.assert: {that: false, fail_msg: "Found none.\\nRun it again."}
        """,
        """
        Make it so
          changed   Create the VPC

        Found none.
        Run it again.
        """,
    ),
    "an assertion without words of its own says what it expected": (
        """
        - name: Stop unless there is one
          ansible.builtin.assert: {that: 1 > 2}
        """,
        """
        Failed in staging: Stop unless there is one
        Expected: 1 > 2
        """,
    ),
    "of a loop each item that failed is told, and no more": (
        """
        - name: Refuse
          ansible.builtin.assert: {that: item < 2, fail_msg: "{{ item }} is too much."}
          loop: [1, 2, 3]
        """,
        """
        2 is too much.

        3 is too much.
        """,
    ),
    "what fails in a block that only tidies up is not rescued": (
        """
        - block:
            - ansible.builtin.fail: {msg: Broken.}
          always:
            - name: Tidy up
              ansible.builtin.assert: {that: true}
              changed_when: true
        """,
        """
        Broken.

        Make it so
          changed   Tidy up
        """,
    ),
    "a failure in the rescue is one": (
        """
        - block:
            - ansible.builtin.fail: {msg: Broken.}
          rescue:
            - ansible.builtin.fail: {msg: This too.}
        """,
        """
        Make it so
          rescued   ansible.builtin.fail: Broken.

        This too.
        """,
    ),
    "what is not to be logged is not, either": (
        """
        - name: Write the secret
          ansible.builtin.fail: {msg: hunter2}
          no_log: true
        """,
        """
        Failed in staging: Write the secret
        the output has been hidden due to the fact that 'no_log: true' was specified for this result
        """,
    ),
}


@pytest.mark.parametrize(("text", "expected"), FAILURES.values(), ids=FAILURES.keys())
def test_a_play_that_fails_prints(prints, text, expected):
    out, err = prints(text, code=2)
    assert (without_recap(out), err) == (said(expected), "")


def test_a_mistake_in_the_playbook_is_shown_where_it_is(prints):
    out, _ = prints("- ansible.builtin.debug: {msg: '{{ nothing_at_all }}'}\n", code=2)
    assert "'nothing_at_all' is undefined" in out
    assert "play.yml:5:" in out


def test_an_environment_that_cannot_be_reached_is_named(prints):
    plays = """
    - hosts: aws-staging
      gather_facts: false
      tasks:
        - ansible.builtin.ping:
          vars: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9}
    """
    out, _ = prints(plays, code=4)
    assert out.startswith("Could not reach aws-staging.\n")
    assert "unreachable=1" in out


def test_of_several_environments_each_line_names_its_own_and_each_has_a_recap(prints):
    text = """
    - name: Create the VPC
      ansible.builtin.assert: {that: true}
      changed_when: inventory_hostname == 'aws-prod'
    - ansible.builtin.debug: {msg: [done, all of it]}
    - ansible.builtin.debug: {msg: together}
      run_once: true
    - name: Stop
      ansible.builtin.assert: {that: inventory_hostname == 'aws-prod', fail_msg: No.}
    """
    out, _ = prints(text, hosts="all", code=2, ANSIBLE_FORKS="1")
    *lines, prod, staging = out.splitlines()
    assert lines == [
        "Make it so",
        "  changed   prod: Create the VPC",
        "staging: done",
        "staging: all of it",
        "prod: done",
        "prod: all of it",
        "together",
        "",
        "staging: No.",
        "",
    ]
    none = ["skipped=0", "rescued=0", "ignored=0"]
    assert prod.split() == ["aws-prod", ":", "ok=3", "changed=1", "unreachable=0", "failed=0", *none]
    assert staging.split() == ["aws-staging", ":", "ok=3", "changed=0", "unreachable=0", "failed=1", *none]


CHANGES = """
- name: Write the file
  ansible.builtin.copy: {content: "new\\n", dest: "{{ playbook_dir }}/file", mode: "0644"}
"""


def test_check_mode_says_what_would_change_and_diff_shows_it(prints, tmp_path):
    (tmp_path / "file").write_text("old\n")
    out, _ = prints(CHANGES, "--check", "--diff")
    lines = out.splitlines()
    assert lines[:2] == ["Make it so", "  would change   Write the file"]
    assert {"-old", "+new"} < set(lines)
    assert (tmp_path / "file").read_text() == "old\n"


def test_the_guards_machine_has_no_recap_unless_it_failed(prints):
    tasks = "[{{ansible.builtin.assert: {{that: {that}, fail_msg: No.}}}}]"
    plays = f"- hosts: localhost\n  gather_facts: false\n  tasks: {tasks}\n"
    assert prints(plays.format(that="true")) == ("", "")
    out, _ = prints(plays.format(that="false"), code=2)
    assert out.startswith("No.\n\nlocalhost  ")


def test_a_play_that_is_left_out_on_purpose_is_no_news(prints):
    plays = "- hosts: all:!all\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: {msg: never}}]\n"
    assert prints(f"{plays}- hosts: aws-staging\n  gather_facts: false\n  tasks: []\n") == ("", "")


def test_warnings_stay_and_notices_of_what_will_be_dropped_do_not(prints):
    reserved = "- ansible.builtin.debug: {msg: Hello}\n  vars: {environment: 1}\n"
    deprecated = "- name: Look\n  ansible.builtin.set_fact: {a: 1}\n  when: '{{ true }}'\n"
    out, err = prints(reserved + deprecated)
    assert "[WARNING]" in err and "reserved name" in err
    assert "DEPRECAT" not in (out + err).upper()


def test_json_is_all_that_is_printed(prints):
    text = """
    - name: Create the VPC
      ansible.builtin.assert: {that: true}
      changed_when: true
    - ansible.builtin.debug: {msg: "{{ {'a': [1, true]} | to_json }}"}
    """
    out, err = prints(text, "-e", "output=json")
    assert (json.loads(out), err) == ({"a": [1, True]}, "")


def test_what_fails_does_not_get_into_the_json(prints):
    out, err = prints("- ansible.builtin.fail: {msg: Broken.}\n", "-e", "output=json", code=2)
    assert (out, err) == ("", "Broken.\n")


def test_a_mistake_in_the_playbook_does_not_get_into_the_json(prints):
    out, err = prints("- ansible.builtin.debug: {msg: '{{ nothing_at_all }}'}\n", "-e", "output=json", code=2)
    assert out == ""
    assert "'nothing_at_all' is undefined" in err


def test_on_github_a_play_is_a_group_and_a_failure_an_annotation(prints):
    plays = """
    - hosts: aws-staging
      name: Deploy
      gather_facts: false
      tasks:
        - name: Roll out
          ansible.builtin.assert: {that: true}
          changed_when: true
        - ansible.builtin.debug: {msg: so far so good}
    - hosts: aws-staging
      name: Tidy up
      gather_facts: false
      tasks:
        - name: Sweep
          ansible.builtin.assert: {that: true}
          changed_when: true
        - ansible.builtin.fail: {msg: "100% broken\\nfor good"}
    """
    out, _ = prints(plays, code=2, GITHUB_ACTIONS="true")
    assert without_recap(out) == said(
        """
        ::group::Deploy
          changed   Roll out
        ::endgroup::
        so far so good
        ::group::Tidy up
          changed   Sweep
        ::endgroup::
        ::error::100%25 broken%0Afor good
        """
    )


def test_a_task_that_takes_long_says_so_where_it_runs_still(prints):
    text = """
    - name: Create the gateway
      ansible.builtin.command: {argv: [sleep, "{{ {'aws-prod': 3}[inventory_hostname] | default(0) }}"]}
    """
    out, _ = prints(text, hosts="all", TOWPATH_SECONDS_OF_SILENCE="2")
    # A busy machine may take longer, and hear of it again.
    assert re.sub(r"( +running .*\(\d+ s\)\n)+", r"\1", without_recap(out)) == said(
        """
        Make it so
          changed   staging: Create the gateway
          running   prod: Create the gateway (2 s)
          changed   prod: Create the gateway
        """
    ).replace("(2 s)", re.findall(r"\(\d+ s\)", out)[-1])


def test_an_action_of_ours_speaks_for_itself_below_its_play(prints):
    out, _ = prints("- ansible.builtin.pause: {seconds: 1}\n", TOWPATH_SECONDS_OF_SILENCE="0.3")
    assert out.startswith("Make it so\n")
    assert "running" not in out


def test_an_interrupted_play_ends_at_once(prints):
    process = prints.start("- ansible.builtin.command: {argv: [sleep, '30']}\n", TOWPATH_SECONDS_OF_SILENCE="0.2")
    assert process.stdout.readline() == "Make it so\n"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == 99
    assert "User interrupted execution" in out + err


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        pytest.param(["-v"], {}, id="verbose"),
        pytest.param([], {"ANSIBLE_STDOUT_CALLBACK": "default"}, id="asked for"),
    ],
)
def test_ansibles_own_output_is_a_switch_away(prints, arguments, environment):
    text = TASKS["what changes is a line below the play"][0]
    out, _ = prints(text, *arguments, **environment)
    assert "TASK [Create the VPC] ***" in out
    assert "PLAY RECAP ***" in out
    if arguments:
        assert out == prints(text, *arguments, ANSIBLE_STDOUT_CALLBACK="default")[0]
