"""Which browser is used, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_aws.emulator import LocalAwsError
from tests import browser


@pytest.fixture
def no_browser(monkeypatch, tmp_path) -> Path:
    """A machine without one, whose packages may be installed: into this folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "can_install_packages", lambda: True)
    return tmp_path


def test_one_that_is_there_is_used_and_none_is_installed(monkeypatch, no_browser):
    program = no_browser / "google-chrome"
    program.touch(mode=0o755)
    monkeypatch.setattr(
        browser, "install_packages", lambda *_, **__: pytest.fail("a package would have been installed")
    )
    assert browser.ensure() == str(program)


def test_a_machine_without_one_gets_it_from_the_distribution(monkeypatch, no_browser):
    monkeypatch.setattr(browser, "install_packages", lambda name, log: (no_browser / name).touch(mode=0o755))
    assert browser.ensure() == str(no_browser / "chromium")


def test_where_none_may_be_installed_it_says_what_to_do(monkeypatch, no_browser):
    monkeypatch.setattr(browser, "can_install_packages", lambda: False)
    assert browser.ensure() == "none: install Chromium, or run as root on Debian or Ubuntu"


def test_where_none_can_be_installed_it_says_why(monkeypatch, no_browser):
    def refuse(*_, **__):
        raise LocalAwsError("Expected up-to-date package lists, but there is no network.")

    monkeypatch.setattr(browser, "install_packages", refuse)
    assert browser.ensure() == "none. Expected up-to-date package lists, but there is no network."
