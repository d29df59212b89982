"""Build the sample app's image and push it, unless an image of this content is in the repository already.

.venv/bin/python -m examples.push [--result-file FILE]

The account and the region are those of the shell's AWS credentials, as for every AWS tool. The tag is the git commit of
the checkout; where the app differs from that commit, or is built with an argument, a hash of its content follows.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError

from local_aws import base_image
from local_aws.commands import ask, run
from local_aws.emulator import HOME, LocalAwsError, docker_host

ROOT = Path(__file__).resolve().parent.parent
SHA_LENGTH = 12
# The one that the sample app's image has.
IMAGE_PYTHON = "3.11"


@dataclass(frozen=True)
class Pushed:
    """An image in the repository."""

    image: str
    """The full reference, by digest."""
    digest: str
    tag: str
    git_sha: str
    pushed: bool
    """False when it was there already."""
    base: str
    """How the base image came here: present, pulled or built; empty when nothing had to be built."""


def app_name() -> str:
    """The image repository is named after the app."""
    return str(yaml.safe_load((ROOT / "group_vars" / "all" / "app.yml").read_text())["app_name"])


def tag_for(git_sha: str, changed: Mapping[str, bytes], build_args: Sequence[str] = ()) -> str:
    """Name an image after its content: the commit alone, if nothing else went into it."""
    if not changed and not build_args:
        return git_sha
    content = hashlib.sha256()
    for name, body in sorted(changed.items()):
        content.update(f"{name}\0{hashlib.sha256(body).hexdigest()}\0".encode())
    for argument in sorted(build_args):
        content.update(f"{argument}\0".encode())
    return f"{git_sha}-{content.hexdigest()[:8]}"


def git_sha() -> str:
    answer = ask("git", "-C", str(ROOT), "rev-parse", f"--short={SHA_LENGTH}", "HEAD")
    if answer.code != 0:
        raise LocalAwsError(
            f"Expected a git checkout with a commit in {ROOT}: an image is named after its commit. "
            f"git said: {answer.error}\nNext: git clone the repository, and run the same there"
        )
    # A longer abbreviation would come where twelve digits are not unique.
    return answer.output[:SHA_LENGTH]


def changed_content(context: Path) -> dict[str, bytes]:
    """Return every file of the folder when any differs from the commit, else nothing."""
    if not ask("git", "-C", str(context), "status", "--porcelain", "--untracked-files=normal", "--", ".").output:
        return {}
    listed = ask("git", "-C", str(context), "ls-files", "-z", "--cached", "--others", "--exclude-standard").output
    files = [context / name for name in listed.split("\0") if name]
    return {str(path.relative_to(context)): path.read_bytes() for path in files if path.is_file()}


def digest_of(ecr: Any, repository: str, tag: str) -> str:
    """Return the digest behind a tag, or nothing when there is no such tag."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return ""
    return str(found["imageDetails"][0]["imageDigest"])


def repository_uri(ecr: Any, repository: str) -> str:
    try:
        found = ecr.describe_repositories(repositoryNames=[repository])
    except ecr.exceptions.RepositoryNotFoundException:
        raise LocalAwsError(
            f"Expected an image repository called {repository}, but there is none.\n"
            "Next: ansible-playbook provision.yml"
        ) from None
    return str(found["repositories"][0]["repositoryUri"])


def labels(context: Path) -> list[str]:
    """What the image says of its commit and its migrations, for the ledger of releases."""
    # A title may have what Python takes for the end of a line. NUL it cannot have. Signatures are none of it.
    settings = ("-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8")
    log = (*settings, "log", "--max-count=1", "--format=%H%x00%s%x00%an", "HEAD")
    told = ask("git", "-C", str(ROOT), *log).output.split("\0")
    names = ("org.opencontainers.image.revision", "towpath.commit-title", "towpath.commit-author")
    said = dict(zip(names, told, strict=True))
    if has_breaking_migration(context):
        said["towpath.migrations"] = "breaking"
    return [f"--label={name}={value}" for name, value in said.items()]


def has_breaking_migration(context: Path) -> bool:
    """Tell whether a migration has a line that marks it as one after which nothing older can run."""
    marks = (line.split() for path in (context / "migrations").glob("*.sql") for line in path.read_text().split("\n"))
    return ["--", "breaking"] in marks


