"""What is told of a release: from its entry in the ledger to a message. Pure functions."""

from __future__ import annotations

from typing import Any

from notifier.blocks import Block, Message, code, code_block, context, escaped, message, section

Entry = dict[str, Any]

MOST_EVIDENCE = 8

# Sign and words for each way in which a release ends, as ECS's own verdict in the ledger has it.
_ENDS = {
    "succeeded": ("✅", "is released"),
    "rolled_back": ("❌", "failed, and ECS rolled it back"),
    "stopped": ("❌", "failed"),
    "superseded": ("⏭️", "was superseded by a newer deployment"),
    "timed_out": ("⏳", "is still under way, and nobody follows it any more"),
}
_FAILURES = ("rolled_back", "stopped", "timed_out")


def started(environment: str, entry: Entry, progress: str = "") -> Message:
    """That a release is under way. ``progress`` is news of it, escaped."""
    blocks = _head("🚀", "is being released", environment, entry)
    if entry.get("migrations"):
        blocks.append(context("Its migrations are marked as not backward compatible: no way back without force."))
    if progress:
        blocks.append(context(progress))
    return message(_text("is being released", environment, entry), blocks)


def ended(environment: str, entry: Entry) -> Message:
    """How a release ended: on failure with the cause, what shows it and the way back."""
    outcome = str(entry["outcome"])
    sign, words = _ENDS.get(outcome, ("❔", f"ended as {escaped(outcome.replace('_', ' '))}"))
    blocks = _head(sign, words, environment, entry)
    if figures := _figures(entry):
        blocks.append(context(figures))
    if outcome != "succeeded":
        blocks += _verdict(environment, entry)
    if outcome in _FAILURES and (now := _serves(outcome, entry)):
        blocks.append(context(f"{now} More: `{_command('releases', environment)} -e release=v{entry['number']}`"))
    return message(_text(words, environment, entry), blocks)


def _head(sign: str, words: str, environment: str, entry: Entry) -> list[Block]:
    lines = [f"{sign} *{_name(environment, entry)}* {words}", _what(entry)]
    if who := _who(entry):
        lines.append(who)
    return [section("\n".join(lines))]


def _text(words: str, environment: str, entry: Entry) -> str:
    return f"{_name(environment, entry)} {words}: {_what(entry).replace('`', '')}"


def _name(environment: str, entry: Entry) -> str:
    return f"{escaped(environment)} v{entry['number']}"


def _what(entry: Entry) -> str:
    """What kind of change it is, where it comes from, and the commit."""
    change = str(entry.get("change", ""))
    words = {"configuration": "change of settings", "secrets": "change of secrets"}.get(change, escaped(change))
    if source := entry.get("promoted_from"):
        words = f"{words} of {escaped(source['environment'])} v{source['release']}"
    if "restores" in entry:
        start = f" from v{entry['rolled_back_from']}" if "rolled_back_from" in entry else ""
        words = f"{words}{start} to v{entry['restores']}"
    commit = " ".join(part for part in (_commit(entry), escaped(entry.get("commit_title", ""), 150)) if part)
    return ": ".join(part for part in (words, commit) if part)


def _commit(entry: Entry) -> str:
    return code(entry.get("git_sha", "")[:7] or entry.get("digest", "").removeprefix("sha256:")[:12])


def _who(entry: Entry) -> str:
    by, reason = escaped(entry.get("by", ""), 100), escaped(entry.get("reason", ""), 500)
    return ", ".join(part for part in (f"by {by}" if by else "", f"“{reason}”" if reason else "") if part)


def _figures(entry: Entry) -> str:
    tasks = entry.get("tasks") or {}
    counted = f"{tasks.get('running', 0)} of {tasks.get('desired', 0)} tasks run" if tasks else ""
    return " · ".join(part for part in (counted, _duration(entry.get("seconds"))) if part)


def _duration(seconds: Any) -> str:
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def _verdict(environment: str, entry: Entry) -> list[Block]:
    verdict = entry.get("verdict") or {}
    blocks = []
    if sentences := " ".join(part for part in (verdict.get("summary"), verdict.get("reason")) if part):
        blocks.append(section(escaped(sentences, 1000)))
    if evidence := verdict.get("evidence"):
        # The last lines of the log tell most, and stand last; what AWS said stands first.
        shown = evidence if len(evidence) <= MOST_EVIDENCE else [evidence[0], "…", *evidence[2 - MOST_EVIDENCE :]]
        blocks.append(section(code_block(shown, most_in_a_line=300)))
    if advice := verdict.get("advice"):
        blocks.append(section(f"*What to do:* {escaped(advice.replace('env=NAME', f'env={environment}'), 1000)}"))
    elif entry["outcome"] == "stopped":
        blocks.append(section(f"*The way back:* `{_command('rollback', environment)}`"))
    return blocks


def _serves(outcome: str, entry: Entry) -> str:
    if "previous_release" not in entry:
        return "Nothing was released before it."
    previous = f"v{entry['previous_release']}"
    return f"{previous} serves." if outcome == "rolled_back" else f"Before it {previous} served."


def _command(playbook: str, environment: str) -> str:
    return f"ansible-playbook {playbook}.yml -e env={escaped(environment)}"
