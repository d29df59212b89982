import pytest
from ansible.module_utils.towpath.aws_tags import tag_problems


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({}, id="none"),
        pytest.param({"towpath:git-sha": "4f2c9d1"}, id="ours"),
        pytest.param({"who": "Zoë Müller +1 @ops = 5/6_7.8"}, id="letters of any language, and all signs"),
        pytest.param({"promoted-from": ""}, id="an empty value"),
        pytest.param({"a" * 128: "b" * 256}, id="the longest"),
        pytest.param({f"tag{number}": "" for number in range(50)}, id="the most"),
    ],
)
def test_tags_that_aws_takes_are_fine(tags):
    assert tag_problems(tags) == []


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        pytest.param({"": "x"}, "has 0 characters, expected 1 to 128", id="no key"),
        pytest.param({"a" * 129: "x"}, "has 129 characters", id="a long key"),
        pytest.param({"why": "b" * 257}, "The tag why has 257 characters, expected 256 at most.", id="a long value"),
        pytest.param({"AWS:x": "x"}, "begins with aws:", id="AWS's own prefix"),
        pytest.param({"why": "fix (#12), really!"}, "has '!' '#' '(' ')' ','", id="other signs"),
        pytest.param({"why": "one\ntwo"}, r"'\n'", id="a line break"),
        pytest.param({f"tag{number}": "" for number in range(51)}, "There are 51 tags", id="too many"),
    ],
)
def test_tags_that_aws_refuses_are_told(tags, said):
    (problem,) = tag_problems(tags)
    assert said in problem
