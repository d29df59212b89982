"""python3 -m local_aws up | status | env | down: the local AWS of this checkout, or of another home folder."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from local_aws import base_image, emulator
from local_aws.emulator import LocalAws, LocalAwsError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m local_aws", description="An AWS on this machine, to try things on."
    )
    parser.add_argument("--home", type=Path, default=emulator.HOME, help="where its state is kept (%(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="up | status | env | down")
    commands.add_parser("up", help="start it, unless it runs").add_argument(
        "--simulate", action="store_true", help="no containers, though a Docker engine answers"
    )
    commands.add_parser("status", help="tell whether it runs")
    commands.add_parser("env", help='print what a shell needs: eval "$(python3 -m local_aws env)"')
    commands.add_parser("down", help="stop it and take away its containers, volumes, images and state")
    given = parser.parse_args(arguments)
    home = given.home.resolve()
    try:
        if given.command == "up":
            emulator.ensure_venv()
            local_aws, started = emulator.up(home, simulate=given.simulate)
            if local_aws.containers:
                # Without its image a database would fail, minutes after it was asked for.
                base_image.ensure(base_image.POSTGRES, home=emulator.HOME, log=emulator.HOME / "setup.log")
            print(f"Local AWS: {'started' if started else 'runs'} at {local_aws.url}, {containers(local_aws)}")
        elif given.command == "down":
            print(f"Local AWS: {'stopped and taken away' if emulator.down(home) else 'there was none'}")
        else:
            local_aws = running(home)
            print(exports(local_aws) if given.command == "env" else status(home, local_aws))
    except LocalAwsError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def running(home: Path) -> LocalAws:
    local_aws = emulator.find(home)
    if local_aws is None:
        raise LocalAwsError(f"No local AWS runs in {shown(home)}. Start it with python3 -m local_aws up.")
    return local_aws


def containers(local_aws: LocalAws) -> str:
    return "with real containers" if local_aws.containers else "containers are simulated: no task really runs"


def exports(local_aws: LocalAws) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in local_aws.environment.items())


def status(home: Path, local_aws: LocalAws) -> str:
    return (
        f"Local AWS: runs at {local_aws.url}, {containers(local_aws)}; account {local_aws.account_id}, "
        f"process {local_aws.pid}, log {shown(home / 'local_aws.log')}"
    )


def shown(path: Path) -> str:
    return os.path.relpath(path)


if __name__ == "__main__":
    sys.exit(main())
