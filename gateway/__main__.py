"""The command ``isthmus``. It checks that the packages are ours, and hands over to the commands."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command line; exit code 1 for problems of the user's files, 2 for a call that is off."""
    gc.disable()  # what is imported stays: looking through it for garbage takes a sixth of the start
    from gateway import guard  # noqa: PLC0415  # must run before anything imports the package named schema

    message = guard.check()
    if message:
        sys.stderr.write(f"{message}\n")
        raise SystemExit(1)
    from gateway.commands import named  # noqa: PLC0415  # only now is ``schema`` known to be ours

    app = named(sys.argv[1:])
    gc.freeze()
    gc.enable()
    app()


if __name__ == "__main__":
    main()
