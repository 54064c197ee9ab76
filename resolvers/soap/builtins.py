"""The built-in types of XML Schema part 2 and the scalars they are served as; no declarations of documents."""

from __future__ import annotations

from resolvers.model import Scalar

XSD = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

BUILTINS: dict[str, Scalar] = {
    **dict.fromkeys(
        (
            "string",
            "normalizedString",
            "token",
            "language",
            "Name",
            "NCName",
            "NMTOKEN",
            "ID",
            "IDREF",
            "ENTITY",
            "QName",
            "NOTATION",
            "anyURI",
            "hexBinary",
            "duration",
            "dayTimeDuration",
            "yearMonthDuration",
            "gYear",
            "gYearMonth",
            "gMonth",
            "gMonthDay",
            "gDay",
            "anySimpleType",
            "anyAtomicType",
            "NMTOKENS",
            "IDREFS",
            "ENTITIES",
        ),
        Scalar.STRING,
    ),
    **dict.fromkeys(("int", "short", "byte", "unsignedShort", "unsignedByte"), Scalar.INT),
    **dict.fromkeys(
        (
            "long",
            "unsignedInt",
            "unsignedLong",
            "integer",
            "positiveInteger",
            "nonNegativeInteger",
            "negativeInteger",
            "nonPositiveInteger",
        ),
        Scalar.BIG_INT,
    ),
    "decimal": Scalar.DECIMAL,
    "float": Scalar.FLOAT,
    "double": Scalar.FLOAT,
    "boolean": Scalar.BOOLEAN,
    "date": Scalar.DATE,
    "dateTime": Scalar.DATE_TIME,
    "dateTimeStamp": Scalar.DATE_TIME,
    "time": Scalar.TIME,
    "base64Binary": Scalar.BASE64,
}

LISTS = frozenset({"NMTOKENS", "IDREFS", "ENTITIES"})
