"""Add up what several runs of pytest found: python -m tests.summary FOLDER-OF-JUNIT-FILES."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

KINDS = ("failures", "errors", "skipped")


def add_up(reports: list[str]) -> str:
    total = dict.fromkeys(("tests", *KINDS), 0)
    seconds = 0.0
    for report in reports:
        for suite in ElementTree.fromstring(report).iter("testsuite"):
            for kind in total:
                total[kind] += int(suite.get(kind, "0"))
            seconds += float(suite.get("time", "0"))
    passed = total["tests"] - sum(total[kind] for kind in KINDS)
    named = {"passed": passed, "failed": total["failures"], "errors": total["errors"], "skipped": total["skipped"]}
    counts = ", ".join(f"{count} {name}" for name, count in named.items() if count or name == "passed")
    return f"==== {counts} in {seconds:.2f}s ===="


if __name__ == "__main__":
    print(add_up([path.read_text() for path in sorted(Path(sys.argv[1]).glob("*.xml"))]))
