"""How environments are, as one page of HTML that needs nothing else. Pure functions: no AWS, no Ansible.

Whatever is not markup written here goes in by :func:`_html`, which escapes it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from markupsafe import Markup

from .differences import Values
from .ledger import Entry, change_words, outcome_words
from .status import NOT_KNOWN, minute, nothing, settings_lines
from .status_page_style import STYLE
from .status_words import (
    BAD,
    BUSY,
    GOOD,
    NEUTRAL,
    WARNING,
    Word,
    condition,
    count,
    listed,
    outcome,
    promotion,
    tasks_amiss,
)

# The newest are what people look for; the others are one click away.
RELEASES_IN_SIGHT = 8

# Colour is never the only sign.
_ICONS = {
    GOOD: "M4 8.5l2.7 2.7L12 5.5",
    BAD: "M5 5l6 6M11 5l-6 6",
    WARNING: "M8 3.5v5.5M8 12v.2",
    BUSY: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M8 5.5V8l1.8 1.2",
    NEUTRAL: "M5 8h6",
}


class Facts(NamedTuple):
    """All that the page tells."""

    app: str
    statuses: Sequence[Values]
    """Of each environment, as :func:`status.status` has it."""
    releases: Mapping[str, Sequence[Entry]]
    """By environment, the newest first."""
    costs: Sequence[Values]
    """A month's, of each environment, as :func:`cost.as_data` has them."""
    compared: Sequence[str]
    """From which environment to which a promote goes."""
    difference: Values
    at: datetime


def page(facts: Facts) -> str:
    statuses, made = facts.statuses, facts.at.astimezone(UTC).isoformat(timespec="seconds")
    concerns = {one["environment"]: _concerns(one, facts.releases.get(one["environment"], [])) for one in statuses}
    sections = [
        _section("pipeline", "Pipeline", _pipeline(statuses, facts.compared, facts.difference)),
        _section("looks", "What needs a look", _looks(concerns)),
        _section("releases", "Releases", _ledgers(statuses, facts.releases)),
        *([_section("costs", "Costs", _costs(facts.costs, statuses))] if facts.costs else []),
    ]
    return str(
        _html(
            _DOCUMENT,
            policy=_content_security_policy(),
            style=Markup(STYLE),  # noqa: S704
            app=facts.app,
            words=_in_words([name for name, found in concerns.items() if found], statuses),
            made=_time(made),
            sections=_lines(sections),
        )
    )


_DOCUMENT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>{app}: how its environments are</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#pipeline">Skip to the pipeline</a>
<header>
<div><h1>{app}</h1><p>{words}</p></div>
<p class="made">As of {made} UTC</p>
</header>
<main>
{sections}
</main>
<footer><p>Made by <code>ansible-playbook status.yml -e html=…</code>. All times are UTC. \
This page does not change by itself.</p></footer>
</body>
</html>
"""


def _html(template: str, **values: object) -> Markup:
    """A template of this file with the values in it, escaped unless they are markup themselves."""
    return Markup(template).format(**values)  # noqa: S704


def _lines(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)


def _content_security_policy() -> str:
    """No script, and nothing from elsewhere, even if something on the page asked for it."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _section(name: str, heading: str, content: Markup) -> Markup:
    return _html(
        '<section id="{name}" aria-labelledby="{name}-heading">\n<h2 id="{name}-heading">{heading}</h2>\n'
        "{content}\n</section>",
        name=name,
        heading=heading,
        content=content,
    )


def _badge(word: Word) -> Markup:
    return _html(
        '<span class="badge {kind}"><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">'
        '<path d="{icon}"/></svg>{text}</span>',
        kind=word.kind,
        icon=_ICONS[word.kind],
        text=word.text,
    )


def _in_words(troubled: Sequence[str], statuses: Sequence[Values]) -> str:
    if troubled:
        return f"{listed(troubled)} {'needs' if len(troubled) == 1 else 'need'} a look."
    well = [one["environment"] for one in statuses if condition(one).kind == GOOD]
    return f"{listed(well)} {'is' if len(well) == 1 else 'are'} healthy." if well else "Nothing runs yet."


def _time(moment: str) -> Markup:
    return _html('<time datetime="{iso}">{minute}</time>', iso=moment, minute=minute(moment)) if moment else Markup("-")


def _link(url: str, text: str, what: str = "") -> Markup:
    """A link, if it is one of the web; what else somebody put there is text."""
    if not url.startswith(("https://", "http://")):
        return _html("{text}", text=url or text)
    of = _html('<span class="unseen"> {what}</span>', what=what) if what else ""
    return _html('<a href="{url}" rel="noreferrer">{text}{of}</a>', url=url, text=text, of=of)


# The pipeline


