"""The demo: one image, deployed to staging and promoted to prod, on a local AWS.

python3 -m examples.demo            (make demo)
python3 -m examples.demo down       (make down)

Long output goes into .local_aws/demo.log. A second run changes nothing that is right already.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local_aws import base_image, docker_engine, emulator, virtual_environment
from local_aws.commands import run
from local_aws.emulator import HOME, ROOT, LocalAws, LocalAwsError

VENV = ROOT / ".venv"
LOG = HOME / "demo.log"
RESULTS = HOME / "demo"
REQUEST_SECONDS = 30
# Nobody owns names under example, so the demo's domain is nobody's. On the local AWS a name moves at once.
DOMAIN = ("-e", "dns_zone_name=towpath.example", "-e", "dns_move_seconds=1")
AGAIN = "make demo, which goes on from there; make down to begin anew"


def host_of(url: str) -> str:
    """What to ask for, with the port where it is that of HTTPS: the local AWS chooses the listener by it."""
    parts = urlsplit(url)
    return f"{parts.netloc}:443" if parts.scheme == "https" else parts.netloc


def headers_for(host: str) -> dict[str, str]:
    """What a browser sends, and the part of CloudFront's that ends TLS, which the local AWS leaves out."""
    return {"Host": host} | ({"X-Forwarded-Proto": "https"} if host.endswith(":443") else {})


@dataclass(frozen=True)
class Release:
    """What deploy.yml and promote.yml write into their result file, as far as the demo shows it."""

    environment: str
    release: str
    git_sha: str
    digest: str
    outcome: str
    tasks: str
    host: str

    @classmethod
    def read(cls, path: Path) -> Release:
        result: dict[str, Any] = json.loads(path.read_text())
        return cls(
            environment=result["environment"],
            release=result["release"],
            git_sha=result["git_sha"],
            digest=result["digest"],
            outcome=result["outcome"],
            tasks=f"{result['tasks_running']}/{result['tasks_desired']}",
            host=host_of(result["url"]),
        )

    @property
    def sentence(self) -> str:
        return f"{self.release} serves already" if self.outcome == "no_change" else f"released {self.release}"


def step(name: str, work: Callable[[], tuple[str, Any]]) -> Any:
    """Do one step and say on one line what came of it and how long it took."""
    print(f"  {name:<20}", end="", flush=True)
    started = time.monotonic()
    try:
        sentence, result = work()
    except LocalAwsError:
        print("failed")
        raise
    print(f"{sentence:<62} {time.monotonic() - started:6.1f} s", flush=True)
    return result


def changes(output: str) -> int:
    """Add up what Ansible's recap calls changed."""
    return sum(int(count) for count in re.findall(r"^\S+\s+: ok=\d+\s+changed=(\d+)", output, re.MULTILINE))


def curl(host: str, endpoint: str) -> str:
    headers = " ".join(f"-H '{name}: {value}'" for name, value in headers_for(host).items())
    return f"curl {headers} {endpoint}/"


