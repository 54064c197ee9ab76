"""A source in memory for tests of the schema storey: it keeps a journal and answers from plain Python."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from resolvers import Call, Context, SourceModel


@dataclass
class MemorySource:
    model: SourceModel
    answers: Mapping[str, Callable[[Call], object]]
    calls: list[Call] = field(default_factory=list)

    async def execute(self, call: Call, context: Context) -> object:  # noqa: ARG002  # the protocol's
        self.calls.append(call)
        await asyncio.sleep(0)
        return self.answers[call.operation](call)

    async def close(self) -> None:
        return None

    def of(self, operation: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation]


@pytest.fixture
def memory() -> type[MemorySource]:
    return MemorySource
