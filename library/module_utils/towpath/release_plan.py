"""What a release would carry, whether it may be, its number, and how it is told. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .checkout import MOST_TITLES
from .differences import Difference
from .entry_point import entry_point_of
from .ledger import Entry, is_over, last_good, release_that_is, ways_words
from .release import GIT_SHA_TAG, PROMOTED_FROM_TAG, RELEASE_TAG, last_release, release_number
from .rollout import SUCCEEDED, TIMED_OUT, primary
from .task_definition import TaskDefinition, differences, with_images

Json = dict[str, Any]

DEPLOY, PROMOTE, ROLLBACK, CONFIGURATION, SECRETS = CHANGES = (
    "deploy",
    "promote",
    "rollback",
    "configuration",
    "secrets",
)
BREAKING = "breaking"
MOST_DIFFERENCES = 12


class ReleaseRefused(ValueError):
    """A release that must not be: what is wrong, what was expected and what to type next."""


class Labels(NamedTuple):
    """What an image says of the commit that it was built from."""

    git_sha: str = ""
    title: str = ""
    author: str = ""
    migrations: str = ""
    entry_point: Sequence[str] = ()
    """As far as the image was asked for it."""


class Commits(NamedTuple):
    """What lies between the commit that runs and the new one, as the checkout knows it."""

    new: int
    """How many commits only the new one has."""
    gone: int
    """How many commits only the one that runs has."""
    titles: Sequence[str] = ()
    """The commits that come, or that go where none comes, each with its short sha; not all where there are many."""
    unknown: str = ""
    """Why the checkout does not know the order of the two, and what to type: an older one would not be refused."""


class Source(NamedTuple):
    """The environment that a release is promoted from."""

    environment: str
    service: Json
    revision: TaskDefinition
    """What the service is pointed at."""
    entries: list[Entry]


def number_of(release: str) -> int | None:
    """``v41`` and ``41`` mean the same release; nothing means none."""
    if not release:
        return None
    match = re.fullmatch(r"v?([1-9]\d*)", release)
    if not match:
        raise ReleaseRefused(f"{release} is no release, expected one as v41. ansible-playbook releases.yml lists them.")
    return int(match[1])


def next_number(entries: Sequence[Entry], newest: TaskDefinition | None) -> int:
    """One above all that was ever given, whether the ledger or a revision knows of it."""
    return max(entries[0]["number"] if entries else 0, last_release(newest)) + 1


def labels_of(config: Json) -> Labels:
    """The labels in an image's configuration, as builders and we name them."""
    labels = (config.get("config") or {}).get("Labels") or {}
    marked = str(labels.get("towpath.migrations", "")).strip().lower()
    return Labels(
        git_sha=str(labels.get("org.opencontainers.image.revision", "")),
        title=str(labels.get("towpath.commit-title", "")),
        author=str(labels.get("towpath.commit-author", "")),
        migrations=BREAKING if marked == BREAKING else "",
        entry_point=entry_point_of(config),
    )


def labels_in(entries: Iterable[Entry], digest: str) -> Labels | None:
    """What an earlier release of the same image said of it, so that the image need not be asked again."""
    found = next((one for one in entries if one.get("digest") == digest and "git_sha" in one), None)
    if found is None:
        return None
    more = (found.get(name, "") for name in ("commit_title", "commit_author", "migrations"))
    return Labels(found["git_sha"], *more)


def refuse_older_commit(environment: str, running: str, new: str, commits: Commits | None) -> None:
    """A commit that the running one came after would take back what others deployed."""
    if commits and commits.new == 0 and commits.gone > 0:
        raise ReleaseRefused(
            f"{new} is older than {running}, which runs in {environment}: {_many(commits.gone, 'commit')} would be "
            f"taken back. To go back type: ansible-playbook rollback.yml -e env={environment}. "
            "To deploy it all the same: add -e force=true."
        )


