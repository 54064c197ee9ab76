"""WSDLs of the corpus served by the npm package ``soap`` and asked through the whole gateway, operation by operation.

The laws: the body that the package's server received is valid by the WSDL's own schemas and says what was asked, under
the declared SOAPAction; the answer in GraphQL says what the reply said. Replies are written by the package; where what
it writes is not valid, the same instance is sent as it stands.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from tests.soap.npm_soap import NpmServers
from tests.soap_interop.asking import Asking, Question, Unasked
from tests.soap_interop.compare import Comparison, attributes, leaves, unlike
from tests.soap_interop.instances import NIL, Instances, Unmade
from tests.soap_interop.messages import Asked
from tests.soap_interop.schemas import Node, Schemas
from tests.through.gateway import Gateway

ENVELOPE = '<s:Envelope xmlns:s="{}"><s:Body>{}</s:Body></s:Envelope>'
SPACES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
FILE = """
sources:
  it: {{ wsdl: "{wsdl}", url: "{url}", writes: true }}
limits:
  max_fields: 100000
  max_depth: 200
  max_tokens: 1000000
  max_document_bytes: 100000000
  max_aliases: 1000
  max_comparisons: 100000000
access: {{ default: anonymous }}
"""


@dataclass
class Shown:
    """What one WSDL proved: operations asked, values in their requests, values in replies, by who wrote the reply."""

    operations: int = 0
    asked: int = 0
    answered: int = 0
    written_by_npm: int = 0
    as_they_stand: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Served:
    """One WSDL behind the gateway and in front of its server."""

    name: str
    schemas: Schemas
    gateway: Gateway
    npm: NpmServers

    async def ask(self, operation: Asked, seed: int, shown: Shown) -> None:
        """One call of one operation.

        Raises:
            AssertionError: a law does not hold; its text names WSDL, operation and seed.
        """
        rng = random.Random(seed)
        made = Instances(self.schemas, rng, wildcards=False, zones=False)
        try:
            request = self._instance(made, operation.request)
            reply = self._instance(made, operation.reply) if operation.reply else None
            blocks = [self._instance(made, tag) for tag in operation.headers if tag]
            asking = Asking(self.gateway.snapshot.graph.schema, made.lists, self.schemas.heads)
            question = asking.question(operation.name, request, reply, blocks)
        except (Unmade, Unasked) as error:
            shown.passed_over[str(error)] += 1
            return
        case = f"{self.name} {operation.name} seed {seed}\n{question.query}\n{question.variables}\n"
        self.npm.heard()
        self.npm.next(result={} if reply is None else _spoken(reply))
        body = await self._answer(question)
        (exchange,) = self.npm.heard() or (None,)
        if exchange is None and all("to include required field" in error["message"] for error in body["errors"]):
            shown.passed_over["no arguments were found that say what the element says"] += 1
            return
        assert exchange is not None, f"{case}nothing arrived: {body}"
        self._check_request(operation, request, blocks, exchange.body, case)
        assert (exchange.action or "").strip('"') == operation.action or operation.version == "1.2", case
        shown.operations += 1
        shown.asked += leaves(request) + sum(map(leaves, blocks))
        if not exchange.operation:
            shown.passed_over["the package does not find the operation"] += 1
            return
        if reply is None:
            assert body["data"][question.root] is True, f"{case}{body}"
            return
        written = self._valid_reply(exchange.reply, operation.reply)
        if written is None:
            written = reply
            self.npm.next(
                envelope=ENVELOPE.format(SPACES[operation.version], etree.tostring(reply, encoding="unicode"))
            )
            body = await self._answer(question)
            self.npm.heard()
            shown.as_they_stand += 1
        else:
            shown.written_by_npm += 1
            again = asking.question(operation.name, request, written, blocks)
            if again.query != question.query:  # the package leaves out what types its elements are of
                body = await self._answer(again)
                self.npm.heard()
        said = etree.tostring(written, encoding="unicode")
        assert "errors" not in body, f"{case}{said}\n{body['errors'][:2]}"
        value = body["data"][question.root]
        empty = value is True and not len(written) and not attributes(written)
        assert empty or not (found := Comparison(self.schemas.heads).differences(written, value)), (
            f"{case}{said}\n{found}"
        )
        shown.answered += leaves(written)

    async def _answer(self, question: Question) -> Any:
        asked = {"query": question.query, "variables": question.variables}
        return (await self.gateway.client.post("/graphql", json=asked)).json()

    def _instance(self, made: Instances, tag: str) -> Node:
        """A valid one that can be asked for; a few are tried."""
        for _ in range(5):
            found = made.of_element(tag)
            if self.schemas.validator.validate(found) and not any(
                item.get(NIL) and attributes(item) for item in found.iter()
            ):
                return etree.fromstring(etree.tostring(found, encoding="utf-8"))
        raise Unmade("no valid instance")

    def _check_request(self, operation: Asked, request: Node, blocks: list[Node], received: bytes, case: str) -> None:
        envelope = etree.fromstring(received)
        body = envelope.find(f"{{{SPACES[operation.version]}}}Body")
        assert body is not None, f"{case}{received.decode()}"
        assert len(body) == 1, f"{case}{received.decode()}"
        header = envelope.find(f"{{{SPACES[operation.version]}}}Header")
        wanted = [*blocks, request]
        arrived = [*(header if header is not None else ()), body[0]]
        assert len(arrived) == len(wanted), f"{case}{received.decode()}"
        for one, other in zip(wanted, arrived, strict=True):
            sent = etree.fromstring(etree.tostring(other, encoding="utf-8"))
            valid = self.schemas.validator.validate(sent)
            assert valid, f"{case}{received.decode()}\n{self.schemas.validator.error_log}"
            assert not (found := unlike(one, sent)), f"{case}{received.decode()}\n{found}"

    def _valid_reply(self, written: str, tag: str) -> Node | None:
        """The body of the package's reply, when it is valid."""
        try:
            envelope = etree.fromstring(written.encode())
        except etree.XMLSyntaxError:
            return None
        body = envelope.find("{*}Body")
        if body is None or len(body) != 1:
            return None
        found = etree.fromstring(etree.tostring(body[0], encoding="utf-8"))
        return found if found.tag == tag and self.schemas.validator.validate(found) else None


def _spoken(node: Node) -> object:
    """An element in the package's own convention: attributes apart, text as ``$value``, names without a namespace."""
    said: dict[str, object] = {}
    mine = {etree.QName(name).localname: text for name, text in attributes(node).items()}
    if node.get(NIL):
        mine["xsi:nil"] = "true"
    if mine:
        said["attributes"] = mine
    for child in node:
        said.setdefault(etree.QName(child).localname, []).append(_spoken(child))  # type: ignore[attr-defined]  # lists
    if not len(node) and not mine:
        return node.text or ""
    if not len(node) and node.text:
        said["$value"] = node.text
    return said


def configuration(wsdl: Path, url: str) -> str:
    return FILE.format(wsdl=wsdl, url=url)
