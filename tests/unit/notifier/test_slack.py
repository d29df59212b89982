"""How messages get to Slack: tries, patience and refusals, against a Slack on loopback."""

from __future__ import annotations

import time

import pytest

from notifier import aws, slack

MESSAGE = {"text": "a", "blocks": []}


def soon(seconds: float = 10) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([(500, "")], id="500"),
        pytest.param([(503, "<html>"), (502, "")], id="503 and 502"),
        pytest.param([(429, "ratelimited")], id="429"),
    ],
)
@pytest.mark.parametrize("by", ["with_bot", "with_webhooks"])
def test_what_passes_is_tried_again(account, answers, by):
    getattr(account, by)()
    for status, body in answers:
        account.slack.answer(status, body)
    slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert len(account.slack.sent) == len(answers) + 1


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "service_unavailable"])
def test_an_error_that_passes_is_tried_again_though_its_status_is_good(account, error):
    account.with_bot()
    account.slack.answer(200, {"ok": False, "error": error})
    assert slack.post(slack.way("ALERTS"), MESSAGE, soon()).ts == "1700000000.000002"


def test_slack_is_given_the_time_that_it_asks_for(account):
    account.with_webhooks()
    account.slack.answer(429, Retry_After="1")
    begun = time.monotonic()
    slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert time.monotonic() - begun >= 1


def test_a_longer_wait_than_there_is_time_for_is_not_begun(account):
    account.with_webhooks()
    account.slack.answer(429, Retry_After="30")
    begun = time.monotonic()
    with pytest.raises(slack.SlackUnavailable, match="it asks to wait 30 s"):
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert time.monotonic() - begun < 5


def test_tries_end_after_some(account):
    account.with_webhooks()
    for _ in range(9):
        account.slack.answer(500)
    with pytest.raises(slack.SlackUnavailable, match="it answered 500"):
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert len(account.slack.sent) == slack.MOST_TRIES


def test_a_slow_slack_is_given_up_in_time(account, monkeypatch):
    account.with_webhooks()
    monkeypatch.setattr(slack, "TRY_SECONDS", 0.1)
    account.slack.seconds_to_answer = 0.3
    begun = time.monotonic()
    with pytest.raises(slack.SlackUnavailable, match="it did not answer in time"):
        slack.post(slack.way("ALERTS"), MESSAGE, soon(0.5))
    assert time.monotonic() - begun < 0.8


def test_with_no_time_left_nothing_is_tried(account, invocation):
    account.with_webhooks()
    with pytest.raises(slack.SlackUnavailable, match="there was no time left"):
        slack.post(slack.way("ALERTS"), MESSAGE, soon(-1))
    assert account.slack.sent == []


def test_the_deadline_leaves_time_to_say_how_it_went(invocation):
    left = slack.deadline(invocation) - time.monotonic()
    assert 20 - slack.RESERVED_SECONDS - 1 < left <= 20 - slack.RESERVED_SECONDS


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(404, "no_service", "webhook: no_service. The webhook may have been revoked.", id="revoked"),
        pytest.param(403, "action_prohibited", "webhook: action_prohibited", id="prohibited"),
        pytest.param(410, "channel_is_archived", "Unarchive the channel", id="archived"),
        pytest.param(400, "invalid_payload", "a fault of Towpath's", id="invalid"),
        pytest.param(302, "<html>Moved", "webhook: 302", id="a redirect, which is not followed"),
    ],
)
def test_what_a_webhook_refuses_is_not_tried_again(account, status, body, said):
    account.with_webhooks()
    account.slack.answer(status, body, Location=f"{account.slack.url}/elsewhere")
    with pytest.raises(slack.SlackRefused, match=said.replace(".", r"\.")):
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert len(account.slack.sent) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(
            "invalid_auth", "The bot token may have been revoked. Set it again: ansible-playbook slack.yml", id="auth"
        ),
        pytest.param(
            "not_in_channel", "Slack refused the bot's message to #alerts: not_in_channel. Invite the bot", id="channel"
        ),
        pytest.param("missing_scope", "chat:write", id="scope"),
    ],
)
def test_what_a_bot_is_refused_says_what_to_do(account, error, said):
    account.with_bot()
    account.slack.answer(200, {"ok": False, "error": error})
    with pytest.raises(slack.SlackRefused, match=said.replace(".", r"\.")) as refused:
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert refused.value.error == error


