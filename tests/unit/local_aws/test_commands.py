"""Other programs: what they say, and what is said when they fail."""

import pytest

from local_aws import commands
from local_aws.emulator import LocalAwsError


def test_the_output_of_one_command_is_returned_and_all_of_it_logged(tmp_path):
    log = tmp_path / "log"
    for word in ("one", "two"):
        said = commands.run(["sh", "-c", f"echo {word}; echo err >&2"], log=log, expected="x", advice="y")
        assert said == f"{word}\nerr\n"
    assert "one" in log.read_text()
    assert "two" in log.read_text()


def test_what_is_given_goes_to_standard_input_and_not_into_the_log(tmp_path):
    commands.run(
        ["sh", "-c", "read x && test $x = secret"], log=tmp_path / "log", expected="", advice="", given="secret\n"
    )
    assert "\nsecret" not in (tmp_path / "log").read_text()


def test_a_failure_names_what_was_expected_the_end_of_the_log_and_what_to_do(tmp_path):
    with pytest.raises(LocalAwsError) as problem:
        commands.run(["sh", "-c", "echo why; exit 7"], log=tmp_path / "log", expected="a miracle", advice="pray")
    for part in ("a miracle", "exit code 7", "why", "Next: pray"):
        assert part in str(problem.value)


def test_a_missing_command_is_named(tmp_path):
    with pytest.raises(LocalAwsError, match="no command no-such-command"):
        commands.run(["no-such-command"], log=tmp_path / "log", expected="x", advice="y")
    assert commands.ask("no-such-command").code == 127


def test_a_command_that_does_not_answer_is_given_up():
    assert commands.ask("sleep", "60", seconds=0.1).code == 124
