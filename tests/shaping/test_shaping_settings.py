"""What the section may not say: each mistake is told with its line, what is wrong and how to mend it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.snapshot import load
from resolvers import ConfigurationError, Scalar, ShapeSettings
from resolvers.shaping.coding import UNREADABLE, NoCoding
from resolvers.shaping.formats import formatted
from tests.shaping.crm import DOCUMENT
from tests.shaping.test_shaping_tables import TABLES

HEAD = """sources:
  crm: { openapi: ./crm.json, url: "http://127.0.0.1:1", writes: true, prefix: crm }
  shop: { database: "sqlite:///shop.db", writes: true }
access: { default: anonymous }
shape:
"""


async def told(folder: Path, *lines: str) -> str:
    (folder / "crm.json").write_text(json.dumps(DOCUMENT))
    with sqlite3.connect(folder / "shop.db") as made:
        made.executescript("DROP TABLE IF EXISTS purchases; DROP TABLE IF EXISTS customers;" + TABLES)
    made.close()
    file = folder / "isthmus.yaml"
    file.write_text(HEAD + "".join(f"  {line}\n" for line in lines))
    chosen = None
    try:
        chosen = read(file, {})
        await (await load(chosen)).close()
    except UnreadableFile as error:
        return error.text
    except ConfigurationError as error:
        assert chosen is not None
        return chosen.describe(error.problems)
    return ""


def found(text: str) -> list[tuple[str, str, str]]:
    """Line, what is wrong and how to mend it, of each problem."""
    told = [each.splitlines() for each in text.split("\n\n")]
    return [(lines[0].split()[0], lines[1].strip(), lines[2].strip() if lines[2:] else "") for lines in told]


async def test_all_mistakes_are_told_at_once_with_their_lines_and_mends(tmp_path: Path) -> None:
    expected = [
        ("Custmer.gender: { type: Int }", 'there is no type "Custmer"', 'did you mean "Customer"'),
        ("Customer.gendr: { type: Int }", 'has no field "gendr"', 'did you mean "gender"'),
        ("Query.crmcustomers(gender:): { type: Int }", 'has no field "crmcustomers"', 'did you mean "crmCustomers"'),
        ("Query.crmCustomers(gendr:): { type: Int }", 'has no argument "gendr"', 'did you mean "gender"'),
        ("Query.crmCustomers: { type: Int }", "has a value of its own type", "name the type and its field"),
        ("Customer: { type: Int }", '"Customer" names no field', "write Type.field"),
        ("CrmCustomer.partner: { type: Int }", "its values are objects", "say it of their fields"),
        ("Customer.born: { format: YYMMDD }", 'nothing says of which century "YY" in "YYMMDD" is', "say pivot: 1930"),
        ("Customer.level: { values: { one: ONE } }", '"one" is none', ""),
        ("CrmCustomer.level: { type: Int }", "says Int already", "remove type"),
        ("Customer.gender: { values: { M: MALE, m: MALE } }", '"MALE" stands for several codes', "word of its own"),
        ('Customer.no: { format: "1.234,56", loose: true }', "is a key", "in one way"),
    ]
    problems = found(await told(tmp_path, *(line for line, _, _ in expected)))
    assert len(problems) == len(expected)
    for number, ((_, what, mend), (line, said, mended)) in enumerate(zip(expected, problems, strict=True)):
        assert line == f"isthmus.yaml:{number + 6}"
        assert what in said
        assert mend in mended


async def test_what_contradicts_itself_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    text = await told(
        tmp_path,
        "Customer.gender: { values: { M: m-ale } }",
        "Customer.born: { values: { M: MALE }, type: Int }",
        "Customer.left: { loose: true }",
    )
    assert [line for line, _, _ in found(text)] == [f"isthmus.yaml:{number}" for number in range(6, 9)]
    assert "two answers to one question" in text


async def test_what_only_looks_like_a_zone_a_count_or_a_number_is_refused(tmp_path: Path) -> None:
    lines = {
        "Customer.born: { format: YYYYMMDDHHmm, zone: localtime }": "whatever machine this runs on",
        "CrmCustomer.born: { format: YYYYMMDDHHmm, zone: Factory }": "has not been told its zone",
        "CrmCustomer.owes: { format: YYYYMMDDHHmm, zone: right/UTC }": "leap seconds",
    }
    problems = found(await told(tmp_path, *lines))
    assert [what in said for what, (_, said, _) in zip(lines.values(), problems, strict=True)] == [True] * len(lines)
    lines = {
        "Customer.level: { scale: true }": "a whole number is needed",
        "CrmCustomer.level: { nulls: [.nan] }": "finite number",
        "CrmCustomer.seen: { values: { true: SEEN } }": "a whole number is needed",
    }
    text = await told(tmp_path, *lines)
    for what in lines.values():
        assert what in text, text


@pytest.mark.parametrize(
    ("format", "what", "mend"),
    [
        ("foo", '"foo" is no format', "write a sample"),
        ("1.234", "may be a thousand or a fraction", "write a longer sample"),
        ("YYYYDD", "no whole date", "name YYYY, MM and DD"),
        ("YYYYMD", "can be read in several ways", "full width"),
        ("DD.MM.YYYY HH:MM", "says one thing twice", "minutes are mm"),
        ("DD.MM.YY", 'of which century "YY" in "DD.MM.YY" is', "pivot"),
        ("DD.MM.YYYY mm", "no whole time", "name HH"),
        ("YYYYMMDDZ", "has a zone and is no moment", "remove the Z"),
        ("YYYY-MM-DD at HH", "says nothing", "are known"),
        ("Y/Y", "does not say what is true", "two words"),
        ("-1.5-", "is no number", "sample"),
        ("1.2.3,4", "is no number", "sample"),
    ],
)
def test_what_is_no_format_says_how_one_is_written(format: str, what: str, mend: str) -> None:  # noqa: A002  # its name in the file
    with pytest.raises(NoCoding) as raised:
        formatted(format, Scalar.STRING)
    assert what in raised.value.what
    assert mend in raised.value.mend


@pytest.mark.parametrize(("format", "base"), [("Y/N", Scalar.INT), ("YYYYMMDD", Scalar.DATE), ("1,5", Scalar.INT)])
def test_values_of_some_types_are_not_written_so(format: str, base: Scalar) -> None:  # noqa: A002  # its name in the file
    with pytest.raises(NoCoding):
        formatted(format, base)


@pytest.mark.parametrize(
    ("said", "written", "others"),
    [
        ({"format": "D.M.YYYY"}, "5.3.2026", ["05.3.2026", "5.03.2026", "31.2.2026", "5.3.26", " 5.3.2026"]),
        ({"format": "YYYYMMDD"}, "20260305", ["2026035", "20260305 ", "\uff12\uff10260305", "00000000"]),
        ({"format": "HH:mm"}, "07:05", ["7:05", "24:00", "07:05:00"]),
        ({"format": "1.234,56"}, "-1.234,50", ["1234,50", "1.234,5", "01.234,50", "-0,00", "1.23,456", "1,234.50"]),
        ({"format": "1.234,56-"}, "1,50-", ["-1,50", "1,50 -", "0,00-"]),
        ({"format": "0000"}, "0007", ["7", "00007", "-007", "000\u0667"]),
        ({"format": "Y/N"}, "Y", ["y", "J", "", "YN"]),
        ({"format": "X/"}, "", [" ", "x"]),
        ({"type": "Int"}, "7", ["007", "+7", "7.0", "-0", "7 "]),
        ({"type": "Date"}, "2026-03-05", ["2026-3-5", "20260305", "2026-W10-4"]),
        ({"values": {"M": "MALE"}}, "M", ["m", "M ", ""]),
    ],
)
def test_a_value_is_read_only_as_it_would_be_written_again(
    said: dict[str, Any], written: str, others: list[str]
) -> None:
    coding = ShapeSettings.model_validate(said).coding(Scalar.STRING)
    assert coding.exact
    assert coding.back(coding.read(written)) == written
    for other in others:
        with pytest.raises(UNREADABLE):
            coding.read(other)


def test_what_is_written_loosely_is_read_and_never_asked_for() -> None:
    coding = ShapeSettings.model_validate({"format": "1.234,56", "loose": True}).coding(Scalar.STRING)
    assert not coding.exact
    assert [str(coding.read(each)) for each in ("1234,5", "1.234,5", "1.234", "0")] == ["1234.5", "1234.5", "1234", "0"]
    assert coding.back("1234.5") == "1.234,50"


@pytest.mark.parametrize(
    ("said", "what", "mend"),
    [
        ("values: { F: male-x }", "a word of an enum is made of letters, digits and _", "mend: write MALE_X"),
        ("values: { F: 2nd }", "a word of an enum is made of letters, digits and _", "mend: write _2ND"),
        ('values: { F: "?" }', "a word of an enum is made of letters, digits and _", "mend: write a word, as UNKNOWN"),
        ("nullable: maybe", "true or false is needed", "mend: write true or false"),
    ],
)
async def test_what_is_no_word_or_no_flag_is_told_in_words(tmp_path: Path, said: str, what: str, mend: str) -> None:
    ((line, about, how),) = found(await told(tmp_path, f"Customer.gender: {{ {said} }}"))
    assert line == "isthmus.yaml:6"
    assert about.startswith(what)
    assert how.startswith(mend)


RULED = """sources:
  shop: { database: "sqlite:///shop.db" }
