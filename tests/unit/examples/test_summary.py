"""Several runs of pytest, added up."""

from tests import summary

GOOD = '<testsuites><testsuite tests="5" failures="0" errors="0" skipped="1" time="1.5"/></testsuites>'
BAD = '<testsuites><testsuite tests="4" failures="1" errors="1" skipped="0" time="2.25"/></testsuites>'


def test_a_good_run_counts_what_passed():
    assert summary.add_up([GOOD]) == "==== 4 passed, 1 skipped in 1.50s ===="


def test_several_runs_are_added_up():
    assert summary.add_up([GOOD, BAD]) == "==== 6 passed, 1 failed, 1 errors, 1 skipped in 3.75s ===="