def table(releases: list[Release], endpoint: str) -> str:
    rows = [
        ("environment", "release", "git sha", "digest", "tasks", "URL"),
        *(
            (each.environment, each.release, each.git_sha, each.digest[:19], each.tasks, curl(each.host, endpoint))
            for each in releases
        ),
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def environment_for(local_aws: LocalAws) -> dict[str, str]:
    """The shell's environment, pointed at the local AWS: no profile or key of the user's own gets near it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    # Modules compiled once are half of Ansible's time.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**inherited, **local_aws.environment}


def set_up_tools() -> tuple[str, None]:
    made = virtual_environment.ensure(VENV, ROOT / "requirements.lock", log=LOG)
    return ("installed Ansible and boto3 into .venv" if made else "ready in .venv"), None


def start_local_aws(engine: docker_engine.Engine) -> tuple[str, LocalAws]:
    emulator.ensure_venv()
    local_aws, started = emulator.up(HOME, simulate=not engine.runs)
    if local_aws.containers != engine.runs:
        raise LocalAwsError(
            f"Expected a local AWS {'with' if engine.runs else 'without'} containers, "
            f"but the one that runs was started {'without' if engine.runs else 'with'} them.\n"
            "Next: make down, then make demo"
        )
    database = base_image.ensure(base_image.POSTGRES, home=HOME, log=LOG) if engine.runs else "present"
    came = "" if database == "present" else f", Postgres {database}"
    return f"{'started' if started else 'runs'} at {local_aws.url}{came}", local_aws


def playbook(name: str, environment: Mapping[str, str], *arguments: str) -> str:
    return run(
        [VENV / "bin" / "ansible-playbook", ROOT / name, *arguments],
        log=LOG,
        expected=f"{name} to end well",
        advice=AGAIN,
        environment=environment,
    )


def provision(environment: Mapping[str, str]) -> tuple[str, None]:
    count = changes(playbook("provision.yml", environment, *DOMAIN))
    return (
        f"shared, staging and prod: {count} changes" if count else "shared, staging and prod: nothing to change"
    ), None


def push(environment: Mapping[str, str], engine: docker_engine.Engine) -> tuple[str, dict[str, Any]]:
    result_file = RESULTS / "image.json"
    simulate = [] if engine.runs else ["--simulate"]
    run(
        [VENV / "bin" / "python", "-m", "examples.push", "--result-file", result_file, "--log", LOG, *simulate],
        log=LOG,
        expected="the sample app's image in the repository",
        advice=AGAIN,
        environment=environment,
    )
    image: dict[str, Any] = json.loads(result_file.read_text())
    base = " on a base built with debootstrap" if image["base"] == "built" else ""
    done = f"built{base}, pushed" if image["pushed"] else "pushed already:"
    return f"{done if engine.runs else 'simulated:'} {image['tag']}", image


def release(
    playbook_name: str, where: str, environment: Mapping[str, str], *arguments: str
) -> Callable[[], tuple[str, Release]]:
    def work() -> tuple[str, Release]:
        result_file = RESULTS / f"{where}.json"
        result_file.unlink(missing_ok=True)
        playbook(playbook_name, environment, "-e", f"result_file={result_file}", *arguments)
        released = Release.read(result_file)
        return released.sentence, released

    return work


def request(released: Release, endpoint: str, version: str) -> Callable[[], tuple[str, None]]:
    """Ask the environment's load balancer until it shows the version, and no longer than a moment."""

    def work() -> tuple[str, None]:
        end = time.monotonic() + REQUEST_SECONDS
        while True:
            shown = ask_version(released.host, endpoint)
            if (shown.get("version"), shown.get("environment")) == (version, released.environment):
                return f"{released.host.removesuffix(':443')} shows {version}", None
            if time.monotonic() > end:
                raise LocalAwsError(
                    f"Expected {released.environment} to show the version {version} within {REQUEST_SECONDS} s, "
                    f"but it showed: {json.dumps(shown)}\n"
                    f"Next: look for yourself with {curl(released.host, endpoint)}"
                )
            time.sleep(0.5)

    return work


def ask_version(host: str, endpoint: str) -> dict[str, Any]:
    try:
        shown = json.loads(ask(host, f"{endpoint}/version"))
    except (OSError, ValueError) as problem:
        return {"problem": str(problem)}
    return shown if isinstance(shown, dict) else {"problem": f"not a version: {shown!r}"}


def keep_note(released: Release, endpoint: str, elsewhere: Sequence[str]) -> Callable[[], tuple[str, str]]:
    """Write a note through the load balancer and read it back; what is kept elsewhere must not be there."""

    def work() -> tuple[str, str]:
        mine = f"{released.release} of {released.environment}, written at {time.time():.3f}"
        notes = write_note(released.host, endpoint, mine)
        shared = sorted({*notes} & {*elsewhere})
        if mine not in notes or shared:
            raise LocalAwsError(
                f"Expected {released.environment} to keep the note in a database of its own, "
                f"but it {f'also has {shared}' if shared else f'has only {notes}'}.\n"
                f"Next: look for yourself with {curl(released.host, endpoint)}notes.json"
            )
        return f"a note is written and read back, {len(notes)} in {released.environment}'s database", mine

    return work


def write_note(host: str, endpoint: str, text: str) -> list[str]:
    """Write a note, and return all that are shown then."""
    try:
        ask(host, f"{endpoint}/notes", urllib.parse.urlencode({"text": text}).encode())
        return [note["text"] for note in json.loads(ask(host, f"{endpoint}/notes.json"))]
    except urllib.error.HTTPError as refused:
        told = refused.read().decode(errors="replace").strip()
        raise LocalAwsError(
            f"Expected {refused.url} to work, but it answers {refused.code}: {told}\n"
            f"Next: see what the app says of it, with ansible-playbook logs.yml"
        ) from None
    except (OSError, ValueError) as problem:
        raise LocalAwsError(
            f"Expected a note to be written, but: {problem}\n"
            f"Next: look for yourself with {curl(host, endpoint)}notes.json"
        ) from None


def ask(host: str, address: str, form: bytes | None = None) -> bytes:
    # S310: the scheme is that of the local AWS.
    question = urllib.request.Request(address, form, headers=headers_for(host))  # noqa: S310
    with urllib.request.urlopen(question, timeout=5) as answer:  # noqa: S310
        return bytes(answer.read())


def asset(released: Release, endpoint: str) -> Callable[[], tuple[str, None]]:
    """Ask for the page's stylesheet, which its name's hash makes one that CloudFront may keep for ever."""

    def work() -> tuple[str, None]:
        try:
            found = re.search(rb"/_next/static/[\w.-]+\.css", ask(released.host, f"{endpoint}/"))
            path = found.group().decode() if found else ""
            question = urllib.request.Request(endpoint + path, headers=headers_for(released.host))  # noqa: S310
            with urllib.request.urlopen(question, timeout=5) as answer:  # noqa: S310
                by, keep = answer.headers.get("X-Cache", ""), answer.headers.get("Cache-Control", "")
        except OSError as problem:
            path, by, keep = "", "", str(problem)
        if not (path and "cloudfront" in by and "immutable" in keep):
            raise LocalAwsError(
                f"Expected the page's stylesheet from CloudFront, to be kept for ever, but {path or 'there was none'}: "
                f"X-Cache is {by!r}, Cache-Control {keep!r}.\nNext: {curl(released.host, endpoint)} -I"
            )
        return f"CloudFront gives {path.rpartition('/')[2]}, kept for ever", None

    return work


def demo() -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    print("One image, deployed to staging and promoted to prod, on a local AWS.\n")
    started = time.monotonic()
    step("tools", set_up_tools)
    engine: docker_engine.Engine = step("Docker engine", lambda: _with_sentence(docker_engine.ensure()))
    local_aws: LocalAws = step("local AWS", lambda: start_local_aws(engine))
    environment = environment_for(local_aws)
    step("provision", lambda: provision(environment))
    image = step("image", lambda: push(environment, engine))
    releases: list[Release] = []
    notes: list[str] = []
    for where, playbook_name, arguments in (
        ("staging", "deploy.yml", ("-e", "env=staging", "-e", f"image={image['image']}")),
        ("prod", "promote.yml", ("-e", "yes=true")),
    ):
        word = playbook_name.removesuffix(".yml")
        released: Release = step(f"{word} to {where}", release(playbook_name, where, environment, *arguments))
        releases.append(released)
        if engine.runs:
            step(f"request to {where}", request(released, local_aws.url, image["tag"]))
            step(f"asset of {where}", asset(released, local_aws.url))
            notes.append(step(f"note in {where}", keep_note(released, local_aws.url, notes)))
    print(f"\n{table(releases, local_aws.url)}\n")
    if not engine.runs:
        print("  The containers are simulated: the URLs do not answer, no database was migrated, no note was written.")
    print(f"  Done in {time.monotonic() - started:.0f} s. The output of every command is in {LOG.relative_to(ROOT)}.")
    print("  To take it all away: make down")


def down() -> None:
    """Take away what the demo made; the tools stay, so that the next demo is quick."""
    was_there = emulator.down(HOME)
    shutil.rmtree(RESULTS, ignore_errors=True)
    print(f"Local AWS: {'gone, with its containers, volumes, images and state' if was_there else 'there was none'}")
    print(f"Kept for the next time: .venv, .local_aws/venv, base images{_engine_note()}")


def _engine_note() -> str:
    started_here = (HOME / "docker_engine.started").is_file()
    return ", and the Docker engine (python3 -m local_aws.docker_engine stop)" if started_here else ""


def _with_sentence(engine: docker_engine.Engine) -> tuple[str, docker_engine.Engine]:
    return engine.sentence, engine


def main() -> None:
    try:
        down() if sys.argv[1:] == ["down"] else demo()
    except LocalAwsError as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit(f"\nInterrupted. Next: {AGAIN}")


if __name__ == "__main__":
    main()
