"""The page on the audit log says what is: its file, its record, every setting and its default."""

from __future__ import annotations

import json
import re
from pathlib import Path

from gateway.audit.settings import AuditSettings
from gateway.file.config import read
from gateway.usage import unusual
from tests.audit.shop import records, shop

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
SECRETS = {"JWT_SECRET": "a canary of more than thirty-two bytes", "ISTHMUS_AUDIT_KEY": "a canary to hash with"}


def test_the_file_of_the_page_is_sound_and_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "isthmus.yaml").write_text(PAGE.partition("```yaml\n")[2].partition("```")[0], "utf-8")
    audit = read(tmp_path / "isthmus.yaml", SECRETS).settings.server.audit
    assert audit is not None
    assert audit.path == tmp_path / "audit.log"
    assert "canary" not in repr(audit) + str(audit.model_dump(mode="json"))


def test_every_setting_and_figure_is_told() -> None:
    rows = {name for cell in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
    assert rows == {*AuditSettings.model_fields} - {"path", "address"}
    assert f"| `max_ids` | {AuditSettings.model_fields['max_ids'].default} |" in PAGE
    assert f"| `max_waiting` | {AuditSettings.model_fields['max_waiting'].default} |" in PAGE
    assert f"more than {unusual.TIMES} times the median" in PAGE
    assert f"more than {unusual.LEAST_OBJECTS} of them" in PAGE
    assert f"more than {unusual.LEAST_REFUSALS} refused" in PAGE
    assert f"days (at least {unusual.LEAST_PAST['day']}) or hours (at least {unusual.LEAST_PAST['hour']})" in PAGE


async def test_a_record_has_the_members_of_the_page(tmp_path: Path) -> None:
    shown = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
    async with shop(tmp_path, "to: file, path: audit.log, claims: [tenant]") as made:
        await made.post("query Mail { customers { email } }", scope="pii")
    (told,) = records(tmp_path / "audit.log")
    assert list(told) == list(shown)
    assert list(told["operation"]) == list(shown["operation"])
