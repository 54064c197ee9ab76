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
    """``file`` as it was at a revision, among the files it lay beside; they are gone when the block ends. What is
    no revision was meant to be a file that is not there.

    Raises:
        ConfigurationError: there is no git, no repository, no such revision, or the file was not in it.
    """
    top = Path(_git(["rev-parse", "--show-toplevel"], file, revision, top=True).decode().strip())
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


def _git(arguments: list[str], near: Path, revision: str, *, top: bool = False) -> bytes:
    folder = near if near.is_dir() else near.parent
    absent = f'there is no file "{revision}"'
    if not folder.is_dir():
        raise ConfigurationError([Problem(f'{absent}, and no folder "{folder}"', mend="name two files that are there")])
    try:
        done = subprocess.run(  # noqa: S603  # no shell; a revision cannot be taken for an option
            ["git", "-C", str(folder.resolve()), *arguments],  # noqa: S607  # git is where the user's path says
            capture_output=True,
            check=False,
        )
    except OSError as error:
        what = f"{absent}, and git is not installed, so no revision can be read"
        raise ConfigurationError([Problem(what)]) from error
    if done.returncode != 0:
        if top:
            here = "this folder" if folder == Path() else str(folder)
            what = f"{absent}, and no revision either: {here} lies in no git repository"
            raise ConfigurationError([Problem(what, mend="name two files that are there")])
        mend = "name a file, a branch, a tag or a commit"
        raise ConfigurationError([Problem(f"{absent}, and git knows no revision of that name", mend=mend)])
    return done.stdout
