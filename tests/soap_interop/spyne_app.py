# mypy: disable-error-code="misc,no-untyped-call,no-untyped-def,untyped-decorator"
# ruff: noqa: ANN001, ANN202, N805
# spyne has no types, makes its classes by metaclasses, and gives an operation its context where self would stand
"""A SOAP service by spyne, a library that we did not write, which validates what it is asked by its own schema.

Its types are as odd as those of services in the wild: every kind of value, attributes, nil, arrays, inheritance, faults
with a detail, header blocks and an operation that answers nothing.
"""

from __future__ import annotations

import itertools
from typing import Any

from spyne import (  # type: ignore[import-untyped]
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    Fault,
    Integer32,
    Integer64,
    ServiceBase,
    Time,
    Unicode,
    XmlAttribute,
    rpc,
)
from spyne.protocol.soap import Soap11, Soap12  # type: ignore[import-untyped]
from spyne.server.wsgi import WsgiApplication  # type: ignore[import-untyped]

SPACE = "urn:isthmus:spyne"
Colour = Enum("red", "dark-green", "1st", type_name="Colour")


class Base(ComplexModel):
    __namespace__ = SPACE


class Session(Base):
    token = Unicode(min_occurs=1, nillable=False)
    hops = Integer32


class Shape(Base):
    id = XmlAttribute(Unicode, use="required")
    name = Unicode(min_occurs=1, nillable=True)


class Circle(Shape):
    __namespace__ = SPACE
    radius = Double


class Square(Shape):
    __namespace__ = SPACE
    side = Decimal(fraction_digits=3)
    corners = Array(Unicode)


class Everything(Base):
    text = Unicode
    few = Unicode(max_len=3)
    number = Integer32
    large = Integer64
    exact = Decimal
    real = Double
    truth = Boolean
    day = Date
    moment = DateTime
    clock = Time
    span = Duration
    content = ByteArray
    colour = Colour
    none = Unicode(min_occurs=1, nillable=True)
    several = Unicode(max_occurs="unbounded")
    numbers = Array(Integer32)
    shapes = Array(Shape)
    shape = Shape


class Refused(Fault):
    __namespace__ = SPACE
    _type_info = (("reason", Unicode), ("code", Integer32))


def _detail(reason: str) -> dict[str, object]:
    """spyne writes details as they are spelled, not by their type."""
    return {f"{{{SPACE}}}Refused": {f"{{{SPACE}}}reason": reason, f"{{{SPACE}}}code": "7"}}


class Notes:
    """What the service was told, in order: the name of the operation and its arguments."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []


def service(notes: Notes) -> type[Any]:
    counted = itertools.count(1)

    class Service(ServiceBase):
        __in_header__ = Session

        @rpc(Everything, _returns=Everything)
        def echo(ctx, everything):
            notes.told.append(("echo", everything))
            return everything

        @rpc(Array(Shape), _returns=Array(Shape))
        def get_shapes(ctx, shapes):
            return shapes

        @rpc(Unicode, Integer32(min_occurs=1), _returns=(Unicode, Integer32), _out_variable_names=("name", "number"))
        def get_two(ctx, name, number):
            return name, number

        @rpc(_returns=Session)
        def get_session(ctx):
            return ctx.in_header

        @rpc(Unicode)
        def note(ctx, text):
            notes.told.append(("note", text))

        @rpc(_returns=Integer32)
        def get_count(ctx):
            return next(counted)

        @rpc(Unicode, _throws=Refused, _returns=Unicode)
        def get_refused(ctx, reason):
            raise Refused("Client.NotNow", f"db-7 said {reason}", detail=_detail(reason))

        @rpc(Circle, _returns=Circle, _body_style="bare")
        def turn(ctx, circle):
            return circle

    return Service


def application(notes: Notes, version: str) -> WsgiApplication:
    """The service over SOAP 1.1 or 1.2; what it is asked is held against its own XML Schema by lxml."""
    protocol = Soap11 if version == "1.1" else Soap12
    return WsgiApplication(
        Application(
            [service(notes)],
            SPACE,
            name="Everything",
            in_protocol=protocol(validator="lxml"),
            out_protocol=protocol(polymorphic=True),
        )
    )
