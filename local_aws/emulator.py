"""Start, find and stop one local AWS. A home folder is all that identifies it; it needs the standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess  # nosec: runs this project's own programs and docker, never a shell
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".local_aws"
VENV = HOME / "venv"
LOCK_FILE = ROOT / "local_aws" / "requirements.lock"

REGION = "us-east-1"
# MiniStack's usual port and the next ones; below the range that a system takes outgoing connections from.
PORTS = range(4566, 4766)
# One block of database ports for each of those ports, so that two local AWS never meet.
DATABASE_PORTS_EACH = 50
FIRST_DATABASE_PORT = 20000
# It opens nothing anywhere. Ansible blots a secret out wherever it stands, so it is a word that stands nowhere else.
KEY = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "throw-away-key-of-the-local-aws"}
START_SECONDS = 60
STOP_SECONDS = 30


class LocalAwsError(Exception):
    """What is wrong, what was expected and what to type next."""


@dataclass(frozen=True)
class LocalAws:
    """What a home folder remembers between two starts."""

    port: int
    account_id: str
    containers: bool
    """Whether tasks and databases are real containers."""
    pid: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The standard variables that point every AWS tool here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **KEY,
            "AWS_RETRY_MODE": "standard",
            "AWS_MAX_ATTEMPTS": "10",
        }

    @property
    def instance(self) -> str:
        """The value of the label ministack.instance on each of its containers."""
        return f"local-aws:{self.port}"


def up(
    home: Path = HOME, *, simulate: bool = False, port: int | None = None, extra: Mapping[str, str] | None = None
) -> tuple[LocalAws, bool]:
    """Make sure that the local AWS of ``home`` runs. Also tell whether it had to be started."""
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context((home / "lock").open("a"))
        if not _take(lock):
            return _wait_for_the_running_one(home), False
        engine = None if simulate else docker_host()
        before = _remembered(home)
        if not before and not port:
            # Until it listens, the port that one has chosen is free for the next, who then takes it for their own.
            stack.enter_context(alone(Path(tempfile.gettempdir()) / f"local-aws-{os.getuid()}.lock"))
        port = before.port if before else port or free_port()
        if not _is_free(port):
            raise LocalAwsError(
                f"Port {port}, where this local AWS was before, is taken by another program. Free it, "
                f"or begin anew on another port: python3 -m local_aws down, then python3 -m local_aws up."
            )
        local_aws = LocalAws(port=port, account_id=account_id_of(home), containers=engine is not None)
        if engine:
            _forget_databases_that_the_state_does_not_know(home, local_aws)
        process = _launch(home, local_aws, engine, lock, extra or {})
        local_aws = replace(local_aws, pid=process.pid)
        _remember(home, local_aws)
        try:
            _wait_until_healthy(home, local_aws, process)
        except LocalAwsError:
            # A first start that failed must not bind later ones to its port.
            if before is None:
                _memory(home).unlink()
            raise
    return local_aws, True


def find(home: Path = HOME) -> LocalAws | None:
    """Return the local AWS that runs in ``home``, or None."""
    if not home.is_dir():
        return None
    with (home / "lock").open("a") as lock:
        return None if _take(lock) else _remembered(home)


def down(home: Path = HOME) -> bool:
    """Stop the local AWS of ``home`` and take away all it made. Tell whether there was anything."""
    remembered = _remembered(home)
    if remembered is None:
        return False
    if find(home):
        _stop(home, remembered.pid)
    _remove_from_docker(remembered)
    for name in ("state", "tmp"):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in ("local_aws.json", "local_aws.log", "lock"):
        (home / name).unlink(missing_ok=True)
    return True


def ensure_venv() -> bool:
    """Make the emulator's virtual environment from its lock file. Tell whether it had to be made."""
    # Imported here, because it reports its failures with this module's error.
    from local_aws import virtual_environment

    return virtual_environment.ensure(VENV, LOCK_FILE, log=HOME / "setup.log")


def docker_host() -> str | None:
    """Return the address of the Docker engine that the docker command talks to, or None when none answers.

    DOCKER=never refuses even one that does.
    """
    if os.environ.get("DOCKER") == "never" or not docker("version", "--format", "{{.Server.Version}}"):
        return None
    # The emulator reads DOCKER_HOST but knows nothing of the docker command's contexts.
    return os.environ.get("DOCKER_HOST") or docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")


def docker(*arguments: str) -> str:
    """Run the docker command and return what it prints; nothing when it fails or is not there."""
    try:
        # S603, S607: arguments are our own; docker is looked up as the user's shell would.
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def free_port() -> int:
    for port in PORTS:
        if _is_free(port):
            return port
    raise LocalAwsError(f"Every port from {PORTS[0]} to {PORTS[-1]} is taken. Stop a program that holds one of them.")