shape: { Customer.born: { format: YYYYMMDD }, Customer.active: { format: Y/N }, Customer.owes: { scale: 2 } }
access: { default: anonymous, rules: { Customer: { rows: RULE } } }
"""


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ('{ born: { eq: "1960-01-01" }, active: { ne: true } }', ""),
        ('{ born: { in: ["1960-01-01"] }, not: { active: { eq: true } } }', ""),
        ("{ born: { isNull: true } }", ""),
        ('{ owes: { lt: "10.005" }, not: { owes: { eq: "3" } } }', ""),  # whatever stands there is a number
        ("{ born: { isNull: false } }", "born.isNull"),
        ('{ born: { gte: "1960-01-01" } }', "born.gte"),
        ('{ born: { ne: "1960-01-01" } }', "born.ne"),
        ('{ not: { born: { eq: "1960-01-01" } } }', "not.born"),
        (
            '{ or: [{ active: { eq: true } }, { not: { or: [{ born: { eq: "1960-01-01" } }] } }] }',
            "or[1].not.or[0].born",
        ),
    ],
)
async def test_a_rule_lets_no_row_by_whose_column_holds_what_is_no_value(tmp_path: Path, rule: str, place: str) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, born TEXT, active TEXT, owes INTEGER)")
    made.close()
    (tmp_path / "isthmus.yaml").write_text(RULED.replace("RULE", rule))
    chosen = read(tmp_path / "isthmus.yaml", {})
    if not place:
        await (await load(chosen)).close()
        return
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    text = chosen.describe(raised.value.problems)
    assert "born is shaped, and its column may hold what is no such value" in text
    assert f"access.rules.Customer.rows.{place}\n" in text, text
    assert "mend: a rule takes born: { eq: … }, or in, and no not" in text


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("YYYYMMDD", "1999-04-01"),
        ("YYYYMMDD", "19991341"),
        ("DD.MM.YYYY HH:mm", "1.1.1999"),
        ("Y/N", "Q"),
        ("0000", "77777"),
        ("1.234,56", "4,711"),
    ],
)
def test_a_value_that_is_written_otherwise_is_told_by_the_format_and_never_by_itself(form: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="not written as") as raised:
        formatted(form, Scalar.STRING).read(wrong)
    assert str(raised.value) == f"not written as {form}"


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("Date", "1999-13-41"), ("DateTime", "1999-04-01T9x"), ("Time", "47:11"), ("Int", "0047"), ("UUID", "4711")],
)
def test_a_value_of_another_type_is_not_repeated(kind: str, wrong: str) -> None:
    coding = ShapeSettings.model_validate({"type": kind}).coding(Scalar.STRING)
    with pytest.raises(UNREADABLE) as raised:
        coding.read(wrong)
    assert not any(part in str(raised.value) for part in ("47", "13", "41", "9x", "9X"))
