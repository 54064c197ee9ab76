"""Outcomes as JUnit XML, which every CI shows. There is no schema of it: what is written is what they all read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from gateway.scenes.rehearsal import Outcome

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def junit(outcomes: Sequence[Outcome], seconds: float) -> bytes:
    """The document."""
    failed = sum(not each.passed for each in outcomes)
    counts = {"tests": str(len(outcomes)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    root = etree.Element("testsuites", counts)
    suite = etree.SubElement(root, "testsuite", {"name": "isthmus", **counts})
    for each in outcomes:
        about = {"classname": "isthmus", "name": _clean(each.name), "time": f"{each.seconds:.3f}"}
        case = etree.SubElement(suite, "testcase", about)
        if not each.passed:
            first = each.differences[0]
            failure = etree.SubElement(case, "failure", {"message": _clean(next(iter(first.lines()), ""))})
            failure.text = _clean("\n".join(each.lines()))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _clean(text: str) -> str:
    return _CONTROL.sub("�", text)
