"""The images that a Dockerfile starts FROM: pulled, or, where no registry answers, built here with debootstrap.

An image that was built here carries the label towpath.built-with=debootstrap. It stands in for the real one by name.

python3 -m local_aws.base_image DOCKERFILE     make sure that what it starts FROM is there, and say how it came
"""

from __future__ import annotations

import hashlib
import json
import re
import select
import shutil
import subprocess  # nosec: runs docker and tar, never a shell
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_aws.commands import ask, can_install_packages, install_packages, run
from local_aws.emulator import HOME, LocalAwsError, alone, last_lines

# A registry that is there begins to answer within this time; how long the pull then takes is up to the line.
ANSWER_SECONDS = 15

BUILT_WITH = "towpath.built-with"
RECIPE = "towpath.recipe"


@dataclass(frozen=True)
class Recipe:
    """How to build an equivalent of an official image from Debian's packages."""

    suite: str
    packages: tuple[str, ...]
    changes: tuple[str, ...]
    """Dockerfile instructions that the official image has, too."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Path in the image -> script of this folder that stands in for the official one."""

    @property
    def digest(self) -> str:
        """Changes when what is built changes."""
        scripts = [Path(__file__).with_name(script).read_bytes() for script in self.programs.values()]
        return hashlib.sha256(b"\0".join([repr(self).encode(), *scripts])).hexdigest()[:12]


# What RDS runs, by the name that the emulator asks for.
POSTGRES = "postgres:17-alpine"

RECIPES = {
    "debian:bookworm-slim": Recipe(suite="bookworm", packages=(), changes=('CMD ["bash"]',)),
    "python:3.11-slim-bookworm": Recipe(
        suite="bookworm",
        packages=("ca-certificates", "python3", "python3-pip"),
        changes=("ENV LANG=C.UTF-8", 'CMD ["python3"]'),
    ),
    POSTGRES: Recipe(
        suite="trixie",
        packages=("postgresql-17",),
        changes=(
            "ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data",
            "ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["postgres"]',
        ),
        programs={"usr/local/bin/docker-entrypoint.sh": "postgres_entrypoint.sh"},
    ),
}


def bases(dockerfile: str) -> list[str]:
    """Name the images that a Dockerfile starts from, without its own stages."""
    stages: set[str] = set()
    found: list[str] = []
    for match in re.finditer(r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", dockerfile, re.IGNORECASE | re.MULTILINE):
        image, stage = match.groups()
        if image not in stages and image != "scratch" and image not in found:
            found.append(image)
        if stage:
            stages.add(stage)
    return found


def ensure(image: str, *, home: Path, log: Path) -> str:
    """Make sure that the engine has ``image``. Return how: present, pulled or built."""
    with alone(home / f"{re.sub(r'[^a-z0-9.]+', '-', image)}.lock"):
        return _ensure(image, home, log)


def _ensure(image: str, home: Path, log: Path) -> str:
    present = ask("docker", "image", "inspect", "--format", "{{ json .Config.Labels }}", image)
    if present.code == 0 and not is_outdated(image, json.loads(present.output) or {}):
        return "present"
    if pull(image, log=log):
        return "pulled"
    refusal = why_not(image)
    if refusal:
        raise LocalAwsError(
            f"Expected the base image {image}, but no registry gave it. The end of {log}:\n{last_lines(log, 3)}\n"
            f"Next: {refusal}"
        )
    build(image, home=home, log=log)
    return "built"


def is_outdated(image: str, labels: Mapping[str, str]) -> bool:
    """Tell whether it was built here, from another recipe than today's."""
    # What is built on one of them has its labels, too.
    return image in RECIPES and BUILT_WITH in labels and labels.get(RECIPE) != RECIPES[image].digest


def pull(image: str, *, log: Path) -> bool:
    """Pull as usual, but give up at once where no registry answers."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(f"\n$ docker pull {image}\n")
        file.flush()
        # S603, S607: our own arguments; docker is looked up as the user's shell would.
        process = subprocess.Popen(  # noqa: S603
            ["docker", "pull", image],  # noqa: S607
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None  # noqa: S101 (for the type checker: a pipe was asked for)
        answers, _, _ = select.select([process.stdout], [], [], ANSWER_SECONDS)
        if not answers:
            process.kill()
            file.write(f"no answer within {ANSWER_SECONDS} s\n")
        for line in process.stdout:
            file.write(line.decode(errors="replace"))
        return process.wait() == 0


def why_not(image: str) -> str:
    """Say what keeps us from building the image here; nothing when nothing does."""
    if image not in RECIPES:
        return f"pull {image} where a registry answers; only {', '.join(RECIPES)} can be built here"
    if not can_install_packages():
        return f"pull {image} where a registry answers, or run as root on Debian or Ubuntu: then it is built here"
    return ""


def build(image: str, *, home: Path, log: Path) -> None:
    recipe = RECIPES[image]
    if shutil.which("debootstrap") is None:
        # The second package holds the keys of Debian's archive, which an Ubuntu does not have.
        install_packages("debootstrap", "debian-archive-keyring", log=log)
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="base-image-") as folder:
        root = Path(folder) / "root"
        run(
            [
                "debootstrap",
                "--variant=minbase",
                *([f"--include={','.join(recipe.packages)}"] if recipe.packages else []),
                recipe.suite,
                root,
                *mirror(recipe.suite),
            ],
            log=log,
            expected=f"a minimal Debian {recipe.suite}",
            advice="see that apt-get reaches its mirror, then run the same again",
        )
        slim(root)
        for path, script in recipe.programs.items():
            shutil.copy(Path(__file__).with_name(script), root / path)
        archive = Path(folder) / "root.tar"
        run(["tar", "-C", root, "-cf", archive, "."], log=log, expected="an archive", advice=f"free space in {home}")
        changes = [
            f"--change={change}"
            for change in (*recipe.changes, f"LABEL {BUILT_WITH}=debootstrap {RECIPE}={recipe.digest}")
        ]
        run(
            ["docker", "import", *changes, archive, image],
            log=log,
            expected=f"the image {image}",
            advice="see that the Docker engine has space left",
        )


def mirror(suite: str) -> list[str]:
    """Return the mirror that this machine's apt uses for the suite; none leaves it to debootstrap."""
    known = ask("apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {suite}", "Origin: Debian").output
    # A mirror has every suite, but those of security updates.
    every = ask("apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Created-By: Packages").output
    return [address for address in (known or every).split() if "security" not in address][:1]


def slim(root: Path) -> None:
    """Take out what the official slim images leave out, too: package lists, manuals and translations."""
    for folder in ("var/cache/apt", "var/lib/apt/lists", "usr/share/man", "usr/share/info", "usr/share/locale"):
        shutil.rmtree(root / folder, ignore_errors=True)
        (root / folder).mkdir(parents=True)
    for path in (root / "usr/share/doc").rglob("*"):
        if path.is_symlink() or (path.is_file() and path.name != "copyright"):
            path.unlink()


def main() -> None:
    for image in bases(Path(sys.argv[1]).read_text()):
        print(f"{image}: {ensure(image, home=HOME, log=HOME / 'base_image.log')}")


if __name__ == "__main__":
    main()
