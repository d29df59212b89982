"""How environments and their releases are, in few words for a page. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .checkout import MOST_TITLES
from .differences import Values
from .ledger import Entry, outcome_words
from .rollout import SUCCEEDED, SUPERSEDED, TIMED_OUT

GOOD, BAD, WARNING, BUSY, NEUTRAL = "good", "bad", "warning", "busy", "neutral"


class Word(NamedTuple):
    """How something is, as a badge tells it."""

    kind: str
    text: str


def condition(one: Values) -> Word:
    """How an environment is, the worst first."""
    if not one["provisioned"]:
        return Word(NEUTRAL, "Not provisioned")
    if not one["released"]:
        return Word(NEUTRAL, "No release yet") if one["last_good"] is None else Word(WARNING, "Serves no release")
    if one["alarms"]:
        return Word(BAD, count(len(one["alarms"]), "alarm"))
    if one["under_way"]:
        return Word(BUSY, "Release under way")
    if word := tasks_amiss(one):
        return word
    if one["maintenance"]:
        return Word(WARNING, "In maintenance")
    if one["drift"] or one["disagreements"]:
        return Word(WARNING, "Changed by hand")
    if one["unknown"]:
        return Word(WARNING, "Not all is known")
    return Word(GOOD, "Healthy")


def tasks_amiss(one: Values) -> Word | None:
    """What is wrong with the tasks of an environment that serves a release."""
    tasks = one["tasks"]
    if not one["released"]:
        return None
    if tasks["wanted"] == 0:
        return Word(WARNING, "Stopped")
    if tasks["running"] < tasks["wanted"]:
        return Word(BAD, f"{tasks['running']} of {count(tasks['wanted'], 'task')} run")
    if tasks["healthy"] is not None and tasks["healthy"] < tasks["running"]:
        return Word(BAD, f"{tasks['healthy']} of {count(tasks['running'], 'task')} healthy")
    return None


def outcome(entry: Entry) -> Word:
    """How a release ended."""
    if entry.get("under_way"):
        return Word(BUSY, "Under way")
    kind = GOOD if entry.get("outcome") == SUCCEEDED else WARNING if _is_open(entry) else BAD
    return Word(kind, outcome_words(entry).capitalize())


def _is_open(entry: Entry) -> bool:
    """Whether it may have gone well: nobody saw its end, or something newer took its place."""
    return entry.get("outcome") in (None, TIMED_OUT, SUPERSEDED)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def promotion(source: Values, target: Values, difference: Values) -> tuple[str, str, list[str]]:
    """What a promote would bring: in two words, in a sentence, and as titles of commits."""
    one, other = source["environment"], target["environment"]
    if not source["released"]:
        return "Nothing to promote", f"{one} serves no release.", []
    if not difference:
        return "First release", f"A promote would bring {source['release']} of {one} to {other}.", []
    if difference["same_image"]:
        return "Same image", f"A promote would bring {other} nothing new.", []
    commits = difference["commits"]
    ahead, behind = commits.get("ahead", 0), commits.get("behind", 0)
    if not (ahead or behind):
        return "Another image", "What lies between the two is not known here.", []
    titles = [*commits["titles"], *([f"and {more} more"] if (more := (ahead or behind) - MOST_TITLES) > 0 else [])]
    if not ahead:
        return (
            f"{count(behind, 'commit')} behind",
            f"{other} has what {one} lacks; a promote would take it back.",
            titles,
        )
    back = f", and take back {count(behind, 'commit')} that {one} lacks" if behind else ""
    return (
        f"{count(ahead, 'commit')} ahead",
        f"A promote would bring {'it' if ahead == 1 else 'them'} to {other}{back}.",
        titles,
    )


def listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
