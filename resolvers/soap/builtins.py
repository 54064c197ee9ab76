"""The built-in types of XML Schema part 2 and the scalars they are served as; no declarations of documents."""

from __future__ import annotations

from resolvers.model import Scalar

WSDL = "http://schemas.xmlsoap.org/wsdl/"
XSD = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"
XSI_TYPE = f"{{{XSI}}}type"

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
SOAP12_ENCODING = "http://www.w3.org/2003/05/soap-encoding"
SOAP_ENCODINGS = frozenset({SOAP_ENCODING, SOAP12_ENCODING})
APACHE = "http://xml.apache.org/xml-soap"
XSDS = frozenset({XSD, "http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema"})
"""XML Schema as a type's name may say it: old services still write the drafts of it."""

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

XOP = "http://www.w3.org/2004/08/xop/include"
