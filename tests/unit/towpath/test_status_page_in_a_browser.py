"""The page of the environments as Chromium shows it: wide and narrow, light and dark, judged by axe-core."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import axe_core_python
import pytest
from ansible.module_utils.towpath.status_page import page

from tests import browser
from tests.browser import Tab
from tests.unit.towpath.pages import CASES, GOOD_DAY

AXE = Path(axe_core_python.__file__).with_name("axe.min.js").read_text()
WIDE, NARROW = 1280, 360


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    if not browser.find():
        pytest.skip(f"needs a browser. Next: {browser.HOW_TO_GET_ONE}")
    with browser.open_tab() as opened:
        yield opened


def show(tab: Tab, file: Path, html: str, scheme: str, width: int) -> None:
    """Load the page, and unfold all that is folded."""
    file.write_text(html)
    tab.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    metrics = {"height": 800, "deviceScaleFactor": 1, "mobile": width == NARROW}
    tab.ask("Emulation.setDeviceMetricsOverride", width=width, **metrics)
    browser.show(tab, file)
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")


def faults(tab: Tab, file: Path) -> list[str]:
    """What is wrong with the page that is shown."""
    tab.run(f"{AXE}; null")
    judged = tab.run(
        "axe.run().then(found => [...found.violations, ...found.incomplete].flatMap("
        "rule => rule.nodes.map(node => rule.id + ': ' + node.target + ': ' + node.failureSummary)))"
    )
    room = tab.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    asked = {one["request"]["url"] for one in tab.told("Network.requestWillBeSent")} - {file.as_uri(), "data:,"}
    logged = [one["entry"]["text"] for one in tab.told("Log.entryAdded")]
    logged += [one["exceptionDetails"]["text"] for one in tab.told("Runtime.exceptionThrown")]
    return [
        *judged,
        *([f"{room[0]} px wide in {room[1]}"] if room[0] > room[1] else []),
        *(f"asked for {url}" for url in sorted(asked)),
        *(f"logged {text}" for text in logged),
    ]


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [
        ("bad", "light", WIDE),
        ("bad", "light", NARROW),
        ("bad", "dark", WIDE),
        ("bad", "dark", NARROW),
        ("good", "light", WIDE),
        ("first", "dark", NARROW),
    ],
)
def test_the_page_is_accessible_fits_asks_for_nothing_and_logs_nothing(tab, tmp_path, name, scheme, width):
    file = tmp_path / "status.html"
    show(tab, file, page(CASES[name]), scheme, width)
    assert faults(tab, file) == []
    assert tab.run("document.title") == "webapp: how its environments are"
    marks = "[...document.querySelectorAll('header, main, footer')].map(one => one.localName)"
    assert tab.run(marks) == ["header", "main", "footer"]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        pytest.param(
            "<main>", '<main><img alt="" src="https://other.example/x">', "asked for https://other", id="load"
        ),
        pytest.param("<main>", "<main><script>alert(1)</script>", "logged Executing inline script", id="script"),
        pytest.param("--quiet: #566073", "--quiet: #a0a8b8", "color-contrast", id="pale"),
        pytest.param("body {", "body { min-width: 400px;", "px wide in 360", id="wide"),
        pytest.param("<h3>", "<h5>", "heading-order", id="headings"),
        pytest.param(' lang="en"', "", "html-has-lang", id="language"),
    ],
)
def test_a_fault_would_be_noticed(tab, tmp_path, before, after, fault):
    file = tmp_path / "status.html"
    good = page(GOOD_DAY)
    assert before in good
    # The policy alone would stop most of them.
    html = good if fault.startswith("logged") else re.sub("<meta http-equiv=[^>]*>", "", good)
    show(tab, file, html.replace(before, after), "light", NARROW)
    assert any(fault in one for one in faults(tab, file)), faults(tab, file)


def test_both_schemes_are_shown(tab, tmp_path):
    backgrounds = []
    for scheme in ("light", "dark"):
        show(tab, tmp_path / "status.html", page(GOOD_DAY), scheme, WIDE)
        backgrounds.append(tab.run("getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == ["rgb(245, 246, 248)", "rgb(14, 19, 26)"]


def test_the_keyboard_s_focus_is_seen(tab, tmp_path):
    show(tab, tmp_path / "status.html", page(GOOD_DAY), "light", WIDE)
    focused = "(one => [one.textContent, getComputedStyle(one).outlineStyle, one.getBoundingClientRect().left > 0])"
    seen = []
    for _ in range(3):
        for kind in ("keyDown", "keyUp"):
            tab.ask("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        seen.append(tab.run(f"{focused}(document.activeElement)"))
    assert seen == [
        ["Skip to the pipeline", "solid", True],
        ["https://staging.example.com/", "solid", True],
        ["Log of staging", "solid", True],
    ]
