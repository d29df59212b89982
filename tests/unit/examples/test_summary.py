"""Several runs of pytest, added up."""

from tests import summary

GOOD = '<testsuites><testsuite tests="5" failures="0" errors="0" skipped="1" time="1.5"/></testsuites>'
BAD = '<testsuites><testsuite tests="4" failures="1" errors="1" skipped="0" time="2.25"/></testsuites>'
CASE = '<testcase classname="tests.e2e.test_run" name="test_it"/>'


def again(failures: int) -> str:
    counts = f'tests="2" failures="{failures}" errors="0" skipped="0" time="1"'
    return f"<testsuites><testsuite {counts}>{CASE}{CASE}</testsuite></testsuites>"


def test_a_good_run_counts_what_passed():
    assert summary.add_up({"unit.xml": GOOD}) == "==== 4 passed, 1 skipped in 1.50s ===="


def test_several_runs_are_added_up():
    assert (
        summary.add_up({"unit.xml": GOOD, "e2e.xml": BAD})
        == "==== 6 passed, 1 failed, 1 errors, 1 skipped in 3.75s ===="
    )


def test_what_passed_at_the_second_try_is_counted_once_and_named():
    *named, counts = summary.add_up({"unit.xml": GOOD, "e2e.xml": BAD, "e2e.again.xml": again(0)}).splitlines()
    assert counts == "==== 8 passed, 1 skipped in 4.75s ===="
    assert set(named) == {"Tried twice, because it failed at first: tests.e2e.test_run::test_it"}


def test_what_failed_at_the_second_try_too_has_failed():
    told = summary.add_up({"e2e.xml": BAD, "e2e.again.xml": again(1)})
    assert told.splitlines()[-1] == "==== 3 passed, 1 failed in 3.25s ===="