def _pipeline(statuses: Sequence[Values], pair: Sequence[str], difference: Values) -> Markup:
    by_name = {one["environment"]: one for one in statuses}
    if len(set(pair)) != 2 or not by_name.keys() >= set(pair):
        return _html('<ol class="cards">\n{cards}\n</ol>', cards=_lines(_card(one) for one in statuses))
    source, target = (by_name[name] for name in pair)
    others = [_card(one) for one in statuses if one["environment"] not in pair]
    return _html(
        '<ol class="pipeline">\n{source}\n{between}\n{target}\n</ol>{others}',
        source=_card(source),
        between=_between(source, target, difference),
        target=_card(target),
        others=_html('\n<ol class="cards">\n{cards}\n</ol>', cards=_lines(others)) if others else "",
    )


def _card(one: Values) -> Markup:
    return _html(
        '<li class="card {kind}">\n<div class="head"><h3>{name}</h3>{badge}</div>\n{content}\n</li>',
        kind=condition(one).kind,
        name=one["environment"],
        badge=_badge(condition(one)),
        content=_serving(one) if one["released"] else _to_type(one),
    )


def _to_type(one: Values) -> Markup:
    name = one["environment"]
    if not one["provisioned"]:
        then, playbook = "Nothing of it is there.", "provision"
    elif one["last_good"] is not None:
        then, playbook = f"It serves no release. The last good one was v{one['last_good']}.", "rollback"
    else:
        then, playbook = "It serves nothing until its first release.", "deploy"
    return _html(
        '<p class="quiet">{then} Type</p>\n<pre>ansible-playbook {playbook}.yml -e env={name}</pre>{links}',
        then=then,
        playbook=playbook,
        name=name,
        links=_links(one) if one["provisioned"] else "",
    )


