"""Measure this project beside other tools, in one run, and write the tables of docs/performance.md.

.venv/bin/python -m tests.bench [--rounds 5] [--only NAME]...          (make bench)

Each round runs every tool once, in turn, so that what else the machine does falls on all of them. It uses a local AWS
of its own, and leaves one that runs alone. The other tools are installed below .cache/bench.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3

from examples.push import app_name
from local_aws import base_image, emulator
from local_aws.emulator import HOME, ROOT, LocalAws
from tests.bench import measure
from tests.bench.measure import Run

HERE = Path(__file__).parent
TOOLS = ROOT / ".cache" / "bench"
PINNED = {"mitogen": "mitogen==0.3.54", "ecs-deploy": "ecs-deploy==1.17.0", "awscli": "awscli==1.46.3"}
BENCH_HOME = HOME / "bench"
LOG = TOOLS / "bench.log"
PAGE = ROOT / "docs" / "performance.md"
ENVIRONMENT = "staging"
SERVICE = "app"
PYTHON = Path(sys.executable)
PLAYBOOK = PYTHON.with_name("ansible-playbook")
OURS, STOCK, MITOGEN, BARE = "Towpath", "Towpath, modules run the stock way", "the same, mitogen 0.3.54", "bare boto3"
ECS_DEPLOY, AWSCLI = "ecs-deploy 1.17", "awscli and its waiter"

STOCK_WAY = {"TOWPATH_FORKED_MODULES": "false"}

Command = Sequence[str | Path]
Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Contestant:
    name: str
    command: Callable[[str], Command]
    """Makes the command; a deploy gives it the image."""
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Deploy:
    run: Run
    rolled_out: float
    """When the rollout was over, by a look ten times a second."""

    @property
    def added(self) -> float:
        """What the tool adds: until it asks ECS for the rollout, and from the rollout's end to its own."""
        return self.run.first("UpdateService") + max(self.run.ended - self.rolled_out, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure this project beside other tools.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each tool (%(default)s)")
    parser.add_argument("--only", action="append", help="a tool to run, by its name; the page is then not written")
    given = parser.parse_args()
    TOOLS.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    for tool, pinned in PINNED.items():
        install(tool, pinned)
    emulator.ensure_venv()
    local_aws, _ = emulator.up(BENCH_HOME)
    if local_aws.containers:
        # Without its image the environment's database would never be available.
        base_image.ensure(base_image.POSTGRES, home=HOME, log=LOG)
    try:
        tables = compare(local_aws, given.rounds, given.only)
    finally:
        emulator.down(BENCH_HOME)
    print(f"\n{tables['provision']}\n\n{tables['deploy']}\n")
    if given.only:
        print(f"Some tools were left out, so {PAGE.relative_to(ROOT)} stays as it is.")
    else:
        write(tables | {"machine": machine(local_aws, given.rounds)})
        print(f"Written to {PAGE.relative_to(ROOT)}.")


def compare(local_aws: LocalAws, rounds: int, only: list[str] | None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    environment = {**inherited, **local_aws.environment, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    say("provision once")
    playbook(environment, "provision.yml", "-e", f"env={ENVIRONMENT}")
    images = [push(environment, local_aws.containers, mark) for mark in ("one", "two")]
    playbook(environment, "deploy.yml", "-e", f"env={ENVIRONMENT}", "-e", f"image={images[0]}")

    wanted = [one for one in provisioners(environment) if not only or one.name in only]
    provisions = rounds_of(wanted, rounds, lambda one: measure.run(one.command(""), one.environment, log=LOG))
    wanted = [one for one in deployers(environment) if not only or one.name in only]
    # Each deploys the image that does not serve.
    turn = itertools.cycle(reversed(images))
    ecs = client(environment, "ecs")
    deploys = rounds_of(wanted, rounds, lambda one: deploy(one, next(turn), ecs))
    return {"provision": provision_table(provisions), "deploy": deploy_table(deploys)}


def rounds_of(
    contestants: list[Contestant], rounds: int, work: Callable[[Contestant], Measured]
) -> dict[str, list[Measured]]:
    done: dict[str, list[Measured]] = {one.name: [] for one in contestants}
    for number in range(rounds):
        for one in contestants:
            say(f"round {number + 1} of {rounds}: {one.name}")
            done[one.name].append(work(one))
    return done


def provisioners(environment: Mapping[str, str]) -> list[Contestant]:
    command: Command = [PLAYBOOK, ROOT / "provision.yml", "-e", f"env={ENVIRONMENT}"]
    bare: Command = [PYTHON, HERE / "bare_provision.py", app_name(), ENVIRONMENT]
    return [
        Contestant(OURS, lambda _: command, environment),
        Contestant(STOCK, lambda _: command, {**environment, **STOCK_WAY}),
        Contestant(MITOGEN, lambda _: command, {**environment, **mitogen_way()}),
        Contestant(BARE, lambda _: bare, environment),
    ]


def deployers(environment: Mapping[str, str]) -> list[Contestant]:
    cluster = f"{app_name()}-{ENVIRONMENT}"

    def ours(image: str) -> Command:
        # The others know no release command, so none is run here.
        arguments = ("-e", f"env={ENVIRONMENT}", "-e", f"image={image}", "-e", "app_service_release_command=")
        return [PLAYBOOK, ROOT / "deploy.yml", *arguments]

    def bare(image: str) -> Command:
        return [PYTHON, HERE / "bare_deploy.py", cluster, SERVICE, image]

    def ecs_deploy(image: str) -> Command:
        return [binary("ecs-deploy", "ecs"), "deploy", "--no-deregister", "--image", SERVICE, image, cluster, SERVICE]

    def awscli(image: str) -> Command:
        return [HERE / "awscli_deploy", binary("awscli", "aws"), cluster, SERVICE, image, TOOLS / "definition.json"]

    return [
        Contestant(OURS, ours, environment),
        Contestant(STOCK, ours, {**environment, **STOCK_WAY}),
        Contestant(MITOGEN, ours, {**environment, **mitogen_way()}),
        Contestant(BARE, bare, environment),
        Contestant(ECS_DEPLOY, ecs_deploy, environment),
        Contestant(AWSCLI, awscli, environment),
    ]


def mitogen_way() -> dict[str, str]:
    [packages] = (TOOLS / "mitogen" / "lib").glob("python*/site-packages")
    # Mitogen finds no helper that another helper imports by a relative name, so it gets a copy with absolute ones.
    helpers = TOOLS / "mitogen" / "module_utils"
    shutil.rmtree(helpers, ignore_errors=True)
    for source in (ROOT / "library" / "module_utils").rglob("*.py"):
        copy = helpers / source.relative_to(ROOT / "library" / "module_utils")
        copy.parent.mkdir(parents=True, exist_ok=True)
        package = ".".join(("ansible.module_utils", *copy.parent.relative_to(helpers).parts))
        absolute = {r"^from \.(\w)": rf"from {package}.\1", r"^from \. import": f"from {package} import"}
        text = source.read_text()
        for relative, written in absolute.items():
            text = re.sub(relative, written, text, flags=re.MULTILINE)
        copy.write_text(text)
    return STOCK_WAY | {
        "PYTHONPATH": str(packages),
        "ANSIBLE_MODULE_UTILS": str(helpers),
        "ANSIBLE_STRATEGY": "mitogen_linear",
        "ANSIBLE_STRATEGY_PLUGINS": str(packages / "ansible_mitogen" / "plugins" / "strategy"),
    }


def deploy(contestant: Contestant, image: str, ecs: Any) -> Deploy:
    """Deploy, and look ten times a second when the rollout is over."""
    over = threading.Event()
    seen: list[tuple[float, bool]] = []

    def look() -> None:
        while not over.wait(0.1):
            seen.append((time.time(), is_rolled_out(ecs)))

    looker = threading.Thread(target=look)
    looker.start()
    try:
        run = measure.run(contestant.command(image), contestant.environment, log=LOG)
    finally:
        over.set()
        looker.join()
    seen.append((time.time(), True))
    last_not = max((moment for moment, is_over in seen if not is_over), default=run.began)
    return Deploy(run, next(moment for moment, _ in seen if moment > last_not))


def is_rolled_out(ecs: Any) -> bool:
    found = ecs.describe_services(cluster=f"{app_name()}-{ENVIRONMENT}", services=[SERVICE])["services"][0]
    return all(one["rolloutState"] == "COMPLETED" for one in found["deployments"] if one["status"] == "PRIMARY")


def provision_table(runs: Mapping[str, list[Run]]) -> str:
    return table(
        ("way", "seconds", "of the stock way", "processor seconds", "API calls"),
        [
            (
                name,
                f"{median(one.seconds for one in of_it):.1f}",
                ratio(median(one.seconds for one in of_it), median(one.seconds for one in runs.get(STOCK, []))),
                f"{median(one.cpu_seconds for one in of_it):.1f}",
                f"{median(len(one.calls) for one in of_it):.0f}",
            )
            for name, of_it in runs.items()
        ],
    )


def deploy_table(deploys: Mapping[str, list[Deploy]]) -> str:
    return table(
        (
            "way",
            "adds, seconds",
            "of bare boto3",
            "before UpdateService",
            "whole command, seconds",
            "of ecs-deploy",
            "API calls",
        ),
        [
            (
                name,
                f"{median(one.added for one in of_it):.2f}",
                ratio(median(one.added for one in of_it), median(one.added for one in deploys.get(BARE, []))),
                f"{median(one.run.first('UpdateService') for one in of_it):.2f}",
                f"{median(one.run.seconds for one in of_it):.2f}",
                ratio(
                    median(one.run.seconds for one in of_it),
                    median(one.run.seconds for one in deploys.get(ECS_DEPLOY, [])),
                ),
                f"{median(len(one.run.calls) for one in of_it):.0f}",
            )
            for name, of_it in deploys.items()
        ],
    )


def median(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.median(found) if found else 0.0


def ratio(value: float, of: float) -> str:
    return f"{value / of:.2f}" if of else ""


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows))


def machine(local_aws: LocalAws, rounds: int) -> str:
    versions = subprocess.run([PLAYBOOK, "--version"], capture_output=True, text=True, check=True).stdout
    core = re.search(r"core ([\d.]+)", versions)
    return (
        f"Measured on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} processors, {platform.machine()}, "
        f"Python {platform.python_version()}, ansible-core {core.group(1) if core else 'unknown'}, "
        f"containers {'real' if local_aws.containers else 'simulated'}, medians of {rounds}."
    )


def write(parts: Mapping[str, str]) -> None:
    """Put each part between its two marks on the page."""
    page = PAGE.read_text()
    for name, text in parts.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        page = marks.sub(rf"\g<1>{text}\n\g<2>", page)
    PAGE.write_text(page)


def playbook(environment: Mapping[str, str], *arguments: str) -> None:
    measure.run([PLAYBOOK, *arguments], environment, log=LOG)


def push(environment: Mapping[str, str], containers: bool, mark: str) -> str:
    """Push the sample app under another tag, and return the image by its digest."""
    result = TOOLS / f"image-{mark}.json"
    simulate = [] if containers else ["--simulate"]
    command: Command = [
        PYTHON,
        "-m",
        "examples.push",
        "--build-arg",
        f"BENCH={mark}",
        "--result-file",
        result,
        *simulate,
    ]
    say(f"push image {mark}")
    measure.run(command, environment, log=LOG)
    return str(json.loads(result.read_text())["image"])


def client(environment: Mapping[str, str], service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def install(tool: str, pinned: str) -> None:
    """Install a tool into a virtual environment of its own."""
    stamp = TOOLS / tool / "installed"
    if stamp.is_file() and stamp.read_text() == pinned:
        return
    say(f"install {pinned}")
    measure.run([PYTHON, "-m", "venv", "--clear", TOOLS / tool], os.environ, log=LOG)
    pip: Command = [binary(tool, "pip"), "install", "--quiet", "--disable-pip-version-check"]
    measure.run([*pip, pinned], os.environ, log=LOG)
    stamp.write_text(pinned)


def binary(tool: str, name: str) -> Path:
    return TOOLS / tool / "bin" / name


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", flush=True)


if __name__ == "__main__":
    main()
