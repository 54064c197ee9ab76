"""Several processes for ``isthmus serve``: the folder that they know each other by, and the supervisor over them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway.commands.listening import check_address
from gateway.commands.opening import errors, fail
from gateway.metrics.families import counter, packed
from gateway.metrics.workers import FOLDER
from gateway.server import Place
from gateway.server_settings import ServerSettings
from gateway.workers.supervisor import InWorker, Supervisor, bound

_RESTARTS = "isthmus_worker_restarts_total"


def supervise(server: ServerSettings, prepare: Callable[[], None]) -> Place | int:
    """Starts workers and keeps them: gives the exit code in the supervisor, and in each worker its place.

    ``prepare``: see ``Supervisor``.
    """
    assert server.workers is not None
    check_address(server.host, server.port)
    try:
        sockets = bound(server.host, server.port)
    except OSError as error:
        fail(f"Isthmus cannot listen on {server.host}:{server.port}: {(error.strerror or str(error)).lower()}.")
    folder = Path(tempfile.mkdtemp(prefix="isthmus-"))  # for nobody else to enter
    os.environ[FOLDER] = str(folder)
    restarts = 0

    def ended(why: str) -> None:
        """Leaves a figure where workers that are scraped find those of workers that are gone."""
        nonlocal restarts
        restarts += 1
        family = counter(_RESTARTS, "Workers that ended unasked, by why.", {(why,): 1.0}, "reason")
        fresh = folder / f"supervisor-{restarts}.new"
        with suppress(OSError):  # a disk that is full costs a figure, and no worker
            fresh.write_bytes(packed([family]))
            fresh.replace(fresh.with_suffix(".told"))

    supervisor = Supervisor(
        server.workers,
        say=_say,
        prepare=prepare,
        listening=sockets,
        notice_s=server.notice_s,
        ending_s=server.notice_s + server.drain_s,
        ended=ended,
    )
    try:
        code = supervisor.run()
    except InWorker as worker:
        return Place(sockets, worker.link)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return code


def _say(words: str) -> None:
    """Prints words for a person. Where nobody reads them any more, the workers serve on."""
    with suppress(OSError, SystemExit):  # rich ends a process whose pipe is closed
        errors.print(words, markup=False)