@contextlib.contextmanager
def alone(file: Path) -> Iterator[None]:
    """Let nobody else on this machine make meanwhile what ``file`` stands for; whoever comes second waits."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def last_lines(log: Path, count: int = 15) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return "\n".join(f"  {line}" for line in lines[-count:])


def _launch(
    home: Path, local_aws: LocalAws, engine: str | None, lock: IO[str], extra: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    (home / "tmp").mkdir(exist_ok=True)
    variables = {
        "GATEWAY_PORT": str(local_aws.port),
        "MINISTACK_HOSTNAME": local_aws.instance.partition(":")[0],
        "MINISTACK_ACCOUNT_ID": local_aws.account_id,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "RDS_PERSIST": "1",
        "RDS_BASE_PORT": str(_database_port(local_aws.port)),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "state" / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(home / "tmp"),
        # An address where nothing listens is how the emulator learns to simulate containers.
        "DOCKER_HOST": engine or f"unix://{home}/no-docker-engine",
        "LOCAL_AWS_ADDRESSES": " ".join(_addresses(engine)),
    }
    # Credentials and endpoints of the caller's shell must not reach what runs inside.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DOCKER_"))}
    python = VENV / "bin" / "python"
    if not python.exists():
        raise LocalAwsError(f"There is no {python}, so nothing can be started. Make it with python3 -m local_aws up.")
    with (home / "local_aws.log").open("wb") as log:
        # S603: our own interpreter and module.
        return subprocess.Popen(  # noqa: S603
            [str(python), "-m", "local_aws.launch"],
            cwd=ROOT,
            env={**inherited, **variables, **extra},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # The child keeps the lock for as long as it lives: that is how everyone else sees it running.
            pass_fds=[lock.fileno()],
        )


def _addresses(engine: str | None) -> list[str]:
    """Loopback, and the bridge's gateway where containers look for their host. Never the world."""
    template = "{{range .IPAM.Config}}{{.Gateway}} {{.Subnet}}{{end}}"
    found = docker("network", "inspect", "bridge", "--format", template).split() if engine else []
    # Until its first container an engine may not say which gateway it chose: it is the subnet's first address.
    return ["127.0.0.1", *(found[:1] if len(found) > 1 else [str(ipaddress.ip_network(net)[1]) for net in found])]


def _wait_until_healthy(home: Path, local_aws: LocalAws, process: subprocess.Popen[bytes]) -> None:
    log = home / "local_aws.log"
    for _ in _until(START_SECONDS):
        if process.poll() is not None:
            raise LocalAwsError(
                f"The local AWS stopped while it was starting (exit code {process.returncode}). "
                f"The end of {log}:\n{last_lines(log)}"
            )
        if _is_healthy(local_aws.url):
            return
    process.terminate()
    raise LocalAwsError(
        f"The local AWS did not answer at {local_aws.url} within {START_SECONDS} s. "
        f"The end of {log}:\n{last_lines(log)}"
    )


def _wait_for_the_running_one(home: Path) -> LocalAws:
    for _ in _until(START_SECONDS):
        local_aws = _remembered(home)
        if local_aws and _is_healthy(local_aws.url):
            return local_aws
    raise LocalAwsError(
        f"The local AWS of {home} runs but does not answer. Run python3 -m local_aws down, then up. "
        f"The end of its log:\n{last_lines(home / 'local_aws.log')}"
    )


def _stop(home: Path, pid: int) -> None:
    for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        for _ in _until(seconds):
            if find(home) is None:
                return
    raise LocalAwsError(f"The local AWS (process {pid}) does not stop. End it by hand: kill -9 {pid}")


def _remove_from_docker(local_aws: LocalAws) -> None:
    """Remove its containers, its databases' volumes and the images that were pulled from its registry."""
    label = f"label=ministack.instance={local_aws.instance}"
    for container in docker("ps", "--all", "--quiet", "--filter", label).split():
        docker("rm", "--force", "--volumes", container)
    for volume in _database_volumes(local_aws):
        docker("volume", "rm", "--force", volume)
    for line in docker("images", "--digests", "--format", "{{.Repository}} :{{.Tag}} @{{.Digest}}").splitlines():
        repository, *names = line.split()
        if repository.startswith(f"127.0.0.1:{local_aws.port}/"):
            docker("rmi", *(repository + name for name in names if name[1:] != "<none>"))


def _forget_databases_that_the_state_does_not_know(home: Path, local_aws: LocalAws) -> None:
    """Remove databases that were made after the state was written, which is what a kill or a power cut leaves.

    The next database of the same name would begin with their files, and refuse its own password for ever.
    """
    state = home / "state" / "rds.json"
    known = state.read_text() if state.is_file() else ""
    for volume in _database_volumes(local_aws):
        if volume not in known:
            for container in docker("ps", "--all", "--quiet", "--filter", f"volume={volume}").split():
                docker("rm", "--force", container)
            docker("volume", "rm", "--force", volume)


def _database_volumes(local_aws: LocalAws) -> list[str]:
    """The volumes in which its databases outlive a restart; no label, but their names tell account and region."""
    scope = hashlib.sha1(f"{local_aws.account_id}:{REGION}".encode(), usedforsecurity=False).hexdigest()[:12]
    found = docker("volume", "ls", "--quiet", "--filter", "name=ministack-rds-").split()
    return [volume for volume in found if scope in volume]


def _is_healthy(url: str) -> bool:
    try:
        # S310: the scheme is ours.
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _until(seconds: float) -> Iterator[None]:
    """Look again every 50 ms until the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _database_port(port: int) -> int:
    return FIRST_DATABASE_PORT + (port % len(PORTS)) * DATABASE_PORTS_EACH


def account_id_of(home: Path) -> str:
    """An account of its own for each home: two local AWS with one account fight over their databases' names."""
    return f"{zlib.crc32(str(home.resolve()).encode()) % 10**10:012d}"


def _memory(home: Path) -> Path:
    return home / "local_aws.json"


def _remembered(home: Path) -> LocalAws | None:
    try:
        return LocalAws(**json.loads(_memory(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _remember(home: Path, local_aws: LocalAws) -> None:
    _memory(home).write_text(json.dumps(asdict(local_aws)) + "\n")
