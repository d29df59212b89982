"""Build the image of a commit, and push it unless the repository has it already. Only what pushes needs boto3.

python3 ci/build.py load --image webapp:test FOLDER       # for tests: no AWS, nothing leaves this machine
python3 ci/build.py load --image webapp:test --repository webapp FOLDER
python3 ci/build.py push --repository webapp FOLDER
python3 ci/build.py push --repository webapp --preview 12 FOLDER    # of pull request 12, to webapp-previews

The tag is the git commit of the checkout that FOLDER is in, and for a pull request its number and the commit. Where
GITHUB_OUTPUT names a file, what came out of it is written there, too. BUILD_ARGUMENTS may hold build arguments,
NAME=VALUE, one a line; or a JSON object of them, for a value of several lines.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHA_LENGTH = 12
CACHE_REPOSITORY = "{}-cache"
PREVIEW_REPOSITORY = "{}-previews"
OF_ANOTHER_CHECKOUT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")


@dataclass(frozen=True)
class Commit:
    sha: str
    title: str
    author: str

    @property
    def tag(self) -> str:
        return self.sha[:SHA_LENGTH]

    def labels(self, created: datetime) -> dict[str, str]:
        """What the ledger of releases reads from the image."""
        return {
            "org.opencontainers.image.revision": self.sha,
            "org.opencontainers.image.created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "towpath.commit-title": self.title,
            "towpath.commit-author": self.author,
        }


@dataclass(frozen=True)
class Build:
    """What is the same whether the image is loaded or pushed, so that the second build finds all of the first."""

    folder: Path
    dockerfile: str = ""
    platform: str = "linux/amd64"
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> list[str]:
        return [
            *("docker", "buildx", "build", f"--platform={self.platform}"),
            *([f"--file={self.dockerfile}"] if self.dockerfile else []),
            *(f"--build-arg={name}={value}" for name, value in self.arguments.items()),
            *(f"--label={name}={value}" for name, value in self.labels.items()),
        ]


def cache_tag(branch: str, platform: str) -> str:
    """A tag for the cache of a branch: whatever is in its name, it is a tag, and no other branch's by accident."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{branch}-{platform.rpartition('/')[2]}").lstrip(".-")
    return name[:128]


def registry_cache(
    repository: str, branch: str, fallback_branch: str, platform: str, compression: str
) -> tuple[list[str], list[str]]:
    """Where layers are looked for, the branch's own first and the other's after it; and where they are kept."""
    own, fallback = (f"{repository}:{cache_tag(name, platform)}" for name in (branch, fallback_branch))
    sources = [f"--cache-from=type=registry,ref={ref}" for ref in dict.fromkeys((own, fallback))]
    # All stages' layers, as an image that ECR takes. Where none can be written the next build is slower, no more.
    kept = f"type=registry,ref={own},mode=max,image-manifest=true,{compressed(compression)},ignore-error=true"
    return sources, [f"--cache-to={kept}"]


def preview_cache(repository: str, branch: str, platform: str) -> list[str]:
    """Where a pull request looks for layers. It keeps none there: what is there is built into images of the branch."""
    return [f"--cache-from=type=registry,ref={repository}:{cache_tag(branch, platform)}"]


def destination(repository: str, preview: int, commit: Commit) -> tuple[str, str]:
    """The repository and the tag of the image: a pull request's is no image that could reach prod."""
    if not preview:
        return repository, commit.tag
    return PREVIEW_REPOSITORY.format(repository), f"pr-{preview}-{commit.tag}"


def compressed(compression: str) -> str:
    """Every layer: else those would stay as they are that came with the base image, or were loaded for the tests."""
    return f"oci-mediatypes=true,compression={compression},force-compression=true"


def folder_cache(folder: Path, fresh: Path) -> list[str]:
    """A cache in a folder, written anew: one that is written over keeps all that it ever held."""
    sources = [f"--cache-from=type=local,src={folder}"] if (folder / "index.json").is_file() else []
    return [*sources, f"--cache-to=type=local,dest={fresh},mode=max"]


def load_command(build: Build, image: str, cache: Iterable[str]) -> list[str]:
    return [*build.words(), f"--tag={image}", "--load", *cache, str(build.folder)]


def push_command(build: Build, image: str, cache: Iterable[str], compression: str) -> list[str]:
    output = f"type=image,name={image},push=true,{compressed(compression)}"
    return [*build.words(), f"--output={output}", *cache, str(build.folder)]


def named(given: Iterable[str]) -> dict[str, str]:
    """NAME=VALUE, as docker takes it."""
    pairs = list(given)
    wrong = [pair for pair in pairs if not re.match(r"[A-Za-z0-9_.-]+=", pair)]
    if wrong:
        raise SystemExit(f"Expected NAME=VALUE, but was given {wrong[0]!r}. Next: correct the build argument or label")
    return dict(pair.split("=", 1) for pair in pairs)


