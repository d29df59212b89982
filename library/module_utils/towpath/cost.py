"""What an environment costs a month. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from typing import Any, NamedTuple

HOURS_A_MONTH = 730


class CostProblem(ValueError):
    """An item that cannot be priced."""


class Saving(NamedTuple):
    setting: str
    dollars: float


class Item(NamedTuple):
    what: str
    amount: float
    unit_price: float
    unit: str
    """``h`` for hour, ``month`` for month."""
    dollars: float
    """A month."""
    cheaper: Saving | None


def priced(items: list[dict[str, Any]], prices: dict[str, float]) -> list[Item]:
    """Price ``items``, each a dict of ``what``, ``price`` (a key of ``prices``), ``amount`` and perhaps ``cheaper``.

    ``cheaper`` is a dict of ``setting``, and of the ``amount`` and ``price`` that it leads to where they differ.
    Items of which there are none are left out. Raises CostProblem for a price that is not in the table.
    """
    return [_priced(one, prices) for one in items if float(one["amount"]) > 0]


def _priced(item: dict[str, Any], prices: dict[str, float]) -> Item:
    amount, unit_price = float(item["amount"]), _price(item["price"], item["what"], prices)
    dollars = _a_month(item["price"], amount, unit_price)
    cheaper = None
    if way := item.get("cheaper"):
        key = way.get("price", item["price"])
        other = _a_month(key, float(way.get("amount", amount)), _price(key, way["setting"], prices))
        if other < dollars:
            cheaper = Saving(way["setting"], dollars - other)
    return Item(item["what"], amount, unit_price, "h" if item["price"].endswith("_hour") else "month", dollars, cheaper)


def _price(key: str, what: str, prices: dict[str, float]) -> float:
    if key not in prices:
        raise CostProblem(
            f"There is no price for {what} ({key}). Add it to group_vars/all/prices.yml, from AWS's pricing page."
        )
    return float(prices[key])


def _a_month(key: str, amount: float, unit_price: float) -> float:
    return amount * unit_price * (HOURS_A_MONTH if key.endswith("_hour") else 1)


def total(items: list[Item]) -> float:
    return sum(item.dollars for item in items)


def table(name: str, items: list[Item], date: str) -> list[str]:
    """Lines for people: the items, their total, and what the cheaper choices would save."""
    width = max([len(item.what) for item in items] + [len("total")])
    lines = [f"About {total(items):.0f} dollars a month for {name} (us-east-1, prices of {date})"]
    for item in items:
        lines.append(
            f"  {item.what:<{width}}  {item.amount:>6g} x {item.unit_price:<8g} a {item.unit:<5} {item.dollars:>8.2f}"
        )
    lines.append(f"  {'total':<{width}}  {'':<25} {total(items):>8.2f}")
    savings = sorted((item.cheaper for item in items if item.cheaper), key=lambda each: -each.dollars)
    if savings:
        lines.append("  What would be cheaper:")
        lines += [f"    {saving.setting:<{width + 21}}   saves {saving.dollars:>8.2f}" for saving in savings]
    return lines


def as_data(name: str, items: list[Item], date: str) -> dict[str, Any]:
    """The same for machines, in dollars a month."""
    return {
        "name": name,
        "prices_date": date,
        "total": round(total(items), 2),
        "items": [
            {"what": one.what, "amount": one.amount, "unit_price": one.unit_price, "dollars": round(one.dollars, 2)}
            for one in items
        ],
        "savings": [
            {"setting": one.cheaper.setting, "dollars": round(one.cheaper.dollars, 2)} for one in items if one.cheaper
        ],
    }
