"""How far a change has come, as those who wait for it must know: whether it is certain that nothing was changed.

Until a transaction is told to commit, whatever ends it undoes it: the database rolls back what it was never told to
keep, also when the connection is lost. From then on only its answer says what became of it.
"""

from __future__ import annotations

import threading


class Fate:
    """Of one transaction; safe to ask from several threads."""

    __slots__ = ("_given_up", "_lock", "committing")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given_up = False
        self.committing = False

    def may_commit(self) -> bool:
        """Asked by the one who does the change, right before COMMIT. False: nobody waits, so it must roll back."""
        with self._lock:
            self.committing = not self._given_up
            return self.committing

    def give_up(self) -> bool:
        """Said by the one who waits, when time has run out. True: nothing will have been changed."""
        with self._lock:
            self._given_up = True
            return not self.committing
