"""Where a rollback goes back to. Pure functions: no AWS, no Ansible.

A rollback ends at other content than what serves, or it fails and names what can be typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from .ledger import Entry, is_over, stands_for, to_go_back_to
from .release_plan import DEPLOY, PROMOTE, ROLLBACK, ReleaseRefused
from .rollout import ROLLED_BACK, SUCCEEDED


class WayBack(NamedTuple):
    """What a rollback may go back to; or why there is nothing to do."""

    candidates: list[Entry]
    """In the order of choice. The first with other content than what serves is meant."""
    goes_on: bool = False
    """Whether it is a rollback that was interrupted, so that what serves may have its content already."""
    nothing_to_do: str = ""


def way_back(
    environment: str,
    entries: list[Entry],
    pointed: int | None,
    named: int | None,
    just_ended: Iterable[int],
    force: bool,
) -> WayBack:
    """Where a rollback goes back to.

    ``entries`` are the ledger's, the newest first. ``pointed`` is the release that the service is pointed at, None when
    that is none of the ledger's. ``just_ended`` are entries that this run found over and nobody had ended.
    """
    if named is not None:
        return WayBack([_named(environment, entries, pointed, named, force)])
    newest = entries[0] if entries else {}
    if newest.get("change") == ROLLBACK:
        number = newest["number"]
        if number == pointed and number in just_ended and newest.get("outcome") == SUCCEEDED:
            further = _further(environment, to_go_back_to(entries, number))
            said = f"The rollback that was interrupted has ended well: v{number} serves. {further}"
            return WayBack([], nothing_to_do=said)
        restored = next((one for one in entries if one["number"] == newest.get("restores")), None)
        if restored and not is_over(newest):
            return WayBack([restored], goes_on=True)
    if pointed is None:
        return WayBack([one for one in entries if one.get("outcome") == SUCCEEDED])
    _refuse_unless_newest(environment, entries, pointed)
    return WayBack(to_go_back_to(entries, pointed))


def chosen(back: WayBack, same: Callable[[Entry], bool]) -> Entry | None:
    """The candidate to go back to, or None. ``same`` says whether a release has the content of what serves."""
    return next((one for one in back.candidates if back.goes_on or not same(one)), None)


def _refuse_unless_newest(environment: str, entries: list[Entry], pointed: int) -> None:
    """Going back from what serves is only clear where no release after it took, or was to take, its place."""
    later = [one for one in entries if one["number"] > pointed]
    further = _further(environment, to_go_back_to(entries, pointed))
    good = [one["number"] for one in later if one.get("outcome") == SUCCEEDED]
    if good:
        raise ReleaseRefused(
            f"{environment} runs v{pointed}, but the last good release in the ledger is v{good[0]}: somebody changed "
            f"the service by hand, or with an older version of Towpath. Name the release to run: "
            f"ansible-playbook rollback.yml -e env={environment} -e release=v{good[0]}. {further}"
        )
    # One that changed secrets or settings alone, or a rollback, leaves what came before it to be rolled back.
    failed = next((one for one in later if one.get("change") in (DEPLOY, PROMOTE)), None)
    if failed:
        number = failed["number"]
        how = f"v{number} is {failed.get('outcome')} and does not serve"
        if not is_over(failed):
            how = f"ECS is rolling v{number} back"
        elif failed["outcome"] == ROLLED_BACK:
            how = f"ECS rolled v{number} back already"
        raise ReleaseRefused(f"{how}: {environment} runs v{pointed}. {further}")


def _further(environment: str, candidates: list[Entry]) -> str:
    if not candidates:
        return "No other release was good."
    return (
        f"To go further back type: ansible-playbook rollback.yml -e env={environment} "
        f"-e release=v{candidates[0]['number']}"
    )


def _named(environment: str, entries: list[Entry], pointed: int | None, named: int, force: bool) -> Entry:
    found = next((one for one in entries if one["number"] == named), None)
    known = _known(entries, pointed)
    if found is None or not found.get("digest") or not found.get("task_definition"):
        raise ReleaseRefused(f"The ledger of {environment} has no release v{named} with an image. {known}")
    if found.get("outcome") != SUCCEEDED and named != pointed and not force:
        raise ReleaseRefused(
            f"v{named} of {environment} is {found.get('outcome') or 'not over'}, expected succeeded. {known} "
            "To go back to it all the same: add -e force=true."
        )
    return found


def _known(entries: Iterable[Entry], pointed: int | None) -> str:
    good = [f"v{one['number']}" for one in entries if one.get("outcome") == SUCCEEDED and one["number"] != pointed]
    return f"Good ones are: {', '.join(good[:5]) or 'none'}."


def nothing_else(environment: str, entries: list[Entry], pointed: int | None) -> ReleaseRefused:
    """Why there is no way back: no good release has other content than what serves."""
    if not any(one.get("outcome") == SUCCEEDED for one in entries):
        return ReleaseRefused(
            f"No release of {environment} was good yet, so there is none to go back to. "
            f"Run ansible-playbook deploy.yml -e env={environment}."
        )
    before = f"before v{pointed} " if pointed else ""
    return ReleaseRefused(
        f"There is no good release {before}in {environment} with other content than what serves, so there is nothing "
        f"to go back to. {_known(entries, pointed)} Name one: "
        f"ansible-playbook rollback.yml -e env={environment} -e release=vN; or put the fault right and deploy."
    )


def serves_already(environment: str, entry: Entry, pointed: int | None) -> str:
    """What is said when the release that was named serves, by itself or by another with its content."""
    number = entry["number"]
    if number == pointed or pointed is None:
        return f"v{number} serves in {environment} already."
    return f"v{pointed} serves in {environment} already, with the content of v{number}."


def refuse_breaking(environment: str, entries: list[Entry], target: int, serving: int) -> None:
    """Code from before such a migration may not be able to read what the database is now."""
    by_number = {one["number"]: one for one in entries}
    # A later release that restored the target proves that its code could run from there on.
    stood_again = [
        one["number"]
        for one in entries
        if one["number"] < serving
        and one.get("outcome") == SUCCEEDED
        and stands_for(one["number"], by_number) == stands_for(target, by_number)
    ]
    since = max(stood_again, default=target)
    breaking = [one["number"] for one in entries if since < one["number"] <= serving and one.get("migrations")]
    if breaking:
        names = ", ".join(f"v{one}" for one in sorted(breaking))
        raise ReleaseRefused(
            f"Between v{target} and v{serving} lies {names}, whose migrations are marked as not backward compatible: "
            f"the code of v{target} may not work with today's database. Put the fault right and deploy; "
            f"or, if you know that it works: ansible-playbook rollback.yml -e env={environment} -e release=v{target} "
            "-e force=true"
        )