def to_promote(source: Source, named: int | None, force: bool, soak_seconds: int, now: datetime) -> Entry:
    """The source's release that is meant, as an entry; refused unless it serves there and has been good long enough.

    A release from before the ledger has no entry, and is told by its revision alone.
    """
    where = source.environment
    serving = release_number(source.revision)
    if serving is None:
        raise ReleaseRefused(
            f"Nothing is released in {where} yet. Run ansible-playbook deploy.yml -e env={where} first."
        )
    by_number = {one["number"]: one for one in source.entries}
    if named is not None and named != serving:
        if not force:
            raise ReleaseRefused(
                f"v{named} does not serve in {where}, v{serving} does: what is promoted should be what was looked at. "
                f"Promote v{serving}, or add -e force=true."
            )
        found = by_number.get(named)
        if found is None or not found.get("image") or not found.get("task_definition"):
            raise ReleaseRefused(
                f"The ledger of {where} has no release v{named} with an image. "
                f"ansible-playbook releases.yml -e env={where} lists what there is."
            )
        return found
    newest = primary(source.service)
    state = newest.get("rolloutState", "COMPLETED")
    if state != "COMPLETED":
        raise ReleaseRefused(
            f"The rollout of v{serving} in {where} is {state}, expected COMPLETED. Promote it when it is over and good."
        )
    entry = by_number.get(serving, {"number": serving})
    good_since = datetime.fromisoformat(entry["ended_at"]) if entry.get("ended_at") else newest.get("updatedAt")
    if soak_seconds and not force and good_since and now - good_since < timedelta(seconds=soak_seconds):
        good_from = good_since + timedelta(seconds=soak_seconds)
        raise ReleaseRefused(
            f"v{serving} has been good in {where} for {_duration(now - good_since)}, expected "
            f"{_duration(timedelta(seconds=soak_seconds))} (app_service_promote_soak_seconds). "
            f"Promote it after {good_from:%H:%M:%S} UTC, or add -e force=true."
        )
    return entry


def missing_settings(source: TaskDefinition, wanted: TaskDefinition, excepted: Iterable[str]) -> list[tuple[str, str]]:
    """Name and kind of each setting or secret that the source's tasks get and the wanted ones would not."""
    there, here = settings_of(source), settings_of(wanted)
    return [(name, kind) for name, kind in sorted(there.items()) if name not in here and name not in set(excepted)]


def settings_of(definition: TaskDefinition) -> dict[str, str]:
    """Every variable that the containers get, with its kind."""
    return {
        one["name"]: kind
        for container in definition["containerDefinitions"]
        for field, kind in (("environment", "setting"), ("secrets", "secret"))
        for one in container.get(field) or []
    }


def refuse_missing_settings(source: str, release: str, environment: str, missing: Sequence[tuple[str, str]]) -> None:
    if missing:
        names = ", ".join(f"{name} ({kind})" for name, kind in missing)
        raise ReleaseRefused(
            f"{environment} lacks {names}, which {release} has in {source}. Add it to "
            f"group_vars/{environment}/app_service.yml and run ansible-playbook provision.yml -e env={environment}; "
            "or name in app_service_settings_not_promoted what only "
            f"{source} needs."
        )


def content(definition: TaskDefinition, container: str, image: str) -> TaskDefinition:
    """What a release carries: a definition with the image, or as it is where none is given."""
    return with_images(definition, {container: image} if image else {})


def goes_on_with(entry: Entry, revision: TaskDefinition | None, wanted: TaskDefinition, same: Entry) -> bool:
    """Whether an entry that nobody ended is what is asked for now. ``revision`` is its own, if it got that far."""
    if is_over(entry) or any(entry.get(name) != value for name, value in same.items()):
        return False
    return revision is None or not differences(revision, wanted)


def revision_of(entry: Entry, newest: TaskDefinition | None) -> TaskDefinition | None:
    """The newest revision, where it was registered for the entry; perhaps the ledger did not hear of it any more."""
    return newest if newest and release_number(newest) == entry["number"] else None


def completed_meanwhile(service: Json, end: Entry) -> Json:
    """The service, with its newest deployment completed where ``end``, of the release that it carries, says so.

    ECS was asked for the service first, and then for what became of the release: its end may lie between the two.
    """
    if end.get("outcome") != SUCCEEDED:
        return service
    newest = primary(service)
    return service | {
        "deployments": [one | {"rolloutState": "COMPLETED"} if one is newest else one for one in service["deployments"]]
    }


def rendered_by_us(newest: TaskDefinition | None, entries: Sequence[Entry]) -> str:
    """Nothing where provision or a release registered the family's newest revision, else the ARN of the last they did.

    Anybody may register a revision by hand, also with another's tags. A deploy that set its image in such a one would
    take over what nobody reviewed.
    """
    known = [one["task_definition"] for one in entries if one.get("task_definition")]
    if newest is None or not known or newest["taskDefinitionArn"] in known:
        return ""
    number = release_number(newest)
    if number is None:
        return "" if last_release(newest) else known[0]
    entry = next((one for one in entries if one["number"] == number), {})
    return known[0] if entry.get("task_definition") else ""


