"""``isthmus explain``: which calls a query makes, with what statements, how many rows they bring and how long it takes.

It asks the real sources what a caller would have asked and shows no value of it: neither of the query nor of the rows.
Only of a call that failed it shows what the log would say, which may hold what the source said.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.commands.callers import AS, caller, object_of
from gateway.commands.opening import DEFAULT, Env, configuration, errors, fail, snapshot
from gateway.file.config import Configuration, is_configuration
from gateway.identity import CannotVerify, open_tokens
from resolvers import Caller, CallRecord, Context, Journal, Unauthenticated
from schema import ANONYMOUS, Answer, Graph, GraphQLRequest, MutationOverGet, Principal, Step


def explain(  # each is an option of the command
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[FILE | NAME=LOCATION] QUERY",
            help="The file, isthmus.yaml when absent, or one source; the query, a file that holds it, or - for stdin.",
        ),
    ],
    *,
    env: Env = None,
    variables: Annotated[str, typer.Option(help="The variables, as a JSON object.")] = "{}",
    operation: Annotated[str | None, typer.Option(help="The operation, where the query has several.")] = None,
    claims: Annotated[str | None, typer.Option("--as", metavar="CALLER", help=AS)] = None,
    token: Annotated[str | None, typer.Option(help="Ask as the caller whose token this is.")] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Show the plan alone; no source is asked.")] = False,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="Longest time for the query, in seconds.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Show the calls and statements of a query, their rows and their times."""
    file, query = _named(what)
    chosen = configuration([file], env)
    request = GraphQLRequest(_query(query), operation, object_of(variables, "--variables"))

    async def work() -> tuple[tuple[Step, ...], Journal, Answer | None, float, list[dict[str, Any]]]:
        current = await snapshot(chosen, quiet=as_json)
        try:
            principal = await _principal(chosen, claims, token)
            explained = await _explained(current.graph, request, principal, timeout_s, dry=dry)
            return *explained, _errors(current.graph, request, explained[2])
        finally:
            await current.close()

    plan, journal, answer, seconds, found = asyncio.run(work())
    refused = answer is not None and answer.kind != "data"
    if as_json:
        typer.echo(_for_programs(plan, journal, found, seconds))
    elif answer is None:
        typer.echo("\n".join(_planned(plan)))
    elif not refused:
        typer.echo("\n".join([*_planned(plan), "", *_called(journal), "", _summary(journal, seconds)]))
    for error in found:
        path = ".".join(str(part) for part in error.get("path", ()))
        path = path or ", ".join(f"{each['line']}:{each['column']}" for each in error.get("locations", ()))
        where = f" {path}" if path else ""
        errors.print(f"{error['extensions']['code']}{where}: {error['message']}", markup=False)
    if refused:
        raise typer.Exit(1)


async def _explained(
    graph: Graph, request: GraphQLRequest, principal: Principal, timeout_s: float, *, dry: bool
) -> tuple[tuple[Step, ...], Journal, Answer | None, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    context = Context(began + timeout_s, "explain", principal.identity, journal=Journal(detailed=True))
    context.caller = Caller(claims=principal.claims)
    try:
        plan = graph.steps(request, principal, context)
        if isinstance(plan, Answer):
            return (), context.journal, plan, 0.0
        if dry:
            return plan, context.journal, None, 0.0
        answer = await graph.execute(request, principal, context, read_only=True)
    except Unauthenticated:
        fail("anonymous callers may not ask for this\n  mend: say who asks, with --as or --token")
    except MutationOverGet:
        fail("explain changes nothing, and this is a mutation\n  mend: say --dry to see its plan")
    return plan, context.journal, answer, loop.time() - began


def _errors(graph: Graph, request: GraphQLRequest, answer: Answer | None) -> list[dict[str, Any]]:
    """The errors of an answer; whoever has the file may know all names, so those near an unknown one are told."""
    body: Mapping[str, Any] = {} if answer is None else answer.body
    found = list(body.get("errors", ()))
    if answer is None or answer.kind == "data" or not found:
        return found
    known = graph.documents.faults(request.query)

    def whole(message: str) -> str:
        return next((each for each in known if each.startswith(message)), message)

    return [{**error, "message": whole(error["message"])} for error in found]


async def _principal(chosen: Configuration, claims: str | None, token: str | None) -> Principal:
    jwt = chosen.settings.server.jwt
    if claims is not None and token is not None:
        fail("--as and --token both say who asks\n  mend: say one of them")
    if claims is not None:
        return caller(chosen, claims)
    if token is None:
        return ANONYMOUS
    if not jwt:
        fail("the file has no server.jwt, so no token can be verified\n  mend: say --as with the claims")
    try:
        return await open_tokens(jwt).principal(f"Bearer {token}")
    except Unauthenticated as error:
        fail(f"the token is not valid: {error.detail}")
    except CannotVerify:
        fail("the key set of the token's issuer cannot be fetched now")


def _named(what: Sequence[str]) -> tuple[str, str]:
    """The file or source, and the query."""
    if len(what) == 1 and ("{" in what[0] or not is_configuration(Path(what[0]))):
        return DEFAULT, what[0]
    if len(what) != 2:
        fail("say a FILE and a QUERY, or a QUERY alone")
    return what[0], what[1]


def _query(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    try:
        return Path(given).read_text("utf-8") if "{" not in given and Path(given).is_file() else given
    except (OSError, UnicodeDecodeError):
        fail(f'"{given}" cannot be read as a query')


def _planned(plan: tuple[Step, ...]) -> list[str]:
    lines = ["Plan"]
    for step in plan:
        target = f" {step.source}.{step.operation}" if step.source else ""
        lines.append(f"{'  ' * len(step.path)}{step.field}{target}: {step.how}")
        if step.asks:
            lines.append(f"{'  ' * len(step.path)}  asks {', '.join(step.asks)}")
    return lines


def _called(journal: Journal) -> list[str]:
    if not journal.calls:
        return ["No calls"]
    lines = ["Calls"]
    began = journal.calls[0].started
    for number, call in enumerate(journal.calls, 1):
        lines.append(
            f"  {number}. {call.source}.{call.operation}: {_result(call)} "
            f"in {call.seconds * 1000:.1f} ms, after {(call.started - began) * 1000:.1f} ms"
        )
        lines += [f"       {line}" for line in (call.text or call.wire).splitlines()]
    return lines


def _result(call: CallRecord) -> str:
    if call.code is not None:
        return f"{call.code} ({' '.join(call.why.split())[:200]})" if call.why else call.code
    rows = "" if call.rows is None else _number(call.rows, "row")
    size = "" if call.size is None else f"{call.size} bytes"
    return ", ".join(part for part in (rows, size) if part) or "done"


def _summary(journal: Journal, seconds: float) -> str:
    rows = sum(call.rows or 0 for call in journal.calls)
    return f"{_number(len(journal.calls), 'call')} in {seconds * 1000:.1f} ms, {_number(rows, 'row')}"


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _for_programs(plan: tuple[Step, ...], journal: Journal, found: list[dict[str, Any]], seconds: float) -> str:
    calls = [
        {
            "source": call.source, "operation": call.operation, "wire": call.wire, "text": call.text, "rows": call.rows,
            "bytes": call.size, "startedMs": round((call.started - journal.calls[0].started) * 1000, 3),
            "ms": round(call.seconds * 1000, 3), "code": call.code, "why": call.why,
        }
        for call in journal.calls
    ]  # fmt: skip
    told = {
        "plan": [asdict(step) for step in plan],
        "calls": calls,
        "ms": round(seconds * 1000, 3),
        "errors": found,
    }
    return orjson.dumps(told).decode()
