"""The runner of the end-to-end tests reads expressions as GitHub does, as far as ours go."""

from __future__ import annotations

import pytest

from tests.e2e.github_actions import Event, filled, read_outputs

CONTEXTS = {
    "labels": [{"name": "one"}, {"name": "two"}],
    "inputs": {"a": "x", "empty": "", "flag": False, "number": 12},
    "needs": {"job": {"outputs": {"url": "u"}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${{ inputs.a }}", "x"),
        ("${{ inputs.flag }}", False),
        ("${{ !inputs.flag }}", True),
        ("${{ inputs.missing }}", None),
        ("a-${{ inputs.a }}-${{ inputs.missing }}", "a-x-"),
        ("${{ inputs.empty || 'other' }}", "other"),
        ("${{ inputs.a != 'staging' && inputs.a || '' }}", "x"),
        ("${{ inputs.a == 'x' && 'deploy' || 'plan' }}", "deploy"),
        ("${{ inputs.flag && '--check' || '' }}", ""),
        ("${{ (inputs.a == 'y' || inputs.number == 12) && 'it''s' }}", "it's"),
        ("${{ format('{0}-{1}', inputs.a, inputs.flag) }}", "x-false"),
        ("${{ contains(labels.*.name, 'two') }}", True),
        ("${{ contains(labels.*.name, 'three') }}", False),
        ("${{ contains(none.*.name, 'two') }}", False),
        ("${{ !cancelled() }}", True),
        ('{"a": ${{ toJSON(needs.job.outputs.url) }}}', '{"a": "u"}'),
    ],
)
def test_an_expression_is_what_it_is_on_github(text, value):
    assert filled(text, CONTEXTS) == value


@pytest.mark.parametrize("text", ["${{ inputs.a + 1 }}", "${{ startsWith(inputs.a, 'x') }}", "${{ inputs[0] }}"])
def test_what_ours_do_not_use_is_not_guessed(text):
    with pytest.raises((AssertionError, KeyError)):
        filled(text, CONTEXTS)


def test_outputs_of_one_line_and_of_several_are_read():
    assert read_outputs("a=1=2\nplan<<END_\nx\nEND\n\nEND_\nb<<END\nEND\n") == {"a": "1=2", "plan": "x\nEND\n", "b": ""}


@pytest.mark.parametrize(
    ("event", "environment", "subject"),
    [
        (Event("push"), "", "repo:octo-org/webapp:ref:refs/heads/main"),
        (Event("push"), "prod", "repo:octo-org/webapp:environment:prod"),
        (Event("pull_request", ref="refs/pull/1/merge"), "", "repo:octo-org/webapp:pull_request"),
        (Event("pull_request", ref="refs/pull/1/merge"), "provision", "repo:octo-org/webapp:environment:provision"),
    ],
)
def test_a_token_is_of_its_environment_else_of_its_pull_request_else_of_its_branch(event, environment, subject):
    assert event.subject(environment) == subject