def fetch_packages(context: Path, *, log: Path) -> list[str]:
    """Put the packages that the app requires beside its Dockerfile, with the pip that this machine is set up for.

    Return what tells the build to use them: inside a build there may be no registry.
    """
    required, folder = context / "requirements.txt", context / "packages"
    if not required.is_file():
        return []
    fetched = folder / required.name
    if not fetched.is_file() or fetched.read_bytes() != required.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        run(
            [
                *(sys.executable, "-m", "pip", "download", "--require-hashes", "--requirement", required),
                # For the image's Python and any machine, whatever these are here.
                *("--only-binary=:all:", f"--python-version={IMAGE_PYTHON}", "--platform=any", "--dest", folder),
            ],
            log=log,
            expected=f"the packages of {required.relative_to(context.parent)}",
            advice="see that pip reaches a package index, then run the same again",
        )
        shutil.copy(required, fetched)
    return ["--build-arg=PIP_NO_INDEX=1"]


def build(context: Path, reference: str, build_args: Sequence[str], *, log: Path) -> str:
    """Build the image. Return how its base image came here."""
    came = "present"
    for base in base_image.bases((context / "Dockerfile").read_text()):
        came = max(came, base_image.ensure(base, home=HOME, log=log), key=("present", "pulled", "built").index)
    run(
        [
            *("docker", "build", "--tag", reference, *labels(context), *fetch_packages(context, log=log)),
            *(f"--build-arg={argument}" for argument in build_args),
            context,
        ],
        log=log,
        expected=f"the image of {context.name}",
        advice=f"find out more with: docker build {context}",
    )
    return came


def push(ecr: Any, reference: str, *, log: Path) -> None:
    """Log in and push as on AWS. The password passes through a pipe, and its copy goes when the push is over."""
    authorization = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(authorization["authorizationToken"]).decode().partition(":")
    HOME.mkdir(parents=True, exist_ok=True)
    # A folder of its own would hide the docker command's contexts, so the engine's address goes along.
    engine = {**os.environ, "DOCKER_HOST": docker_host() or ""}
    with tempfile.TemporaryDirectory(dir=HOME, prefix="docker-config-") as config:
        docker = ["docker", "--config", config]
        run(
            [*docker, "login", "--username", user, "--password-stdin", authorization["proxyEndpoint"]],
            log=log,
            expected=f"a login to the registry at {authorization['proxyEndpoint']}",
            advice="see that AWS_ENDPOINT_URL and the credentials are the right ones",
            environment=engine,
            given=password,
        )
        run(
            [*docker, "push", reference],
            log=log,
            expected=f"{reference} pushed",
            advice="read why in the log; a tag that exists cannot be pushed again",
            environment=engine,
        )


def put_simulated(ecr: Any, repository: str, tag: str) -> None:
    """Record an image without layers: without a Docker engine nothing could be built or started from it."""
    if urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname not in ("127.0.0.1", "localhost"):
        raise LocalAwsError(
            "Expected AWS_ENDPOINT_URL to be the local AWS: a simulated image has no place elsewhere.\n"
            "Next: leave out --simulate"
        )
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(tag),
            "digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}",
        },
        "layers": [],
    }
    ecr.put_image(
        repositoryName=repository,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=manifest["mediaType"],
        imageTag=tag,
    )


def ensure_pushed(context: Path, repository: str, build_args: Sequence[str], *, simulate: bool, log: Path) -> Pushed:
    sha = git_sha()
    tag = tag_for(sha, changed_content(context), build_args)
    ecr = boto3.client("ecr")
    uri = repository_uri(ecr, repository)
    digest, came = digest_of(ecr, repository, tag), ""
    is_new = not digest
    if is_new:
        if simulate:
            put_simulated(ecr, repository, tag)
        else:
            created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            about = [f"VERSION={tag}", f"GIT_SHA={sha}", f"CREATED={created}"]
            came = build(context, f"{uri}:{tag}", [*about, *build_args], log=log)
            push(ecr, f"{uri}:{tag}", log=log)
        digest = digest_of(ecr, repository, tag)
    return Pushed(f"{uri}@{digest}", digest, tag, sha, is_new, came)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the sample app's image and push it, unless it is there.")
    parser.add_argument("--context", type=Path, default=ROOT / "examples" / "webapp", help="folder of the Dockerfile")
    parser.add_argument("--repository", default=app_name(), help="name of the image repository")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE", help="as for docker build")
    parser.add_argument("--simulate", action="store_true", help="record an image that cannot run, without Docker")
    parser.add_argument("--result-file", type=Path, help="write what was pushed into this file, as JSON")
    parser.add_argument("--log", type=Path, default=HOME / "push.log", help="where the output of docker goes")
    given = parser.parse_args()
    try:
        pushed = ensure_pushed(given.context, given.repository, given.build_arg, simulate=given.simulate, log=given.log)
    except (LocalAwsError, ClientError, BotoCoreError) as problem:
        sys.exit(str(problem))
    if given.result_file:
        given.result_file.write_text(json.dumps(asdict(pushed), indent=2) + "\n")
    print(f"{'pushed' if pushed.pushed else 'already there:'} {pushed.tag} ({pushed.digest})")


if __name__ == "__main__":
    main()
