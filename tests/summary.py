"""Add up what several runs of pytest found: python -m tests.summary FOLDER-OF-JUNIT-FILES.

What NAME.again.xml found stands for what failed in NAME.xml, and is named.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

KINDS = ("failures", "errors", "skipped")


def add_up(reports: Mapping[str, str]) -> str:
    total = dict.fromkeys(("tests", *KINDS), 0)
    seconds, again = 0.0, list[str]()
    for name, report in reports.items():
        is_again = name.endswith(".again.xml")
        was_tried_again = name.replace(".xml", ".again.xml") in reports
        for suite in ElementTree.fromstring(report).iter("testsuite"):
            found = {kind: int(suite.get(kind, "0")) for kind in total}
            if was_tried_again:
                found["tests"] -= found["failures"] + found["errors"]
                found["failures"] = found["errors"] = 0
            for kind in total:
                total[kind] += found[kind]
            seconds += float(suite.get("time", "0"))
            if is_again:
                again += [f"{case.get('classname')}::{case.get('name')}" for case in suite.iter("testcase")]
    passed = total["tests"] - sum(total[kind] for kind in KINDS)
    named = {"passed": passed, "failed": total["failures"], "errors": total["errors"], "skipped": total["skipped"]}
    counts = ", ".join(f"{count} {name}" for name, count in named.items() if count or name == "passed")
    lines = [f"==== {counts} in {seconds:.2f}s ===="]
    return "\n".join([*(f"Tried twice, because it failed at first: {name}" for name in again), *lines])


if __name__ == "__main__":
    print(add_up({path.name: path.read_text() for path in sorted(Path(sys.argv[1]).glob("*.xml"))}))
