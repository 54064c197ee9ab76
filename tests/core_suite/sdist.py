"""graphql-core's own tests, from the source distribution of the version that ``requirements-dev.lock`` pins.

It is downloaded once, checked by the hashes of the lock, into a folder that git ignores.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".core_suite"
PACKAGE = "core_tests"
"""What graphql-core's package ``tests`` is called here, since ours has that name."""

_NEEDED = {"__init__.py", "conftest.py", "execution", "fixtures", "utils"}


class SdistUnreachable(Exception):
    """No registry gave the source distribution."""


class SdistForged(Exception):
    """A registry gave something that the lock does not know."""


def sdist() -> Path:
    """The source distribution.

    Raises:
        SdistUnreachable, SdistForged: as they say.
    """
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    found = re.search(r"^graphql-core==(\S+) \\\n((?: +--hash=\S+(?: \\)?\n)+)", lock, re.MULTILINE)
    assert found is not None, "requirements-dev.lock pins no graphql-core: make lock"
    path = CACHE / f"graphql_core-{found[1]}.tar.gz"
    hashes = set(re.findall(r"--hash=sha256:(\w+)", found[2]))
    if not _known(path, hashes):
        _download(found[0])
    if not _known(path, hashes):
        raise SdistForged(f"{path} is not what requirements-dev.lock pins")
    return path


def _known(path: Path, hashes: set[str]) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() in hashes


def _download(pinned: str) -> None:
    CACHE.mkdir(exist_ok=True)
    requirement = CACHE / "requirement.txt"
    requirement.write_text(pinned, encoding="utf-8")
    binaries = Path(sys.executable).parent  # pip asks the build backend for metadata, which lies there
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--no-binary", "graphql-core", "--no-build-isolation", "--retries", "1",
         "--dest", str(CACHE), "--requirement", str(requirement)],
        env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise SdistForged(done.stderr)
    if done.returncode:
        raise SdistUnreachable(done.stderr[-2000:])


def unpack(archive: Path, folder: Path) -> None:
    """Puts the tests of execution, and what they import, below ``folder`` as the package ``PACKAGE``."""
    with tarfile.open(archive) as packed:
        for member in packed:
            parts = Path(member.name).parts
            if member.isfile() and len(parts) > 2 and parts[1] == "tests" and parts[2] in _NEEDED:
                member.name = str(Path(PACKAGE, *parts[2:]))
                packed.extract(member, folder, filter="data")
