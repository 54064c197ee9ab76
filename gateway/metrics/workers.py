"""The figures of several processes as those of one: each tells its own on a socket in a folder that all of them know.

Whoever is scraped asks the others. What a process counted must not vanish with it, or the sums would fall and a reader
would take that for a new beginning: each leaves what it told last in a file beside its socket, and that of one who is
gone is counted on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.metrics.families import Family, packed, summed, unpacked
from gateway.telemetry import log

FOLDER = "ISTHMUS_WORKERS_DIR"
"""The environment's word for the folder; whoever starts several processes makes it, for nobody else to enter."""
ASK_S = 1.0
"""A process whose loop hangs must not keep the figures of the others from whoever looks for the trouble."""
MOST_BYTES = 33_554_432
_GONE = "gone"


class Workers:
    """The processes of one gateway. ``mine``: the name of this one, which nobody else ever has: a number may return."""

    def __init__(self, folder: Path) -> None:
        self.mine = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._folder = folder

    @property
    def socket(self) -> Path:
        """Where this process tells its own figures."""
        return self._path(self.mine, "sock")

    async def whole(self, families: Sequence[Family]) -> list[Family]:
        """The figures of all; ``families``: those of this process."""
        others = sorted(path.stem for path in self._folder.glob("*.sock") if path.stem != self.mine)
        asked = await asyncio.gather(*(self._of(name) for name in others))
        told = [(name, each) for name, each in zip(others, asked, strict=True) if each is not None]
        gone = await asyncio.to_thread(self._of_the_gone)
        await asyncio.to_thread(self.leave, families)
        return summed([(_label(name), each) for name, each in [(self.mine, families), *told, *gone]])

    async def _of(self, name: str) -> list[Family] | None:
        """The figures of another process; what it told last where it does not answer now, nothing where it is gone."""
        try:
            async with asyncio.timeout(ASK_S):
                reader, writer = await asyncio.open_unix_connection(str(self._path(name, "sock")), limit=MOST_BYTES)
                try:
                    writer.write_eof()
                    return unpacked(await reader.read(MOST_BYTES))
                finally:
                    writer.close()
        except (ConnectionRefusedError, FileNotFoundError):
            self._path(name, "sock").unlink(missing_ok=True)  # nobody listens: it is gone, and is counted as such
            return None
        except (OSError, ValueError, TimeoutError) as error:
            log("worker_not_heard", level="warning", worker=name, reason=type(error).__name__)
            return self._last(name)

    def leave(self, families: Iterable[Family]) -> None:
        """Leaves what was told where it is found when this process is gone."""
        path = self._path(self.mine, "told")
        fresh = path.with_suffix(".new")
        with suppress(OSError):
            fresh.write_bytes(packed(families))
            fresh.replace(path)

    def end(self, families: Iterable[Family]) -> None:
        """This process counts no more."""
        self.leave(families)
        self.socket.unlink(missing_ok=True)

    def _of_the_gone(self) -> list[tuple[str, list[Family]]]:
        """What those counted that are gone, as one; who asks first adds up what was left since."""
        with self._alone():
            left = [path for path in self._folder.glob("*.told") if not self._path(path.stem, "sock").exists()]
            whole = self._last(_GONE)
            if left:
                every = [("", [each for each in self._last(path.stem) or [] if _is_kept(each)]) for path in left]
                whole = summed([("", whole or []), *every])
                fresh = self._folder / "gone.new"
                fresh.write_bytes(packed(whole))
                fresh.replace(self._path(_GONE, "sum"))
                for path in left:
                    path.unlink(missing_ok=True)
        return [("", whole)] if whole else []

    def _last(self, name: str) -> list[Family] | None:
        try:
            return unpacked(self._path(name, "sum" if name == _GONE else "told").read_bytes())
        except (OSError, ValueError):
            return None

    def _path(self, name: str, ending: str) -> Path:
        return self._folder / f"{name}.{ending}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time adds up."""
        with (self._folder / "lock").open("w") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield


def _label(name: str) -> str:
    return name.partition("-")[0]


def _is_kept(family: Family) -> bool:
    """What a process that is gone had now is gone with it; what it counted is not."""
    return family.kind != "gauge"


def workers_of(environment: Mapping[str, str]) -> Workers | None:
    """The processes that the environment tells of; ``None``: this is the only one."""
    folder = environment.get(FOLDER)
    return Workers(Path(folder)) if folder else None
