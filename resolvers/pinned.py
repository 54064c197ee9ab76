"""Descriptions under version control: ``Pinned`` gives them as they were pulled, ``Pulled`` collects what is to be so.

What they mean is known to those who read them, and where they are written is for the gateway; nothing is fetched here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from resolvers.problem import ConfigurationError, Problem

BESIDE = "./"
"""What the address of a file begins with that is read where it lies; those of what was fetched never do."""


def digest_of(content: bytes) -> str:
    """The hash of a file, as it is pinned."""
    return f"sha256:{sha256(content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Pin:
    """``file``: the copy, seen from the folder of the configuration file; empty for a file that is read where it lies.
    ``digest``: of its content.
    """

    file: str
    digest: str


@dataclass(slots=True)
class Pulled:
    """What was read of one source. ``copies``: address → content of what does not lie beside the configuration;
    ``beside``: address → content of what does.

    The address of a document is relative to the one that was read first, whose own is empty; so it names no host. A
    catalogue is what its kind calls it.
    """

    copies: dict[str, bytes] = field(default_factory=dict)
    beside: dict[str, bytes] = field(default_factory=dict)

    def put(self, address: str, content: bytes) -> None:
        """Takes down what was read at an address."""
        (self.beside if address.startswith(BESIDE) else self.copies)[address] = content


@dataclass(frozen=True, slots=True)
class Copy:
    """A file under version control, as it was read. ``file``: as in ``Pin``."""

    file: str
    path: Path
    content: bytes


class Pinned:
    """The description of one source, whole and as it is pinned; nothing else is read of it.

    ``base``: the folder that paths start from. ``pins``: by address.
    """

    def __init__(self, source: str, base: Path, pins: Mapping[str, Pin]) -> None:
        """Reads all of it.

        Raises:
            ConfigurationError: with every file that is missing or is another than it was.
        """
        self._source = source
        self._pins = pins
        self._copies: dict[str, Copy] = {}
        problems = []
        for address, pin in pins.items():
            path = base / (pin.file or address)
            try:
                content = path.read_bytes()
            except OSError as error:
                reason = error.strerror or type(error).__name__
                problems.append(self._problem(address, f"cannot be read: {reason}", "restore it, or run {pull}"))
                continue
            if digest_of(content) != pin.digest:
                mend = "look at what changed, and run isthmus lock to keep it"
                if pin.file:
                    mend += ", or {pull} to have it as the source tells it"
                problems.append(self._problem(address, "is not what isthmus.lock was written for", mend))
                continue
            if pin.file:
                self._copies[address] = Copy(pin.file, path, content)
        if problems:
            raise ConfigurationError(problems)

    def copy(self, address: str) -> Copy | None:
        """The copy of what was fetched at an address, if it was."""
        return self._copies.get(address)

    def fits(self, address: str, content: bytes) -> bool:
        """Whether a file that lies beside the configuration is pinned, and has this content."""
        pin = self._pins.get(address)
        return pin is not None and not pin.file and pin.digest == digest_of(content)

    def catalogue(self, address: str) -> Copy:
        """As ``copy``.

        Raises:
            ConfigurationError: there is none.
        """
        found = self.copy(address)
        if found is None:
            raise self.outgrown(f"its {address} was never pulled")
        return found

    def outgrown(self, what: str) -> ConfigurationError:
        """The settings ask for more than was pulled."""
        return ConfigurationError([Problem(what, mend=f"run {self._pull}")])

    @property
    def _pull(self) -> str:
        return f"isthmus pull {self._source}"

    def _problem(self, address: str, what: str, mend: str) -> Problem:
        name = self._pins[address].file or address.removeprefix(BESIDE)
        return Problem(f"the description {name} {what}", mend=mend.replace("{pull}", self._pull))
