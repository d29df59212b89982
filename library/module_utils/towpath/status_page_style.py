"""How the page of the environments looks: system fonts, light and dark, wide and narrow."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --surface: #ffffff; --sunken: #eef0f4; --line: #d9dee6;
  --text: #1a2230; --quiet: #566073; --link: #2447b8;
  --good: #14613a; --good-back: #e0f4e8;
  --bad: #a31d13; --bad-back: #fde7e4;
  --warning: #7d4600; --warning-back: #fcefcf;
  --busy: #2447b8; --busy-back: #e5ebfd;
  --neutral: #4f596b; --neutral-back: #e8ebf0;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e131a; --surface: #161d27; --sunken: #1f2834; --line: #2c3644;
    --text: #e7ebf1; --quiet: #9ba7b8; --link: #9ab6ff;
    --good: #7fdca6; --good-back: #12301f;
    --bad: #ffa59c; --bad-back: #421815;
    --warning: #f3c566; --warning-back: #37290a;
    --busy: #9ab6ff; --busy-back: #1b274b;
    --neutral: #b3bdcb; --neutral-back: #262f3c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 74rem; padding: 2.5rem 1.5rem 3rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1, h2, h3, p, ul, ol, dl, dd, table, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { font-size: 1.125rem; margin-bottom: 1rem; }
h3 { font-size: 1rem; }
section { margin-top: 3rem; }
code, pre { font-family: var(--mono); font-size: .8125rem; }
pre {
  margin: .5rem 0; padding: .75rem; border-radius: 8px; background: var(--sunken);
  white-space: pre-wrap; line-height: 1.45;
}
a { color: var(--link); text-underline-offset: .2em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; border-radius: 3px; }
.quiet, .made, footer { color: var(--quiet); }
.number { font-size: 1.75rem; font-weight: 650; line-height: 1.2; letter-spacing: -.01em; }
.unseen:not(:focus) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1.5rem; top: .75rem; }
h1 + p { margin-top: .25rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; justify-content: space-between; align-items: baseline; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .875rem; }

.badge {
  display: inline-flex; align-items: center; gap: .3rem; padding: .1rem .6rem .1rem .4rem; border-radius: 99px;
  font-size: .8125rem; font-weight: 600; line-height: 1.5; white-space: nowrap;
}
svg { fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.badge.good { color: var(--good); background: var(--good-back); }
.badge.bad { color: var(--bad); background: var(--bad-back); }
.badge.warning { color: var(--warning); background: var(--warning-back); }
.badge.busy { color: var(--busy); background: var(--busy-back); }
.badge.neutral { color: var(--neutral); background: var(--neutral-back); }

.card, .panel {
  background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.5rem;
}
.card { display: flex; flex-direction: column; border-top: 4px solid var(--line); }
.card.good { border-top-color: var(--good); }
.card.bad { border-top-color: var(--bad); }
.card.warning { border-top-color: var(--warning); }
.card.busy { border-top-color: var(--busy); }
.head { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: center; }
.head + .quiet { margin-top: .75rem; }
.release { margin: .5rem 0 1rem; }
.commit { display: block; }
.commit code { color: var(--quiet); }
dl > div { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0 1rem; padding: .3rem 0; }
dt { color: var(--quiet); }
.links {
  display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-top: auto; padding-top: 1rem;
}
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1.5rem; }
.pipeline { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 15rem) minmax(0, 1fr); gap: 1.5rem; }
.pipeline + .cards { margin-top: 1.5rem; }
.between { align-self: center; text-align: center; }
.between > svg { color: var(--quiet); }
.between p, .between li, .between details { font-size: .875rem; color: var(--quiet); }
.between ul { text-align: left; margin-top: .5rem; }
.between li { padding: .2rem 0; line-height: 1.4; }
.titles li { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.titles li + li { border-top: 1px solid var(--line); }

details { margin-top: .5rem; }
summary { cursor: pointer; color: var(--link); font-size: .875rem; }
summary:hover { text-decoration: underline; }
details > :not(summary) { margin-top: .5rem; }
details > .plain > li { padding: .15rem 0; font-size: .875rem; }

.panel + .panel { margin-top: 1rem; }
.concern { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .25rem 1rem; padding-top: .75rem; }
.concern + .concern { margin-top: .75rem; border-top: 1px solid var(--line); }

table { width: 100%; border-collapse: collapse; }
caption { text-align: left; }
th, td { text-align: left; vertical-align: top; padding: .5rem 1rem .5rem 0; border-top: 1px solid var(--line); }
thead th { color: var(--quiet); font-size: .8125rem; font-weight: 500; border-top: 0; }
tbody th { font-weight: 500; }
.amount { text-align: right; }
th.amount:last-child, td.amount:last-child { padding-right: 0; }
.drift { table-layout: fixed; }
.drift th:first-child { width: 44%; }
.drift caption { padding-bottom: .25rem; }
#releases h3 { margin: 1.5rem 0 .5rem; }
/* Fixed, so that the tables of all environments stand in line. */
.releases { font-size: .9375rem; table-layout: fixed; }
.releases th:nth-child(1) { width: 4.5rem; }
.releases th:nth-child(2) { width: 9rem; }
.releases th:nth-child(4) { width: 9.5rem; }
.releases th:nth-child(5) { width: 12.5rem; padding-right: 0; }
.releases td:nth-child(5) { white-space: nowrap; padding-right: 0; }
.releases th[scope=row] { font-weight: 650; }
.serves { display: inline-block; color: var(--good); font-size: .8125rem; font-weight: 500; }
.costs {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1.5rem;
  align-items: start; margin-top: 1rem;
}
.costs .panel + .panel { margin-top: 0; }
.costs table { font-size: .9375rem; }

@media (max-width: 56rem) {
  .pipeline { grid-template-columns: minmax(0, 1fr); }
  .between { padding: 0 1.5rem; justify-self: center; }
  .between > svg { transform: rotate(90deg); margin: 1rem 0; }
}
@media (max-width: 44rem) {
  body { padding: 1.5rem 1rem 2rem; }
  section { margin-top: 2.25rem; }
  .card, .panel { padding: 1rem; }
  .concern { grid-template-columns: minmax(0, 1fr); }
  dl > div { grid-template-columns: 6rem minmax(0, 1fr); }
  .releases thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .releases, .releases tbody { display: block; }
  .releases tr {
    display: grid; grid-template-columns: auto 1fr; gap: .25rem .75rem; padding: 1rem 0;
    border-top: 1px solid var(--line);
  }
  .releases th, .releases td { padding: 0; border: 0; white-space: normal; }
  .releases .what { grid-column: 1 / -1; order: 1; }
  .releases td:nth-child(4), .releases td:nth-child(5) { order: 2; color: var(--quiet); font-size: .875rem; }
  .serves { display: inline; }
}
@media print { details::details-content { content-visibility: visible; } }
"""