def _serving(one: Values) -> Markup:
    tasks, database = one["tasks"], one["database"]
    healthy = NOT_KNOWN if tasks["healthy"] is None else tasks["healthy"]
    facts = [
        ("Image", _code(one["digest"].removeprefix("sha256:")[:12])),
        ("Released", _html("{time} by {by}", time=_time(one["released_at"]), by=one["by"] or "-")),
        ("Promoted", _html("from {source}", source=one["promoted_from"]) if one["promoted_from"] else ""),
        ("Tasks", _html("{running} of {wanted} run, {healthy} healthy", **tasks | {"healthy": healthy})),
        ("Last release", _last_release(one)),
        (
            "Alarms",
            _html('<a href="#looks">{number} in ALARM</a>', number=len(one["alarms"]))
            if one["alarms"]
            else nothing(one["alarms"]),
        ),
        ("Database", _html("{engine} {version}, {status}", **database) if database else nothing(database)),
        ("Maintenance", _maintenance(one["maintenance"])),
        ("URL", _link(one["url"], one["url"])),
    ]
    return _html(
        '<p class="release"><span class="number">{release}</span> {commit}</p>\n<dl>\n{facts}\n</dl>{links}',
        release=one["release"],
        commit=_commit(one["git_sha"], one["commit_title"]),
        facts=_lines(
            _html("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
            for name, value in facts
            if value
        ),
        links=_links(one),
    )


def _code(text: str) -> Markup:
    return _html("<code>{text}</code>", text=text) if text else Markup("-")


def _commit(sha: str, title: str) -> Markup:
    return _html('<span class="commit">{sha} {title}</span>', sha=_code(sha[:7]) if sha else "", title=title)


def _maintenance(on: bool | None) -> str:
    return NOT_KNOWN if on is None else "visitors see the page that says so" if on else ""


def _last_release(one: Values) -> Markup:
    last = one["last_release"]
    if not last:
        return _html("{word}", word=nothing(last))
    which = "" if f"v{last['number']}" == one["release"] else f"v{last['number']} "
    return _html(
        "{badge} {which}{time}{seconds}",
        badge=_badge(outcome(last)),
        which=which,
        time=_time(last.get("ended_at") or last["started_at"]) if which else "",
        seconds=_html(" in {seconds:.0f} s", seconds=last["seconds"]) if last.get("seconds") else "",
    )


def _links(one: Values) -> Markup:
    named = {"log": "Log", "service": "ECS service", "dashboard": "Dashboard"}
    links = [
        _html("<li>{link}</li>", link=_link(one["links"][name], text, f"of {one['environment']}"))
        for name, text in named.items()
        if name in one["links"]
    ]
    return _html('\n<ul class="links">{links}</ul>', links=Markup("").join(links)) if links else Markup("")


def _between(source: Values, target: Values, difference: Values) -> Markup:
    heading, words, titles = promotion(source, target, difference)
    others = settings_lines(difference) if difference else []
    return _html(
        '<li class="between">\n<svg viewBox="0 0 48 16" width="48" height="16" aria-hidden="true">'
        '<path d="M1 8h45M40 2l6 6-6 6"/></svg>\n'
        "<h3>{heading}</h3>\n<p>{words}</p>{titles}{others}\n</li>",
        heading=heading,
        words=words,
        titles=_items(titles, "titles"),
        others=_folded("Settings and sizes differ, too", _items(others)) if others else "",
    )


def _items(lines: Sequence[str], kind: str = "plain") -> Markup:
    items = _lines(_html("<li>{line}</li>", line=line) for line in lines)
    return _html('\n<ul class="{kind}">\n{items}\n</ul>', kind=kind, items=items) if lines else Markup("")


def _folded(summary: str, content: Markup) -> Markup:
    return _html("<details><summary>{summary}</summary>{content}</details>", summary=summary, content=content)


# What needs a look


def _looks(concerns: Mapping[str, Sequence[Markup]]) -> Markup:
    panels = [
        _html('<div class="panel">\n<h3>{name}</h3>\n{found}\n</div>', name=name, found=_lines(found))
        for name, found in concerns.items()
        if found
    ]
    nothing = _html(
        '<p class="panel">{badge} No alarm, no failed release, nothing changed by hand.</p>',
        badge=_badge(Word(GOOD, "Nothing")),
    )
    return _lines(panels or [nothing])


def _concerns(one: Values, entries: Sequence[Entry]) -> list[Markup]:
    if not one["provisioned"]:
        return []
    told = [_concern(BAD, "In ALARM", name) for name in one["alarms"] or ()]
    told += [_concern(word.kind, word.text, "")] if (word := None if one["under_way"] else tasks_amiss(one)) else []
    told += [_concern(BUSY, "Under way", one["under_way"])] if one["under_way"] else []
    told += [_concern(WARNING, "In maintenance", "Visitors see the page that says so.")] if one["maintenance"] else []
    told += [_concern(BAD, "Not what was released", what) for what in one["disagreements"]]
    told += [_concern(WARNING, "Not known", what) for what in one["unknown"]]
    last = next(iter(entries), {})
    if last and outcome(last).kind == BAD:
        told.append(_concern(BAD, f"v{last['number']} {outcome_words(last)}", _verdict(last)))
    return [*told, _drift(one)] if one["drift"] else told


def _concern(kind: str, heading: str, text: str | Markup) -> Markup:
    return _html(
        '<div class="concern"><p>{badge}</p><div>{text}</div></div>', badge=_badge(Word(kind, heading)), text=text
    )


def _drift(one: Values) -> Markup:
    rows = _lines(
        _html(
            '<tr><th scope="row"><code>{path}</code></th><td>{made}</td><td>{found}</td></tr>',
            path=each["path"],
            made=_value(each["made"]),
            found=_value(each["found"]),
        )
        for each in one["drift"]
    )
    table = _html(
        '<table class="drift">\n<caption>Changed by hand in {name}; '
        "<code>{puts_right}</code> puts it right.</caption>\n"
        '<thead><tr><th scope="col">What</th><th scope="col">Made</th><th scope="col">Found</th></tr></thead>\n'
        "<tbody>\n{rows}\n</tbody>\n</table>",
        name=one["environment"],
        puts_right=one["puts_right"],
        rows=rows,
    )
    return _concern(WARNING, "By hand", table)


def _value(value: object) -> Markup:
    return Markup('<span class="quiet">nothing</span>') if value is None else _code(str(value))


def _verdict(entry: Entry) -> Markup:
    verdict = entry.get("verdict", {})
    sentences = " ".join(part for part in (verdict.get("summary", ""), verdict.get("reason", "")) if part)
    evidence = "\n".join(verdict.get("evidence", []))
    return _html(
        "{sentences}{evidence}{advice}",
        sentences=_html("<p>{text}</p>", text=sentences or "Nothing more is known of it."),
        evidence=_html("\n<pre>{text}</pre>", text=evidence) if evidence else "",
        advice=_html("\n<p>{text}</p>", text=verdict["advice"]) if verdict.get("advice") else "",
    )


# The ledger


def _ledgers(statuses: Sequence[Values], releases: Mapping[str, Sequence[Entry]]) -> Markup:
    there = [one for one in statuses if one["provisioned"]]
    return _lines(
        [_ledger(one, releases.get(one["environment"], [])) for one in there] or [Markup("<p>There are none.</p>")]
    )


def _ledger(one: Values, entries: Sequence[Entry]) -> Markup:
    name = one["environment"]
    if not entries:
        why = "What was released is not known." if one["last_release"] is None else "Nothing was released yet."
        return _html('<h3>{name}</h3>\n<p class="quiet">{why}</p>', name=name, why=why)
    newest, older = entries[:RELEASES_IN_SIGHT], entries[RELEASES_IN_SIGHT:]
    rest = _folded(
        f"{count(len(older), 'older release')}", _releases(f"older releases of {name}", older, one["release"])
    )
    return _html(
        "<h3>{name}</h3>\n{table}{rest}",
        name=name,
        table=_releases(f"newest releases of {name}", newest, one["release"]),
        rest=rest if older else "",
    )


def _releases(caption: str, entries: Sequence[Entry], serving: str) -> Markup:
    # The roles are those that a table has; a narrow screen shows it as blocks, and would take them away.
    return _html(
        '<table class="releases" role="table">\n<caption class="unseen">{caption}</caption>\n'
        '<thead role="rowgroup"><tr role="row">{headings}</tr></thead>\n'
        '<tbody role="rowgroup">\n{rows}\n</tbody>\n</table>',
        caption=f"The {caption}",
        headings=Markup("").join(
            _html('<th scope="col" role="columnheader">{name}</th>', name=name)
            for name in ("Release", "Outcome", "What", "By", "When")
        ),
        rows=_lines(_release(entry, serving) for entry in entries),
    )


def _release(entry: Entry, serving: str) -> Markup:
    name = f"v{entry['number']}"
    what = ": ".join(part for part in (change_words(entry), entry.get("reason") or entry.get("commit_title")) if part)
    digest = entry.get("digest", "").removeprefix("sha256:")[:12]
    seconds = f"{entry['seconds']:.0f} s" if entry.get("seconds") else ""
    folded = _folded(f"Why {name} {outcome_words(entry)}", _verdict(entry)) if outcome(entry).kind == BAD else ""
    return _html(
        '<tr role="row"{current}><th scope="row" role="rowheader">{name}{serves}</th>'
        '<td role="cell">{badge}</td>'
        '<td role="cell" class="what"><p>{what}</p><p class="quiet">{sha} {digest}</p>{folded}</td>'
        '<td role="cell">{by}</td>'
        '<td role="cell">{time} <span class="quiet">{seconds}</span></td></tr>',
        current=Markup(' class="serving"') if name == serving else "",
        name=name,
        serves=Markup(' <span class="serves">serves</span>') if name == serving else "",
        badge=_badge(outcome(entry)),
        what=f"{what[:1].upper()}{what[1:]}",
        sha=_code(entry["git_sha"][:7]) if entry.get("git_sha") else "",
        digest=_code(digest) if digest else "",
        folded=folded,
        by=entry.get("by", "") or "-",
        time=_time(entry["started_at"]),
        seconds=seconds,
    )


# The costs


def _costs(costs: Sequence[Values], statuses: Sequence[Values]) -> Markup:
    order = [one["environment"] for one in statuses]
    costs = sorted(costs, key=lambda one: order.index(one["name"]))
    there = {one["environment"] for one in statuses if one["provisioned"]}
    paid = [one for one in costs if one["name"] in there]
    total = sum(one["total"] for one in paid)
    return _html(
        "<p>{total} List prices of us-east-1, {date}, without traffic and taxes.</p>\n"
        '<div class="costs">\n{panels}\n</div>',
        total=_html(
            "About <strong>{dollars}</strong> a month for {names}.",
            dollars=_dollars(total),
            names=listed([one["name"] for one in paid]),
        )
        if paid
        else "Nothing is there yet that costs.",
        date=costs[0]["prices_date"],
        panels=_lines(_cost(one, one["name"] in there) for one in costs),
    )


def _cost(one: Values, is_there: bool) -> Markup:
    items = _lines(
        _html(
            '<tr><th scope="row">{what}</th><td class="amount">{amount:g}</td>'
            '<td class="amount">{dollars:.2f}</td></tr>',
            **each,
        )
        for each in one["items"]
    )
    table = _html(
        '<table>\n<caption class="unseen">What {name} costs a month</caption>\n'
        '<thead><tr><th scope="col">What</th><th scope="col" class="amount">Amount</th>'
        '<th scope="col" class="amount">Dollars</th></tr></thead>\n<tbody>\n{items}\n</tbody>\n</table>',
        name=one["name"],
        items=items,
    )
    savings = [f"{each['setting']} saves {_dollars(each['dollars'])}" for each in one["savings"]]
    return _html(
        '<div class="panel">\n<h3>{name}</h3>\n<p><span class="number">{total}</span> a month{then}</p>\n'
        "{table}{savings}\n</div>",
        name=one["name"],
        total=_dollars(one["total"]),
        then="" if is_there else ", once it is provisioned",
        table=_folded(f"What {one['name']} pays for", table),
        savings=_folded(f"What would be cheaper in {one['name']}", _items(savings)) if savings else "",
    )


def _dollars(amount: float) -> str:
    return f"${amount:,.0f}"
