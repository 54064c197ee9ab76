"""``isthmus`` with a counter in it: what runs between SIGUSR1 and SIGUSR2 is counted, function by function.

A count is the same on a busy machine and on a quiet one. What it costs in time is for ``python -m benchmarks`` to say.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

calls: Counter[CodeType] = Counter()
steps: Counter[CodeType] = Counter()


def _inside(frame: FrameType, event: str, _: Any) -> Any:
    if event == "opcode":
        steps[frame.f_code] += 1
    return _inside


def _entered(frame: FrameType, _: str, __: Any) -> Any:
    frame.f_trace_lines, frame.f_trace_opcodes = False, True
    calls[frame.f_code] += 1
    return _inside


def _begin(*_: object) -> None:
    calls.clear()
    steps.clear()
    sys.settrace(_entered)


def _end(*_: object) -> None:
    sys.settrace(None)
    found = [
        [code.co_filename, code.co_firstlineno, code.co_qualname, calls[code], steps[code]]
        for code in calls
        if code.co_filename != __file__
    ]
    target = Path(os.environ["BENCH_STEPS_FILE"])
    written = target.with_suffix(".part")
    written.write_text(json.dumps(found), "utf-8")
    written.rename(target)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _begin)
    signal.signal(signal.SIGUSR2, _end)
    sys.argv[0] = "isthmus"
    runpy.run_module("gateway", run_name="__main__", alter_sys=True)
