"""A revision of the git repository that a file lies in, as files: what a graph was at that time can be read from it.

git is asked for an archive and nothing is checked out, so that the folder of the user stays as it is.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from resolvers import ConfigurationError, Problem


@contextmanager
def at_revision(revision: str, file: Path) -> Iterator[Path]:
    """``file`` as it was at a revision, among the files it lay beside; they are gone when the block ends.

    Raises:
        ConfigurationError: there is no git, no repository, no such revision, or the file was not in it.
    """
    top = Path(_git(["rev-parse", "--show-toplevel"], file).decode().strip())
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], file, revision)
    archive = _git(["archive", "--format=tar", commit.decode().strip()], top, revision)
    with TemporaryDirectory(prefix="isthmus-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        found = Path(folder).resolve() / file.resolve().relative_to(top.resolve())
        if not found.is_file():
            what = f"{file.name} was not there at {revision}"
            raise ConfigurationError([Problem(what, mend=f"write {revision}:PATH, with its path at that time")])
        yield found


def _git(arguments: list[str], near: Path, revision: str = "") -> bytes:
    folder = near if near.is_dir() else near.parent
    try:
        done = subprocess.run(  # noqa: S603  # no shell; a revision cannot be taken for an option
            ["git", "-C", str(folder.resolve()), *arguments],  # noqa: S607  # git is where the user's path says
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ConfigurationError([Problem("git is not installed, so no revision can be read")]) from error
    if done.returncode != 0:
        if not revision:
            raise ConfigurationError([Problem(f"{folder} lies in no git repository", mend="name two files instead")])
        mend = "name a file, a branch, a tag or a commit"
        raise ConfigurationError([Problem(f'"{revision}" is neither a file nor a revision of git', mend=mend)])
    return done.stdout
