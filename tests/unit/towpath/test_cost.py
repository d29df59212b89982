import pytest
from ansible.module_utils.towpath.cost import CostProblem, as_data, priced, table, total

PRICES = {"gateway_hour": 0.045, "large_hour": 0.2, "small_hour": 0.1, "zone_month": 0.5}


def item(**given):
    return {"what": "gateways", "price": "gateway_hour", "amount": 2} | given


@pytest.mark.parametrize(
    ("given", "dollars"),
    [
        pytest.param(item(), 65.7, id="by the hour, 730 of them"),
        pytest.param(item(price="zone_month", amount=3), 1.5, id="by the month"),
        pytest.param(item(amount="0.25", price="large_hour"), 36.5, id="a part, as a template writes it"),
    ],
)
def test_an_item_costs_its_amount_times_its_price(given, dollars):
    assert total(priced([given], PRICES)) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("cheaper", "saves"),
    [
        pytest.param({"setting": "one", "amount": 1}, 32.85, id="fewer"),
        pytest.param({"setting": "smaller", "price": "zone_month"}, 64.7, id="another price"),
        pytest.param({"setting": "one", "amount": 2}, None, id="the same is no saving"),
        pytest.param({"setting": "more", "amount": 3}, None, id="dearer is no saving"),
    ],
)
def test_what_is_cheaper_is_said_with_what_it_saves(cheaper, saves):
    (found,) = priced([item(cheaper=cheaper)], PRICES)
    assert (found.cheaper and found.cheaper.dollars) == (saves and pytest.approx(saves))


def test_what_there_is_none_of_is_left_out():
    assert priced([item(amount=0)], PRICES) == []


def test_a_price_that_is_not_in_the_table_is_refused_with_where_to_add_it():
    with pytest.raises(CostProblem, match=r"huge_hour.*group_vars/all/prices.yml"):
        priced([item(price="huge_hour")], PRICES)


def test_the_table_is_aligned_and_adds_up():
    items = priced(
        [item(cheaper={"setting": "network: one", "amount": 1}), item(what="zone", price="zone_month", amount=1)],
        PRICES,
    )
    lines = table("staging", items, "2026-03")
    assert lines == [
        "About 66 dollars a month for staging (us-east-1, prices of 2026-03)",
        "  gateways       2 x 0.045    a h        65.70",
        "  zone           1 x 0.5      a month     0.50",
        "  total                                  66.20",
        "  What would be cheaper:",
        "    network: one                    saves    32.85",
    ]
    assert as_data("staging", items, "2026-03")["total"] == 66.2