def test_a_slack_that_is_down_is_tried_again_later(account, capsys):
    account.ssm.put_parameter(
        Name="/webapp/slack/alerts-webhook", Value="http://127.0.0.1:9/T0/B0/key", Type="SecureString"
    )
    with pytest.raises(slack.SlackUnavailable, match="no connection") as unavailable:
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert "key" not in f"{unavailable.value} {capsys.readouterr().out}"


@pytest.mark.parametrize("address", ["no address: key", "file:///etc/passwd?key", "http://[key", "https://a b/key"])
def test_an_address_that_is_none_is_refused_and_not_shown(account, address, capsys):
    account.ssm.put_parameter(Name="/webapp/slack/alerts-webhook", Value=address, Type="SecureString")
    with pytest.raises(slack.SlackRefused, match="It is no address that begins with https://") as refused:
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert "key" not in f"{refused.value} {capsys.readouterr().out}"


def test_neither_address_nor_token_is_in_the_log_or_in_what_a_way_looks_like(account, capsys):
    account.with_bot().with_webhooks()
    for purpose in ("ALERTS", "DEPLOYS"):
        way = slack.way(purpose)
        account.slack.answer(500)
        slack.post(way, MESSAGE, soon())
        assert "xoxb" not in repr(way)
    said = capsys.readouterr().out
    assert '"slack_try_failed"' in said
    assert "xoxb" not in said
    assert "services" not in said


@pytest.mark.parametrize(
    ("bot", "webhooks", "channel", "kind"),
    [
        pytest.param(True, True, "#alerts", "bot", id="the bot goes before the webhook"),
        pytest.param(True, True, "", "webhook", id="a bot needs a channel"),
        pytest.param(False, True, "#alerts", "webhook", id="no bot"),
        pytest.param(True, False, "", None, id="a bot without a channel"),
        pytest.param(False, False, "#alerts", None, id="nothing"),
    ],
)
def test_the_way_is_what_is_set(account, monkeypatch, bot, webhooks, channel, kind):
    if bot:
        account.with_bot()
    if webhooks:
        account.with_webhooks()
    monkeypatch.setenv("SLACK_ALERTS_CHANNEL", channel)
    way = slack.way("ALERTS")
    assert (way and way.kind) == kind


def test_the_parameters_are_read_once_in_five_minutes(account, monkeypatch):
    account.with_webhooks()
    before = slack.way("ALERTS")
    account.with_bot()
    assert slack.way("ALERTS") == before
    monkeypatch.setitem(slack._kept, "at", time.monotonic() - 301)
    assert slack.way("ALERTS").kind == "bot"


def test_parameters_that_have_no_names_are_not_asked_for(account, monkeypatch):
    for name in ("SLACK_BOT_TOKEN", "SLACK_DEPLOYS_WEBHOOK", "SLACK_ALERTS_WEBHOOK"):
        monkeypatch.delenv(f"{name}_PARAMETER")
    monkeypatch.setattr(aws, "client", lambda service: pytest.fail(f"{service} was asked"))
    assert slack.way("ALERTS") is None


def test_a_webhook_that_was_set_again_is_used_at_once(account):
    account.with_webhooks()
    account.slack.answer(404, "no_service")
    with pytest.raises(slack.SlackRefused):
        slack.post(slack.way("ALERTS"), MESSAGE, soon())
    address = f"{account.slack.url}/renewed"
    account.ssm.put_parameter(Name="/webapp/slack/alerts-webhook", Value=address, Type="SecureString", Overwrite=True)
    slack.post(slack.way("ALERTS"), MESSAGE, soon())
    assert [one["by"] for one in account.slack.sent] == ["services", "renewed"]
