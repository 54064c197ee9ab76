"""PostGraphile: Node.js takes the place of this process, so that its CPU time and memory are PostGraphile's.

It wants Node.js 22, which comes with its packages where they have one for this machine.
"""

from __future__ import annotations

import os
import shutil
import sys

from benchmarks.databases.contest import PACKAGES


def main() -> None:
    """Does not return.

    Raises:
        SystemExit: Node.js is not there.
    """
    own = sorted(PACKAGES.folder.glob("node_modules/node-*/bin/node"))
    node = str(own[0]) if own else shutil.which("node")
    if node is None:
        sys.exit("Node.js is not installed")
    os.chdir(PACKAGES.folder)
    os.execv(node, [node, "server.mjs"])  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