def build_arguments(text: str) -> dict[str, str]:
    """NAME=VALUE, one a line; or a JSON object, whose values may have lines, as a certificate has."""
    if not text.lstrip().startswith("{"):
        return named(line for line in text.replace("\r\n", "\n").split("\n") if line)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as problem:
        raise SystemExit(f"Expected BUILD_ARGUMENTS as a JSON object, but {problem}. Next: correct it") from None
    wrong = [name for name, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise SystemExit(f"Expected text as the build argument {wrong[0]}. Next: put its value in quotes")
    return named(f"{name}={value}" for name, value in found.items())


def commit_in(folder: Path) -> Commit:
    # A title may have what Python takes for the end of a line. NUL it cannot have.
    log = ("log", "--max-count=1", "--format=%H%x00%s%x00%an")
    done = git(folder, *log)
    if done.returncode != 0:
        raise SystemExit(
            f"Expected {folder} in a git checkout: an image is named after its commit. "
            f"git said: {done.stderr.strip()}\nNext: check the repository out before this step"
        )
    sha, title, author = done.stdout.removesuffix("\n").split("\0")
    return Commit(sha, title, author)


def branch_in(folder: Path) -> str:
    """The branch of the job, or of the checkout."""
    given = os.environ.get("GITHUB_REF_NAME") or os.environ.get("CI_COMMIT_REF_NAME")
    if given:
        return given
    return git(folder, "rev-parse", "--abbrev-ref", "HEAD").stdout.strip()


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # Whoever looks at signatures in the log has them in its output, and a hook of git names its own repository.
    command = ["git", "-C", str(folder), "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8", *words]
    environment = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_CHECKOUT}
    # Our own words, and no shell.
    return subprocess.run(  # noqa: S603
        command, capture_output=True, encoding="utf-8", errors="replace", env=environment, check=False
    )


@dataclass(frozen=True)
class Registry:
    """The image repository of the account that the job's credentials belong to."""

    uri: str
    registry: str
    digest: str
    """The image of this commit, where it was pushed before."""


def log_in(repository: str, tag: str) -> Registry:
    import boto3  # type: ignore[import-untyped,unused-ignore]  # needed to push alone: a pull request goes without

    ecr: Any = boto3.client("ecr")
    try:
        found = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]
    except ecr.exceptions.RepositoryNotFoundException:
        raise SystemExit(
            f"Expected an image repository called {repository}, but there is none.\n"
            "Next: ansible-playbook provision.yml"
        ) from None
    uri = str(found["repositoryUri"])
    registry = uri.partition("/")[0]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    # Through a pipe: what is on a command line can be read by every process.
    login = ["docker", "login", "--username", user, "--password-stdin", registry]
    subprocess.run(login, input=password, text=True, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return Registry(uri, registry, digest_of(ecr, repository, tag))


def digest_of(ecr: Any, repository: str, tag: str) -> str:
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return ""
    return str(found["imageDetails"][0]["imageDigest"])


def tell(**outputs: str) -> None:
    """Print what came out of it, and hand it to the job's next steps."""
    lines = [f"{name}={value}" for name, value in outputs.items()]
    print(*lines, sep="\n")
    if file := os.environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.writelines(f"{line}\n" for line in lines)


def run(words: list[str]) -> None:
    # Words and no shell: what is in a label or a build argument stays what it is.
    done = subprocess.run(words, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the image of a commit, and push it unless it is there already.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("folder", type=Path, help="folder that is built, with its Dockerfile")
    shared.add_argument("--dockerfile", default="", help="another Dockerfile")
    shared.add_argument("--platform", default="linux/amd64", help="that of the tasks")
    shared.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="one more label")
    shared.add_argument("--compression", choices=("zstd", "gzip"), default="zstd", help="of the layers")
    shared.add_argument("--fallback-branch", default="main", help="whose cache serves a branch that has none")
    shared.add_argument("--preview", type=int, default=0, metavar="NUMBER", help="pull request that the image is of")
    ways = parser.add_subparsers(dest="way", required=True)
    load = ways.add_parser("load", parents=[shared], help="build it for tests on this machine")
    load.add_argument("--image", required=True, help="what to call it here")
    load.add_argument("--repository", default="", help="image repository whose cache is read")
    load.add_argument("--cache-folder", type=Path, help="folder that keeps layers from one job to the next")
    push = ways.add_parser("push", parents=[shared], help="push it, tagged with its commit")
    push.add_argument("--repository", required=True, help="name of the image repository")
    return parser.parse_args()


def main() -> None:
    given = parse()
    commit, branch = commit_in(given.folder), branch_in(given.folder)
    labels = {**commit.labels(datetime.now(UTC)), **named(given.label)}
    own = {"GIT_SHA": commit.tag, "VERSION": commit.tag}
    arguments = own | build_arguments(os.environ.get("BUILD_ARGUMENTS", ""))
    # The time is in the labels, which come last: they spoil no cached layer.
    build = Build(given.folder, given.dockerfile, given.platform, arguments, labels)
    repository, tag = destination(given.repository, given.preview, commit)
    registry = log_in(repository, tag) if given.repository else None
    if registry and registry.digest:
        print(f"{registry.uri} has {tag} already.", file=sys.stderr)
        tell(digest=registry.digest, tag=tag)
        return
    sources: list[str] = []
    kept: list[str] = []
    if registry:
        cache = f"{registry.registry}/{CACHE_REPOSITORY.format(given.repository)}"
        if given.preview:
            sources = preview_cache(cache, given.fallback_branch, given.platform)
        else:
            sources, kept = registry_cache(cache, branch, given.fallback_branch, given.platform, given.compression)
    if given.way == "push" and registry:
        run(push_command(build, f"{registry.uri}:{tag}", [*sources, *kept], given.compression))
        tell(digest=pushed_digest(repository, tag), tag=tag)
    elif given.cache_folder:
        fresh = given.cache_folder.with_name(f"{given.cache_folder.name}.new")
        run(load_command(build, given.image, [*sources, *folder_cache(given.cache_folder, fresh)]))
        shutil.rmtree(given.cache_folder, ignore_errors=True)
        fresh.rename(given.cache_folder)
    else:
        run(load_command(build, given.image, sources))


def pushed_digest(repository: str, tag: str) -> str:
    import boto3  # type: ignore[import-untyped,unused-ignore]

    digest = digest_of(boto3.client("ecr"), repository, tag)
    if not digest:
        raise SystemExit(f"Expected {repository}:{tag} after the push, but there is none. Next: run the job again")
    return digest


if __name__ == "__main__":
    main()