def disagreements(environment: str, pointed: TaskDefinition, entries: Sequence[Entry], by_hand: str = "") -> list[str]:
    """Where what the service is pointed at and what the ledger says are two things, a sentence each.

    ``by_hand`` is a newer revision of the family that no release and no provision registered.
    """
    revision = pointed.get("taskDefinitionArn", "").rpartition("/")[2]
    good = last_good(entries)
    number = release_that_is(pointed, entries)
    said = []
    if good and number is None:
        said.append(
            f"{environment} runs {revision}, which is no release: somebody changed the service by hand. The last good "
            f"release is v{good['number']}."
        )
    elif good and good["number"] != number:
        outcome = next((one.get("outcome", "") for one in entries if one["number"] == number), "")
        failed = outcome not in ("", TIMED_OUT, SUCCEEDED)
        called = f", which the ledger calls {outcome.replace('_', ' ')}" if failed else ""
        if called or good["number"] > (number or 0):
            said.append(f"{environment} runs v{number}{called}: by the ledger v{good['number']} should serve.")
    if by_hand and by_hand != pointed.get("taskDefinitionArn"):
        said.append(f"{by_hand.rpartition('/')[2]} was registered by hand, and nothing of it is taken over.")
    return said


def is_complete(service: Json) -> bool:
    """Whether no rollout is under way."""
    return bool(primary(service).get("rolloutState", "COMPLETED") == "COMPLETED")


def serves(service: Json, revision: TaskDefinition | None, wanted: TaskDefinition) -> bool:
    """Whether the service runs just this already, as a release, with no rollout under way."""
    if release_number(revision) is None or not is_complete(service):
        return False
    return not differences(revision or {}, wanted)


def tags(own: dict[str, str], number: int, git_sha: str, promoted_from: str) -> dict[str, str]:
    """What a revision says of its release, so that it is known without the ledger."""
    return own | {GIT_SHA_TAG: git_sha, PROMOTED_FROM_TAG: promoted_from, RELEASE_TAG: str(number)}


def title_line(environment: str, number: int, entry: Entry, git_sha: str, digest: str, title: str) -> str:
    """What a release is, in one line."""
    what = f"{git_sha or digest[:19]}{f' ({title})' if title else ''}"
    origin = entry.get("promoted_from")
    way = f", v{origin['release']} of {origin['environment']}" if origin else ""
    if "restores" in entry:
        way = f", {ways_words(entry)}"
    reason = f': "{entry["reason"]}"' if entry.get("reason") else ""
    return f"v{number} of {environment}: {entry['change']} of {what}{way}{reason}"


def plan_lines(changes: Sequence[Difference], commits: Commits | None, command: str, migrations: str) -> list[str]:
    """What a release would change, for people: commits, then the task definition, then what runs before it."""
    lines = []
    if commits and commits.unknown:
        lines.append(f"  beware    older or newer is not known, {commits.unknown}")
    if commits and (commits.new or commits.gone):
        lines.append(f"  commits   {_commits(commits)}")
        lines += [f"    {title}" for title in commits.titles[:MOST_TITLES]]
        if (more := (commits.new or commits.gone) - MOST_TITLES) > 0:
            lines.append(f"    and {more} more")
    for change in changes[:MOST_DIFFERENCES]:
        lines.append(f"  changes   {_short(change.field)}: {_value(change.before)} -> {_value(change.after)}")
    if len(changes) > MOST_DIFFERENCES:
        lines.append(f"            and {len(changes) - MOST_DIFFERENCES} more")
    if not changes:
        lines.append("  changes   nothing in the task definition")
    if command:
        lines.append(f"  first     {command}")
    if migrations:
        lines.append("  beware    its migrations are marked as not backward compatible: no way back without force")
    return lines


def _commits(commits: Commits) -> str:
    parts = [f"{commits.new} new"] if commits.new else []
    parts += [f"{commits.gone} taken back"] if commits.gone else []
    return ", ".join(parts)


def _short(field: str) -> str:
    return field.removeprefix("containerDefinitions")


def _value(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    # Of an image only the digest changes, and a few of its digits tell it.
    text = re.sub(r"^.*@(sha256:[0-9a-f]{12})[0-9a-f]*\Z", r"\1", text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _duration(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
