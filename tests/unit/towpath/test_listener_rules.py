import pytest
from ansible.module_utils.towpath.listener_rules import (
    BYPASS_HEADER,
    fixed_response,
    forward_to,
    header_condition,
    in_maintenance,
    page_problem,
    strangers,
    token_in,
    turn_off,
    turn_on,
)

PAGE, TOKEN, GROUP = "<h1>Back soon</h1>", "0123456789abcdef", "arn:group"


def as_aws_answers(actions):
    """AWS adds an order, and says the one target group twice."""
    answered = []
    for action in actions:
        more = {"Order": 1}
        if "TargetGroupArn" in action:
            more["ForwardConfig"] = {"TargetGroups": [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}]}
        answered.append(action | more)
    return answered


def a_listener(port=80, actions=None):
    return {"ListenerArn": f"arn:{port}", "Port": port, "DefaultActions": as_aws_answers(actions or forward_to(GROUP))}


def a_rule(priority, actions, condition=None):
    conditions = [condition] if condition else []
    return {
        "RuleArn": f"arn:rule/{priority}",
        "Priority": str(priority),
        "Conditions": conditions,
        "Actions": as_aws_answers(actions),
    }


DEFAULT = a_rule("default", forward_to(GROUP))
BYPASS = a_rule(1, forward_to(GROUP), header_condition(BYPASS_HEADER, TOKEN))
SHOWN = a_rule(2, fixed_response(503, PAGE))
ON = [BYPASS, SHOWN, DEFAULT]
REDIRECT = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]


def said(steps):
    return [(step.call, step.words) for step in steps]


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        pytest.param(
            [DEFAULT],
            [("create", "the way past it on port 80"), ("create", "the page on port 80")],
            id="the way past it is there before the page",
        ),
        pytest.param(ON, [], id="nothing, when it is on"),
        pytest.param([SHOWN, DEFAULT], [("create", "the way past it on port 80")], id="what is missing"),
        pytest.param(
            [BYPASS, a_rule(2, fixed_response(503, "Soon")), DEFAULT],
            [("modify", "the page on port 80")],
            id="another page",
        ),
        pytest.param(
            [a_rule(1, forward_to("arn:old"), header_condition(BYPASS_HEADER, TOKEN)), SHOWN, DEFAULT],
            [("modify", "the way past it on port 80")],
            id="another target group",
        ),
    ],
)
def test_maintenance_begins_with(rules, steps):
    assert said(turn_on(a_listener(), rules, PAGE, TOKEN, GROUP)) == steps


def test_a_listener_that_only_shows_the_way_to_https_shows_it_to_those_who_may_pass():
    [bypass, _] = turn_on(a_listener(actions=REDIRECT), [DEFAULT], PAGE, TOKEN, GROUP)
    assert bypass.request["Actions"] == REDIRECT


def test_a_listener_that_turns_all_but_cloudfront_away_lets_those_with_the_token_to_the_app():
    [bypass, _] = turn_on(a_listener(443, fixed_response(403, "No")), [DEFAULT], PAGE, TOKEN, GROUP)
    assert bypass.request["Actions"] == forward_to(GROUP)


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        pytest.param(ON, ["arn:rule/2", "arn:rule/1"], id="the page first"),
        pytest.param([BYPASS, DEFAULT], ["arn:rule/1"], id="what an interrupted end left"),
        pytest.param([DEFAULT], [], id="nothing, when it is off"),
    ],
)
def test_maintenance_ends_by_taking_away(rules, gone):
    assert [step.request["RuleArn"] for step in turn_off(a_listener(), rules)] == gone


@pytest.mark.parametrize(
    ("rules", "answer"),
    [
        pytest.param(ON, True, id="on"),
        pytest.param([BYPASS, DEFAULT], False, id="only the way past it"),
        pytest.param([a_rule(2, fixed_response(403, PAGE)), DEFAULT], False, id="a refusal is no maintenance"),
        pytest.param([DEFAULT], False, id="off"),
        pytest.param([], False, id="no rules"),
    ],
)
def test_maintenance_is_known_by_its_page(rules, answer):
    assert in_maintenance(rules) == answer


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        pytest.param(ON, [], id="ours"),
        pytest.param([a_rule(1, forward_to(GROUP)), DEFAULT], ["priority 1 (arn:rule/1)"], id="no header asked for"),
        pytest.param(
            [a_rule(1, forward_to(GROUP), header_condition("X-Other", "a")), DEFAULT],
            ["priority 1 (arn:rule/1)"],
            id="another header",
        ),
        pytest.param([a_rule(2, forward_to(GROUP)), DEFAULT], ["priority 2 (arn:rule/2)"], id="no page"),
        pytest.param([a_rule(3, forward_to(GROUP)), DEFAULT], [], id="elsewhere they may be"),
    ],
)
def test_rules_of_others_in_the_place_of_maintenance_are_named(rules, named):
    assert strangers(rules) == named


def test_a_token_is_found_whatever_the_case_of_its_header():
    assert token_in(BYPASS, BYPASS_HEADER.lower()) == TOKEN
    assert token_in(BYPASS, "X-Other") == token_in(None, BYPASS_HEADER) == ""


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param("x" * 1024, "", id="as long as it may be"),
        pytest.param("x" * 1025, "1025 bytes", id="a byte too long"),
        pytest.param("é" * 600, "1200 bytes", id="letters of two bytes"),
        pytest.param(" \n", "empty", id="nothing but space"),
    ],
)
def test_a_page_that_a_load_balancer_cannot_keep_is_refused_with_its_size(page, words):
    assert words in page_problem(page)
    assert bool(page_problem(page)) == bool(words)


@pytest.mark.parametrize(("page", "kind"), [("<p>Soon</p>", "text/html"), ("Back soon", "text/plain")])
def test_a_page_is_html_when_it_begins_as_html(page, kind):
    assert fixed_response(503, page)[0]["FixedResponseConfig"]["ContentType"] == kind
