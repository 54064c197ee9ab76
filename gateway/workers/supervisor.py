"""``Supervisor``: keeps so many worker processes on one port alive, and replaces them without losing a request.

It serves nothing, opens no source and runs no event loop, so that nothing of a worker's trouble can reach it. Workers
are forked: they share what was imported, and begin in the time that their sources take. The listening sockets are its
own, bound once and inherited: connections that wait in their queue survive any worker (docs/decisions/0050).
"""

from __future__ import annotations

import errno
import math
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.telemetry import log_at_once
from gateway.workers.link import LINGER_S, Heard, Link
from gateway.workers.settings import MIB, WorkersSettings

START_S = 120.0
"""A new worker that is not ready after so long will not be: descriptions are read in seconds, and have timeouts."""
STEADY_S = 10.0
"""A worker that lived so long was sound; one that ended sooner is started again later and later."""
FIRST_S, MOST_S = 0.0, 30.0
NO_ROOM_S = 1.0
KILL_AFTER_S = 5.0
"""So long after the time in which a worker must have ended it is killed."""
_TICK_S = 0.1


class NoRoom(Exception):  # the machine's doing, and it passes
    """There are no files, or no processes, for another worker now."""


class InWorker(Exception):
    """Raised in a worker right after it was forked, to leave every frame of the supervisor behind."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link


@dataclass(slots=True)
class Worker:
    """``heard_at``: when its loop last said that it moves. ``leaves_at``: when it is killed, once told to end."""

    slot: int
    pid: int
    heard: Heard
    began: float
    heard_at: float
    ready: bool = False
    memory: int = 0
    leaves_at: float | None = None
    why: str = ""


@dataclass(slots=True)
class Slot:
    """A place that always has a worker. ``next``: the one that is to take over. ``not_before``: when to start again."""

    number: int
    worker: Worker | None = None
    next: Worker | None = None
    not_before: float = 0.0
    failures: int = 0
    roll: bool = False


@dataclass(slots=True)
class Signals:
    """What came; handlers only write it down."""

    ending: int = 0
    reload: bool = False
    roll: bool = False
    passed_on: list[int] = field(default_factory=list)


class Supervisor:
    """``say``: prints words for a person. ``prepare``: called before each fork, to read anew what workers are made of.

    ``listening``: the sockets of all workers. ``notice_s``: how long connections are taken from them after SIGTERM;
    then it closes them as the workers do, or the kernel would go on taking connections that nobody answers.
    ``ending_s``: how long a worker may take to end after SIGTERM. ``ended``: told why each worker ended that was not
    asked to, in a word.
    """

    def __init__(
        self,
        settings: WorkersSettings,
        *,
        say: Callable[[str], None],
        prepare: Callable[[], None],
        listening: Sequence[socket.socket],
        notice_s: float,
        ending_s: float,
        ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._prepare = prepare
        self._listening = listening
        self._notice_s = notice_s
        self._deaf_at = math.inf
        self._ending_s = ending_s
        self._ended = ended
        self._slots = [Slot(number) for number in range(settings.number)]
        self._leaving: list[Worker] = []
        self._signals = Signals()
        self._said: set[str] = set()
        self._stopping = False
        self._rolling = False
        self._killed = False
        self._answered = False
        self._looked = time.monotonic()
        self._wake, self._woken = socket.socketpair()

    def run(self) -> int:
        """Runs until a signal says to end; the exit code: 1 where no worker could start or one had to be killed.

        Raises:
            InWorker: in each worker.
        """
        self._install()
        try:
            return self._run()
        except InWorker:
            raise
        except BaseException:
            for worker in self._all():
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
            raise

    def _run(self) -> int:
        self._slots[0].worker = self._start(0)
        while True:
            self._wait()
            code = self._reap()
            if code is not None:
                return code
            self._obey()
            now = time.monotonic()
            if self._stopping:
                if now >= self._deaf_at:
                    for each in self._listening:
                        each.close()
                if not self._all():
                    return 1 if self._killed else 0
            elif self._answered:
                for slot in self._slots:
                    self._keep(slot, now)
            self._kill_overdue(now)

    # What is heard

    def _wait(self) -> None:
        """Waits for a word, a signal, or a tick."""
        ends = {worker.heard.end: worker for worker in self._all() if not worker.heard.ended}
        ready, _, _ = select.select([self._woken, *ends], [], [], _TICK_S)
        now = time.monotonic()
        if now - self._looked > 1 + _TICK_S:  # we were stopped, or had no processor: nobody is stuck for that
            for worker in self._all():
                worker.heard_at = now
        self._looked = now
        for end in ready:
            if end is self._woken:
                self._woken.recv(4096)
            else:
                self._hear(ends[end], now)

    def _hear(self, worker: Worker, now: float) -> None:
        for told in worker.heard.lines():
            worker.heard_at = now
            if told.beat is not None:
                worker.memory = told.beat
            if told.say is not None:
                self._tell(told.say)
            if told.ready is not None:
                worker.ready = True
                log_at_once("worker_ready", worker=worker.slot, pid=worker.pid, seconds=round(now - worker.began, 2))
                if not self._answered:
                    self._answered = True
                    self._say(f"Isthmus answers at {told.ready}/graphql")

    def _tell(self, words: str) -> None:
        """Says a thing once, however many workers have it to say."""
        if words not in self._said:
            self._said.add(words)
            self._say(words)

    def _reap(self) -> int | None:
        """Notes who ended; gives an exit code where the first worker of all could not start."""
        for worker in self._all():
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid == 0:
                continue
            self._hear(worker, time.monotonic())
            worker.heard.close()
            code = os.waitstatus_to_exitcode(status)
            if not self._answered and not self._stopping:
                if code < 0:
                    log_at_once("worker_ended", level="error", why=signal.Signals(-code).name)
                return max(1, code)
            self._note(worker, code)
        return None

    def _note(self, worker: Worker, code: int) -> None:
        if worker in self._leaving:
            self._leaving.remove(worker)
            return
        slot = self._slots[worker.slot]
        now = time.monotonic()
        if worker is slot.next:
            slot.next, slot.roll = None, False
            log_at_once("rolling_restart_stopped", level="error", worker=worker.slot, code=code)
            self._rolling = False
            for other in self._slots:
                other.roll = False
            return
        slot.worker = None
        why = worker.why or (signal.Signals(-code).name if code < 0 else f"exit {code}")
        self._ended(worker.why or ("signal" if code < 0 else "exit"))
        slot.failures = 0 if now - worker.began >= STEADY_S else slot.failures + 1
        pause = FIRST_S if slot.failures < 2 else min(MOST_S, 0.5 * 2.0 ** (slot.failures - 2))
        slot.not_before = now + pause
        if not self._stopping:
            log_at_once("worker_ended", level="error", worker=worker.slot, pid=worker.pid, why=why, again_in_s=pause)

    # What is done

    def _obey(self) -> None:
        """Does what signals said since the last look."""
        signals, self._signals = self._signals, Signals()
        if signals.ending and not self._stopping:
            self._stopping = True
            notice = 0.0 if signal.SIGINT in signals.passed_on else self._notice_s
            self._deaf_at = time.monotonic() + notice
            for slot in self._slots:
                slot.roll = False
        until = time.monotonic() + self._ending_s + KILL_AFTER_S
        for sent in signals.passed_on:
            for worker in self._all():
                self._signal(worker, sent)
                if worker.leaves_at is None or worker.leaves_at > until:
                    worker.leaves_at = until
        if signals.reload and not self._stopping:
            self._said.clear()
            for worker in self._all():
                self._signal(worker, signal.SIGHUP)
        if signals.roll and not self._stopping:
            self._said.clear()
            log_at_once("rolling_restart", workers=len(self._slots))
            self._rolling = True
            for slot in self._slots:
                slot.roll = True

    def _keep(self, slot: Slot, now: float) -> None:
        """Sees to it that a slot has a worker that is well, or gets one."""
        if slot.worker is None:
            if slot.next is not None:  # the old one ended before the new one was ready
                slot.worker, slot.next = slot.next, None
            elif now >= slot.not_before:
                slot.worker = self._begun(slot, now)
            return
        worker = slot.worker
        if worker.ready and now - worker.heard_at > self._settings.stuck_s:
            worker.why = "stuck"
            log_at_once("worker_stuck", level="error", worker=slot.number, pid=worker.pid, seconds=round(
                now - worker.heard_at, 1))  # fmt: skip
            self._signal(worker, signal.SIGKILL)
            worker.heard_at = now
            return
        most = self._settings.max_memory_mib
        steady = now - worker.began >= STEADY_S  # or a limit that none can keep would be one restart after another
        if most is not None and steady and worker.memory > most * MIB and not slot.roll:
            log_at_once("worker_too_large", level="warning", worker=slot.number, mib=worker.memory // MIB)
            slot.roll = True
        self._roll(slot, worker, now)

    def _roll(self, slot: Slot, old: Worker, now: float) -> None:
        """Replaces a worker by a new one, which is ready before the old one stops; one at a time."""
        if slot.next is None:
            due = slot.roll and now >= slot.not_before
            if due and not self._leaving and not any(each.next for each in self._slots):
                slot.next = self._begun(slot, now)
        elif slot.next.ready:
            slot.worker, slot.next, slot.roll = slot.next, None, False
            old.leaves_at = now + LINGER_S + self._ending_s + KILL_AFTER_S
            self._leaving.append(old)
            old.heard.retire()
            if self._rolling and not any(each.roll for each in self._slots):
                self._rolling = False
                log_at_once("rolling_restart_done", workers=len(self._slots))
        elif now - slot.next.began > START_S:
            slot.next.why = "late"
            self._signal(slot.next, signal.SIGKILL)

    def _kill_overdue(self, now: float) -> None:
        for worker in self._all():
            if worker.leaves_at is not None and now > worker.leaves_at:
                log_at_once("worker_killed", level="error", worker=worker.slot, pid=worker.pid)
                self._killed = self._killed or self._stopping
                self._signal(worker, signal.SIGKILL)
                worker.leaves_at = None

    def _signal(self, worker: Worker, sent: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(worker.pid, sent)

    def _all(self) -> list[Worker]:
        held = [worker for slot in self._slots for worker in (slot.worker, slot.next) if worker is not None]
        return [*held, *self._leaving]

    # Forking

    def _begun(self, slot: Slot, now: float) -> Worker | None:
        """A new worker; ``None``: there is no room for it now. Those that there are serve on meanwhile."""
        try:
            return self._start(slot.number)
        except NoRoom as error:
            slot.not_before = now + NO_ROOM_S
            log_at_once("worker_not_started", level="error", worker=slot.number, why=str(error), again_in_s=NO_ROOM_S)
            return None

    def _start(self, slot: int) -> Worker:
        """Forks a worker.

        Raises:
            InWorker: in the worker. NoRoom: there is none.
        """
        self._prepare()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # nobody reads it any more
                stream.flush()
        pid, ours, theirs = _forked()
        if pid == 0:
            ours.close()
            self._forget()
            raise InWorker(Link(theirs))
        theirs.close()
        now = time.monotonic()
        return Worker(slot, pid, Heard(ours), now, now)

    def _forget(self) -> None:
        """Lays down, in a worker, all that was the supervisor's."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # Who reads the file right now need not be told to read it, and must not die of being told.
        for number in (signal.SIGHUP, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        for end in (self._wake, self._woken, *(worker.heard.end for worker in self._all())):
            end.close()
        with suppress(OSError):
            os.setpgid(0, 0)  # Ctrl-C is for the supervisor, which passes it on

    def _install(self) -> None:
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

        def end(number: int, _: object) -> None:
            self._signals.ending += 1
            self._signals.passed_on.append(number)

        def reload(*_: object) -> None:
            self._signals.reload = True

        def roll(*_: object) -> None:
            self._signals.roll = True

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        signal.signal(signal.SIGHUP, reload)
        signal.signal(signal.SIGUSR2, roll)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake


def _forked() -> tuple[int, socket.socket, socket.socket]:
    """As ``os.fork``, and the two ends of what they tell each other by.

    Raises:
        NoRoom: there are no files, or no processes, left.
    """
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        raise NoRoom(errno.errorcode.get(error.errno or 0)) from error
    try:
        return os.fork(), ours, theirs
    except OSError as error:
        ours.close()
        theirs.close()
        raise NoRoom(errno.errorcode.get(error.errno or 0)) from error


def bound(host: str, port: int) -> Sequence[socket.socket]:
    """Sockets that listen at every address of a host, on one port; 0: any free one.

    Raises:
        OSError: one of them cannot be listened on.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listening.bind((address[0], sockets[0].getsockname()[1] if sockets else address[1], *address[2:]))
            listening.listen(2048)
        except OSError:
            listening.close()
            if sockets and family == socket.AF_INET6:
                continue  # "localhost" is ::1 too, also where there is no IPv6
            raise
        sockets.append(listening)
    return sockets
