"""A small share of what ``python -m tests.guards.machines`` runs."""

from __future__ import annotations

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from tests.guards.machines import MACHINES, run


@pytest.mark.parametrize("machine", MACHINES)
def test_guards_do_what_their_models_do(machine: type[RuleBasedStateMachine]) -> None:
    run(machine, 15, 30)
