"""Hive Gateway over GraphQL Mesh: composes the schema for the upstream of this run, then becomes the gateway.

It is started with its defaults: one worker, no token, no rules. ``benchmarks/hive`` holds its packages.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "hive"
PACKAGES = FOLDER / "node_modules"


def main() -> None:
    """Does not return: Node.js takes the place of this process, so that its CPU time and memory are the gateway's.

    Raises:
        SystemExit: Node.js is not there, or composing failed; the text says so.
    """
    node = shutil.which("node")
    if node is None:
        sys.exit("Node.js is not installed")
    # Beside the stock, in the folder that goes away with the run.
    supergraph = Path(os.environ["BENCH_STOCK_FILE"]).with_name("supergraph.graphql")
    compose = [node, str(PACKAGES / "@graphql-mesh/compose-cli/esm/bin.js"), "-o", str(supergraph)]
    composed = subprocess.run(compose, cwd=FOLDER, check=False, capture_output=True, text=True)  # noqa: S603  # our own
    if composed.returncode:
        sys.exit(composed.stdout + composed.stderr)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.chdir(FOLDER)
    gateway = str(PACKAGES / "@graphql-hive/gateway/dist/bin.js")
    os.execv(  # noqa: S606  # no shell is wanted
        node, [node, gateway, "supergraph", str(supergraph), "--host", "127.0.0.1", "--port", str(port)]
    )


if __name__ == "__main__":
    main()
