"""Texts of others in Slack's blocks: shown as they are, within Slack's limits."""

from __future__ import annotations

import pytest

from notifier import blocks, console


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("<!channel> & </a>", "&lt;!channel&gt; &amp; &lt;/a&gt;", id="what Slack acts on"),
        pytest.param("&lt;", "&amp;lt;", id="what is escaped already"),
        pytest.param("two\nlines\t", "two lines", id="one line"),
    ],
)
def test_somebody_elses_text_is_shown_as_it_is(text, shown):
    assert blocks.escaped(text) == shown


@pytest.mark.parametrize("most", range(2, 12))
def test_a_cut_leaves_no_half_of_an_entity(most):
    cut = blocks.escaped("a<&>b<&>", most)
    assert len(cut) <= most
    for entity in ("&lt;", "&gt;", "&amp;"):
        cut = cut.replace(entity, "")
    assert "&" not in cut


@pytest.mark.parametrize("text", ["```", "`" * 7, "a``` <!here> ```b", "ends with `"])
def test_a_code_block_is_not_ended_from_within(text):
    shown = blocks.code_block([text])
    assert shown.count("```") == 2
    assert shown.startswith("```\n")
    assert shown.endswith("\n```")


def test_code_is_not_ended_from_within():
    assert blocks.code("a`b <c>") == "`a'b &lt;c&gt;`"
    assert blocks.code("") == ""


def test_every_text_is_within_slacks_limits():
    long = "&" * 9000
    made = [blocks.section(long), blocks.context(long), blocks.section(blocks.code_block([long] * 30, 5000))]
    message = blocks.message(long, made * 30)
    assert len(message["blocks"]) == 50
    texts = [one.get("text") or one["elements"][0] for one in message["blocks"]]
    assert max(len(one["text"]) for one in texts) <= 3000
    assert texts[2]["text"].endswith("\n```")


def test_slack_makes_no_mentions_of_plain_words():
    assert blocks.section("@here")["text"]["verbatim"] is True


@pytest.mark.parametrize(
    ("region", "host"),
    [
        pytest.param("eu-central-1", "console.aws.amazon.com", id="aws"),
        pytest.param("us-gov-west-1", "console.amazonaws-us-gov.com", id="aws-us-gov"),
        pytest.param("cn-north-1", "console.amazonaws.cn", id="aws-cn"),
    ],
)
def test_a_link_to_the_log_is_in_the_partitions_console_and_encoded_as_it_is_there(region, host):
    assert console.log_events(region, "/ecs/staging/app", "app/[$LATEST]", 1700000000123) == (
        f"https://{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/$252Fecs$252Fstaging$252Fapp"
        "/log-events/app$252F$255B$2524LATEST$255D$3Fstart$3D1700000000123"
    )
