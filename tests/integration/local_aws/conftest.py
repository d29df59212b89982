"""A small real image for tasks to run."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.harness import AwsEndpoint
from tests.integration.local_aws import app

PROGRAMS = ["sh", "sleep", "false", "echo"]


@pytest.fixture(scope="session")
def image() -> Iterator[str]:
    """Make an image of this machine's own shell and what it needs to run, so that nothing is downloaded."""
    files = {Path("/bin") / name: Path(shutil.which(name) or name).resolve() for name in PROGRAMS}
    listed = subprocess.run(["ldd", *map(str, files.values())], capture_output=True, text=True, check=True).stdout
    libraries = {
        word for line in listed.splitlines() for word in line.split() if word.startswith("/") and word[-1] != ":"
    }
    files |= {Path(name): Path(name).resolve() for name in libraries}
    with io.BytesIO() as content:
        with tarfile.open(fileobj=content, mode="w") as archive:
            for name, source in files.items():
                archive.add(source, str(name).lstrip("/"))
            archive.addfile(*a_program_for_another_processor())
        reference = f"local-aws-test:{uuid.uuid4().hex[:8]}"
        subprocess.run(["docker", "import", "-", reference], input=content.getvalue(), capture_output=True, check=True)
    yield reference
    subprocess.run(["docker", "rmi", "--force", reference], capture_output=True, check=False)


def a_program_for_another_processor() -> tuple[tarfile.TarInfo, io.BytesIO]:
    """Nothing but the beginning of an ELF file for a machine that nobody has."""
    content = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xff\xfe" + bytes(44)
    member = tarfile.TarInfo("bin/other")
    member.mode, member.size = 0o755, len(content)
    return member, io.BytesIO(content)


@pytest.fixture
def pushed_image(image: str) -> Callable[..., str]:
    """Return a function that pushes the image to an endpoint's ECR and returns its reference by digest."""

    def push(aws: AwsEndpoint, mutability: str = "MUTABLE") -> str:
        name = f"app-{uuid.uuid4().hex[:8]}"
        aws.client("ecr").create_repository(repositoryName=name, imageTagMutability=mutability)
        registry = aws.url.removeprefix("http://")
        target = f"{registry}/{name}:v1"
        subprocess.run(["docker", "tag", image, target], check=True, capture_output=True)
        subprocess.run(["docker", "push", target], check=True, capture_output=True, text=True)
        subprocess.run(["docker", "rmi", target], check=True, capture_output=True)
        detail = aws.client("ecr").describe_images(repositoryName=name, imageIds=[{"imageTag": "v1"}])["imageDetails"][
            0
        ]
        return f"{registry}/{name}@{detail['imageDigest']}"

    return push


@pytest.fixture(scope="session")
def app_image(ministack: AwsEndpoint) -> Iterator[str]:
    """The small web app, pushed to the local AWS's ECR: its reference by digest."""
    if not ministack.containers:
        pytest.skip("No Docker engine answers, so there are no containers to test with: start one and run again.")
    name = f"web-{uuid.uuid4().hex[:8]}"
    registry = ministack.url.removeprefix("http://")
    ministack.client("ecr").create_repository(repositoryName=name)
    reference = f"{registry}/{name}:v1"
    app.build(reference)
    subprocess.run(["docker", "push", reference], check=True, capture_output=True)
    details = ministack.client("ecr").describe_images(repositoryName=name)["imageDetails"]
    yield f"{registry}/{name}@{details[0]['imageDigest']}"
    subprocess.run(["docker", "rmi", "--force", reference], capture_output=True, check=False)
