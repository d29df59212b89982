import pytest
from ansible.module_utils.towpath.listener_rules import (
    BYPASS_HEADER,
    EVERY_PATH,
    NOT_FOUND_PRIORITIES,
    ORIGIN_PRIORITY,
    PAGE_PRIORITY,
    answer_of,
    fixed_response,
    forward_to,
    give_host,
    header_condition,
    host_condition,
    host_of,
    host_problem,
    in_maintenance,
    let_through,
    origin_rule,
    page_problem,
    strangers,
    take_host,
    token_in,
    turn_off,
    turn_on,
    way_in,
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


def conditions_as_aws_answers(conditions):
    """AWS spells hosts and paths in both ways, whichever it was given."""
    return [
        condition | {"Values": config["Values"]}
        for condition in conditions
        for name, config in condition.items()
        if name in ("HostHeaderConfig", "PathPatternConfig")
    ] + [condition for condition in conditions if "HttpHeaderConfig" in condition]


def a_rule(priority, actions, *conditions):
    return {
        "RuleArn": f"arn:rule/{priority}",
        "Priority": str(priority),
        "Conditions": conditions_as_aws_answers(conditions),
        "Actions": as_aws_answers(actions),
    }


DEFAULT = a_rule("default", forward_to(GROUP))
BYPASS = a_rule(1, forward_to(GROUP), header_condition(BYPASS_HEADER, TOKEN))
SHOWN = a_rule(2, fixed_response(503, PAGE), EVERY_PATH)
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
            [BYPASS, a_rule(2, fixed_response(503, "Soon"), EVERY_PATH), DEFAULT],
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


HEADER, SECRET, HOST = "X-Origin-Verify", "fedcba9876543210", "pr-12.staging.example.com"
FROM_CLOUDFRONT = header_condition(HEADER, SECRET)
ORIGIN = a_rule(ORIGIN_PRIORITY, forward_to(GROUP), FROM_CLOUDFRONT)


def of_a_host(host, priority=1000, actions=None, *more):
    return a_rule(priority, actions or forward_to(GROUP), host_condition(host), *more)


@pytest.mark.parametrize(
    ("rules", "calls"),
    [
        pytest.param([DEFAULT], ["create"], id="made"),
        pytest.param([ORIGIN, DEFAULT], [], id="as it should be"),
        pytest.param([a_rule(10, forward_to(GROUP), FROM_CLOUDFRONT)], ["move"], id="moved to the end"),
        pytest.param([a_rule(ORIGIN_PRIORITY, forward_to("arn:old"), FROM_CLOUDFRONT)], ["modify"], id="led elsewhere"),
        pytest.param([a_rule(10, forward_to("arn:old"), FROM_CLOUDFRONT)], ["modify", "move"], id="both"),
        pytest.param([of_a_host(HOST, 1000, None, FROM_CLOUDFRONT)], ["create"], id="that of a host is another"),
        pytest.param([BYPASS], ["create"], id="that of maintenance is another"),
    ],
)
def test_the_rule_of_the_origin_is(rules, calls):
    steps = let_through(a_listener(), rules, HEADER, SECRET, GROUP)
    assert [step.call for step in steps] == calls
    assert all(SECRET not in step.words for step in steps)


def test_the_rule_of_the_origin_is_looked_at_after_all_others():
    [made] = let_through(a_listener(), [DEFAULT], HEADER, SECRET, GROUP)
    assert made.request["Priority"] == 50000 > max(NOT_FOUND_PRIORITIES)


def given(rules, actions=None, *conditions):
    conditions = [host_condition(HOST), *conditions]
    return give_host(a_listener(), rules, HOST, conditions, actions or forward_to(GROUP))


@pytest.mark.parametrize(
    ("rules", "calls"),
    [
        pytest.param([DEFAULT], ["create"], id="made"),
        pytest.param([of_a_host(HOST)], [], id="as it should be"),
        pytest.param([of_a_host(HOST.upper())], ["modify"], id="in large letters"),
        pytest.param([of_a_host(HOST, 1000, forward_to("arn:old"))], ["modify"], id="led elsewhere"),
        pytest.param([of_a_host(HOST, 1000, None, FROM_CLOUDFRONT)], ["modify"], id="without CloudFront now"),
        pytest.param([of_a_host(HOST), of_a_host(HOST, 1001)], ["delete"], id="there once, not twice"),
        pytest.param([of_a_host("pr-1.staging.example.com")], ["create"], id="that of another host is another"),
        pytest.param([of_a_host(HOST, 1000, None, EVERY_PATH)], ["create"], id="that of a host and a path is another"),
    ],
)
def test_the_rule_of_a_host_is(rules, calls):
    assert [step.call for step in given(rules)] == calls


def test_the_rule_of_a_host_follows_cloudfronts_secret():
    other = of_a_host(HOST, 1000, None, header_condition(HEADER, "another"))
    [step] = given([other], None, FROM_CLOUDFRONT)
    assert step.request == {"RuleArn": "arn:rule/1000", "Conditions": [host_condition(HOST), FROM_CLOUDFRONT]}
    assert step.words == f"the rule for {HOST} on port 80"


def test_the_values_of_one_rule_are_fewer_than_the_five_that_aws_allows():
    [step] = given([], None, FROM_CLOUDFRONT)
    values = [
        value for one in step.request["Conditions"] for key in one if "Config" in key for value in one[key]["Values"]
    ]
    assert values == [HOST, SECRET]


@pytest.mark.parametrize(
    ("rules", "actions", "priority"),
    [
        pytest.param([DEFAULT, ORIGIN], forward_to(GROUP), 1000, id="the first"),
        pytest.param([of_a_host("a.b"), of_a_host("c.d", 1002)], forward_to(GROUP), 1001, id="a gap"),
        pytest.param([of_a_host("a.b")], fixed_response(404, "No"), 40000, id="one that leads nowhere is after all"),
    ],
)
def test_a_new_rule_takes_the_lowest_place_that_is_free(rules, actions, priority):
    assert given(rules, actions)[0].request["Priority"] == priority
    assert PAGE_PRIORITY < priority < ORIGIN_PRIORITY


def test_every_rule_of_a_host_is_taken_away_and_no_other():
    rules = [of_a_host(HOST), of_a_host("a.b", 1001), of_a_host(HOST, 1002), ORIGIN, DEFAULT]
    steps = take_host(a_listener(), rules, HOST)
    assert [step.request["RuleArn"] for step in steps] == ["arn:rule/1000", "arn:rule/1002"]


@pytest.mark.parametrize(
    ("conditions", "host"),
    [
        pytest.param(
            [{"Field": "host-header", "Values": ["A.example.com"]}], "a.example.com", id="spelt in the old way"
        ),
        pytest.param([{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.b"]}}], "*.b", id="and in the new"),
        pytest.param([{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b", "c.d"]}}], "", id="two hosts"),
        pytest.param([host_condition("a.b"), FROM_CLOUDFRONT], "a.b", id="with a header"),
        pytest.param([FROM_CLOUDFRONT], "", id="no host"),
        pytest.param([], "", id="the default"),
    ],
)
def test_a_rule_is_for(conditions, host):
    assert host_of({"Conditions": conditions}) == host


@pytest.mark.parametrize(
    ("ports", "port"),
    [([80], 80), ([80, 443], 443), ([443, 80], 443), ([8080, 80], 80), ([8080], None), ([], None)],
)
def test_people_come_in_by_https_where_it_is_spoken(ports, port):
    found = way_in([a_listener(one) for one in ports])
    assert (found and found["Port"]) == port


def test_the_origin_is_known_by_its_form_wherever_it_stands():
    assert origin_rule([BYPASS, of_a_host(HOST, 1000, None, FROM_CLOUDFRONT), ORIGIN], HEADER) == ORIGIN
    assert origin_rule([BYPASS, DEFAULT], HEADER) is None


@pytest.mark.parametrize(
    ("actions", "words"), [(forward_to(GROUP), GROUP), (fixed_response(404, "Nobody."), "404 Nobody.")]
)
def test_an_answer_is_shown_in_a_few_words(actions, words):
    assert answer_of({"Actions": as_aws_answers(actions)}) == words


@pytest.mark.parametrize(
    ("host", "good"),
    [
        pytest.param(HOST, True, id="a name"),
        pytest.param("*.staging.example.com", True, id="every name below"),
        pytest.param("pr-?.example.com", True, id="one letter"),
        pytest.param("a_b.example.com", True, id="an underscore"),
        pytest.param("localhost", False, id="no dot"),
        pytest.param("example.c0m", False, id="a digit after the last dot"),
        pytest.param("example.*", False, id="a star after the last dot"),
        pytest.param("a b.example.com", False, id="a space"),
        pytest.param("bücher.example.com", False, id="a letter beyond ASCII"),
        pytest.param("", False, id="none"),
        pytest.param("a" * 116 + ".example.com", True, id="as long as it may be"),
        pytest.param("a" * 117 + ".example.com", False, id="a letter too long"),
    ],
)
def test_a_host_that_a_load_balancer_cannot_keep_is_refused(host, good):
    assert bool(host_problem(host)) != good
