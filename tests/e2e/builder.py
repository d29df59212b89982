"""A builder as a machine of GitHub has it: buildx, and an engine that keeps images as registries do.

The Docker engine that runs the tasks here may be too old for that: its BuildKit can neither write a cache into a
registry nor compress with zstd. So the builder is an engine of its own, from a newer Debian's packages, unpacked and
not installed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from local_aws import base_image
from local_aws.commands import ask, can_install_packages, run
from local_aws.emulator import HOME, LocalAwsError

SUITE = "trixie"
PACKAGES = ("docker-buildx", "docker.io")
FOLDER = HOME / "builder"
BRIDGE = "towpath-build"
START_SECONDS = 60


def why_not() -> str:
    """Why there can be none here; empty where there can."""
    missing = [name for name in ("containerd", "runc", "ip") if shutil.which(name) is None]
    if not can_install_packages():
        return "it is unpacked from Debian's packages, as root"
    return f"without {' and '.join(missing)} no engine starts" if missing else ""


def ensure() -> Path:
    """Unpack the packages once, checked by apt against the keys of Debian's archive. Return where they are."""
    root = FOLDER / SUITE
    if root.is_dir():
        return root
    log = FOLDER / "setup.log"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for folder in ("lists/partial", "archives/partial"):
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (FOLDER / "sources.list").write_text(f"deb [signed-by={keys}] {base_image.mirror(SUITE)[0]} {SUITE} main\n")
    options = {
        "Dir::State::lists": FOLDER / "lists",
        "Dir::Cache::archives": FOLDER / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::sourcelist": FOLDER / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "--quiet", *(f"--option={name}={value}" for name, value in options.items())]
    advice = "see that apt-get reaches its mirror, then run the same again"
    run([*apt, "update"], log=log, expected=f"the package lists of {SUITE}", advice=advice)
    for package in PACKAGES:
        run(
            [*apt, "--download-only", "--reinstall", "--no-install-recommends", "--assume-yes", "install", package],
            log=log,
            expected=package,
            advice=advice,
        )
    unpacked = FOLDER / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    for package in PACKAGES:
        (archive,) = (FOLDER / "archives").glob(f"{package}_*.deb")
        run(["dpkg-deb", "--extract", archive, unpacked], log=log, expected=f"{package} unpacked", advice=advice)
    return unpacked.rename(root)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """An engine with nothing in it, and its address. It goes when it is not needed any more, with all that it holds."""
    root = ensure()
    config = folder / "daemon.json"
    config.write_text(json.dumps({"features": {"containerd-snapshotter": True}}))
    address = f"unix://{folder / 'docker.sock'}"
    with bridge(), (folder / "dockerd.log").open("w") as log:
        engine = subprocess.Popen(
            [
                root / "usr/sbin/dockerd",
                *(f"--config-file={config}", f"--host={address}", f"--pidfile={folder / 'docker.pid'}"),
                *(f"--data-root={folder / 'data'}", f"--exec-root={folder / 'exec'}"),
                *(f"--bridge={BRIDGE}", "--iptables=false", "--ip6tables=false", "--ip-masq=false"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(address, engine, folder / "dockerd.log")
            yield address
        finally:
            engine.terminate()
            engine.wait(60)
            shutil.rmtree(folder / "data", ignore_errors=True)


@contextlib.contextmanager
def bridge() -> Iterator[None]:
    """A network of the builds' own: that of the other engine is not to be touched."""
    ask("ip", "link", "delete", BRIDGE)
    for words in (
        ("link", "add", BRIDGE, "type", "bridge"),
        ("address", "add", "172.31.251.1/24", "dev", BRIDGE),
        ("link", "set", BRIDGE, "up"),
    ):
        subprocess.run(["ip", *words], check=True)
    try:
        yield
    finally:
        ask("ip", "link", "delete", BRIDGE)


def wait_for(address: str, engine: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while engine.poll() is None and time.monotonic() < end:
        if ask("docker", "--host", address, "version").code == 0:
            return
        time.sleep(0.3)
    raise LocalAwsError(f"The builder gave no answer. The end of {log}:\n{log.read_text()[-3000:]}")


def give(address: str, *images: str) -> None:
    """Hand images over from the engine of the tasks: there may be no registry to pull them from."""
    save = subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE)
    subprocess.run(["docker", "--host", address, "load", "--quiet"], stdin=save.stdout, check=True, capture_output=True)
    assert save.wait() == 0


@contextlib.contextmanager
def buildx(home: Path, address: str) -> Iterator[dict[str, str]]:
    """Let docker find buildx and a builder of its own, as docker/setup-buildx-action does, and return what says so.

    By buildx's driver for engines it would be pushed twice, by BuildKit and by the engine, and the second time refused.
    """
    plugins = home / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-buildx").symlink_to(ensure() / "usr/libexec/docker/cli-plugins/docker-buildx")
    with relayed(address.removeprefix("unix://"), home / "buildkit.sock") as relay:
        words = ["docker", "buildx", "create", "--name=towpath", "--driver=remote", f"unix://{relay}"]
        subprocess.run(words, check=True, capture_output=True, env={**os.environ, "HOME": str(home)})
        yield {"DOCKER_HOST": address, "BUILDX_BUILDER": "towpath"}


@contextlib.contextmanager
def relayed(engine: str, relay: Path) -> Iterator[Path]:
    """The BuildKit within an engine at a socket of its own: the engine gives it to whoever asks for an upgrade."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as buildkit:
                buildkit.connect(engine)
                buildkit.sendall(b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
                answer = b""
                while not answer.endswith(b"\r\n\r\n"):
                    answer += buildkit.recv(1)
                assert b" 101 " in answer.splitlines()[0], answer
                back = threading.Thread(target=pump, args=(buildkit, self.request))
                back.start()
                pump(self.request, buildkit)
                back.join()

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(relay), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield relay
        finally:
            server.shutdown()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
