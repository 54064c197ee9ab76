"""Our own short references of the standard schemas that WSDLs use without bringing them along.

They declare what messages are made of, and nothing that only a validator would ask for. A document that could be
fetched is always worth more.
"""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.soap.builtins import APACHE, SOAP11, SOAP12, SOAP_ENCODING, XML, XSD

_XOP = "http://www.w3.org/2004/08/xop/include"
_MIME = ("http://www.w3.org/2005/05/xmlmime", "http://www.w3.org/2004/11/xmlmime")
_WSA = "http://www.w3.org/2005/08/addressing"
_WSA04 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_WSNT = "http://docs.oasis-open.org/wsn/b-2"
_TOPICS = "http://docs.oasis-open.org/wsn/t-1"
_FAULTS = "http://docs.oasis-open.org/wsrf/bf-2"
_RESOURCES = "http://docs.oasis-open.org/wsrf/r-2"
_DOTNET = "http://schemas.microsoft.com/2003/10/Serialization/"
_DOTNET_ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
_SQL = "http://schemas.microsoft.com/sqlserver/2004/sqltypes"


def _schema(namespace: str, content: str) -> str:
    own = "" if namespace == XML else f' xmlns="{namespace}"'  # which may not be the default one
    return (
        f'<xs:schema xmlns:xs="{XSD}"{own} xmlns:wsa="{_WSA}" xmlns:wsrf-bf="{_FAULTS}" '
        f'xmlns:wstop="{_TOPICS}" targetNamespace="{namespace}" elementFormDefault="qualified">{content}</xs:schema>'
    )


def _type(name: str, *members: str, base: str = "", text: str = "", attributes: str = "", mixed: bool = False) -> str:
    """A complexType, of no name where ``name`` is empty. ``base``: the type it extends; ``text``: that of its text.

    A member is ``name type``, with ``?``, ``*`` or ``+`` behind the name; ``*`` alone is a wildcard; without a type it
    is a reference.
    """
    inner = f"<xs:sequence>{''.join(map(_member, members))}</xs:sequence>" if members else ""
    inner += attributes
    if text:
        inner = f'<xs:simpleContent><xs:extension base="{text}">{attributes}</xs:extension></xs:simpleContent>'
    elif base:
        inner = f'<xs:complexContent><xs:extension base="{base}">{inner}</xs:extension></xs:complexContent>'
    said = (f' name="{name}"' if name else "") + (' mixed="true"' if mixed else "")
    return f"<xs:complexType{said}>{inner}</xs:complexType>"


def _member(written: str) -> str:
    if written == "*":
        return '<xs:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/>'
    name, _, typed = written.partition(" ")
    least = ' minOccurs="0"' if name[-1] in "?*" else ""
    most = ' maxOccurs="unbounded"' if name[-1] in "*+" else ""
    name = name.rstrip("?*+")
    said = f'name="{name}" type="{typed}"' if typed else f'ref="{name}"'
    return f"<xs:element {said}{least}{most}/>"


def _elements(*names: str, typed: str, more: str = "") -> str:
    return "".join(f'<xs:element name="{name}" type="{typed}" {more}/>' for name in names)


def _attributes(*names: str, typed: str = "xs:string") -> str:
    return "".join(f'<xs:attribute name="{name}" type="{typed}"/>' for name in names)


def _simple(base: str, *names: str) -> str:
    return "".join(f'<xs:simpleType name="{name}"><xs:restriction base="{base}"/></xs:simpleType>' for name in names)


def _addressing(namespace: str, *reference: str) -> str:
    uri = _type("AttributedURI", text="xs:anyURI") + _type("AttributedURIType", text="xs:anyURI")
    return _schema(
        namespace,
        uri
        + _type("EndpointReferenceType", "Address AttributedURIType", *reference, "*")
        + _type("ReferenceParametersType", "*")
        + _type("ReferencePropertiesType", "*")
        + _type("MetadataType", "*")
        + _type("AttributedQNameType", text="xs:QName")
        + _type("ServiceNameType", text="xs:QName", attributes=_attributes("PortName"))
        + _type("RelatesToType", text="xs:anyURI", attributes=_attributes("RelationshipType"))
        + _type("Relationship", text="xs:anyURI", attributes=_attributes("RelationshipType"))
        + _elements("EndpointReference", "From", "ReplyTo", "FaultTo", typed="EndpointReferenceType")
        + _elements("To", "Action", "MessageID", "ProblemIRI", typed="AttributedURIType")
        + _elements("RelatesTo", typed="RelatesToType")
        + _elements("ReferenceParameters", typed="ReferenceParametersType")
        + _elements("Metadata", typed="MetadataType")
        + _attributes("IsReferenceParameter", typed="xs:boolean"),
    )


def _mime(namespace: str) -> str:
    content = _attributes("contentType")
    return _schema(
        namespace,
        content
        + _attributes("expectedContentTypes")
        + _type("base64Binary", text="xs:base64Binary", attributes='<xs:attribute ref="contentType"/>')
        + _type("hexBinary", text="xs:hexBinary", attributes='<xs:attribute ref="contentType"/>'),
    )


def _envelope(namespace: str) -> str:
    return _schema(
        namespace,
        _type("Envelope", "Header?", "Body")
        + _type("Header", "*")
        + _type("Body", "*")
        + _type("Fault", "faultcode xs:QName", "faultstring xs:string", "faultactor? xs:anyURI", "detail? detail")
        + _type("detail", "*")
        + "".join(_elements(name, typed=name) for name in ("Envelope", "Header", "Body", "Fault"))
        + _attributes("mustUnderstand", "relay", typed="xs:boolean")
        + _attributes("actor", "role", "encodingStyle", typed="xs:anyURI"),
    )


_ENCODING_ATTRIBUTES = _attributes("arrayType", "offset", "position", "itemType", "arraySize", "root")
_FAULT = ("Timestamp xs:dateTime", "Originator? wsa:EndpointReferenceType", "*")
_NO_FAULT = tuple(
    f"{name}Fault"
    for name in (
        "SubscribeCreationFailed", "InvalidFilter", "TopicExpressionDialectUnknown", "InvalidTopicExpression",
        "TopicNotSupported", "MultipleTopicsSpecified", "InvalidProducerPropertiesExpression",
        "InvalidMessageContentExpression", "UnrecognizedPolicyRequest", "UnsupportedPolicyRequest",
        "NotifyMessageNotSupported", "UnacceptableInitialTerminationTime", "NoCurrentMessageOnTopic",
        "UnableToGetMessages", "UnableToDestroyPullPoint", "UnableToCreatePullPoint",
        "UnacceptableTerminationTime", "UnableToDestroySubscription", "PauseFailed", "ResumeFailed",
    )
)  # fmt: skip

_NOTIFICATION = (
    _type("TopicExpressionType", "*", attributes=_attributes("Dialect", typed="xs:anyURI"), mixed=True)
    + _type("QueryExpressionType", "*", attributes=_attributes("Dialect", typed="xs:anyURI"), mixed=True)
    + _type("FilterType", "*")
    + _type("SubscriptionPolicyType", "*")
    + _simple("xs:string", "AbsoluteOrRelativeTimeType")
    + _type("Message", "*")
    + _type(
        "NotificationMessageHolderType",
        "SubscriptionReference? wsa:EndpointReferenceType",
        "Topic? TopicExpressionType",
        "ProducerReference? wsa:EndpointReferenceType",
        "Message Message",
    )
    + _elements("NotificationMessage", typed="NotificationMessageHolderType")
    + _elements("TopicExpression", "Topic", typed="TopicExpressionType")
    + _elements("ProducerProperties", "MessageContent", typed="QueryExpressionType")
    + _elements("Filter", typed="FilterType")
    + _elements("SubscriptionPolicy", typed="SubscriptionPolicyType")
    + _elements("SubscriptionReference", "ProducerReference", "ConsumerReference", typed="wsa:EndpointReferenceType")
    + _elements("FixedTopicSet", typed="xs:boolean")
    + _elements("TopicExpressionDialect", typed="xs:anyURI")
    + _elements("CurrentTime", "TerminationTime", "CreationTime", typed="xs:dateTime")
    + _elements("UseRaw", typed="UseRaw")
    + _type("UseRaw")
    + "".join(
        f'<xs:element name="{element}">{_type("", *members, "*")}</xs:element>'
        for element, members in (
            ("NotificationProducerRP", ("TopicExpression*", "FixedTopicSet?", "TopicExpressionDialect*")),
            ("Notify", ("NotificationMessage+",)),
            (
                "Subscribe",
                (
                    "ConsumerReference wsa:EndpointReferenceType",
                    "Filter? FilterType",
                    "InitialTerminationTime? AbsoluteOrRelativeTimeType",
                    "SubscriptionPolicy? SubscriptionPolicyType",
                ),
            ),
            (
                "SubscribeResponse",
                (
                    "SubscriptionReference wsa:EndpointReferenceType",
                    "CurrentTime? xs:dateTime",
                    "TerminationTime? xs:dateTime",
                ),
            ),
            ("GetCurrentMessage", ("Topic TopicExpressionType",)),
            ("GetCurrentMessageResponse", ()),
            ("GetMessages", ("MaximumNumber? xs:nonNegativeInteger",)),
            ("GetMessagesResponse", ("NotificationMessage*",)),
            ("CreatePullPoint", ()),
            ("CreatePullPointResponse", ("PullPoint wsa:EndpointReferenceType",)),
            ("DestroyPullPoint", ()),
            ("DestroyPullPointResponse", ()),
            ("Renew", ("TerminationTime AbsoluteOrRelativeTimeType",)),
            ("RenewResponse", ("TerminationTime xs:dateTime", "CurrentTime? xs:dateTime")),
            ("Unsubscribe", ()),
            ("UnsubscribeResponse", ()),
            ("PauseSubscription", ()),
            ("PauseSubscriptionResponse", ()),
            ("ResumeSubscription", ()),
            ("ResumeSubscriptionResponse", ()),
        )
    )
    + "".join(
        _type(f"{name}Type", base="wsrf-bf:BaseFaultType") + _elements(name, typed=f"{name}Type") for name in _NO_FAULT
    )
)

STANDARD: Mapping[str, str] = {
    XML: _schema(
        XML,
        _attributes("lang", "space", "id")
        + _attributes("base", typed="xs:anyURI")
        + '<xs:attributeGroup name="specialAttrs"><xs:attribute ref="xml:lang"/><xs:attribute ref="xml:space"/>'
        '<xs:attribute ref="xml:base"/><xs:attribute ref="xml:id"/></xs:attributeGroup>',
    ),
    SOAP_ENCODING: _schema(
        SOAP_ENCODING,
        _ENCODING_ATTRIBUTES
        + _type("Struct", "*")
        + _elements("Struct", typed="Struct")
        + '<xs:attributeGroup name="commonAttributes"/><xs:attributeGroup name="arrayAttributes"/>'
        '<xs:attributeGroup name="arrayMemberAttributes"/><xs:group name="Array"><xs:sequence/></xs:group>',
    ),
    APACHE: _schema(
        APACHE,
        _type("mapItem", "key xs:anyType", "value xs:anyType") + _type("Element", "*") + _type("DocumentFragment", "*"),
    ),
    SOAP11: _envelope(SOAP11),
    SOAP12: _envelope(SOAP12),
    _XOP: _schema(
        _XOP,
        _type("Include", "*", attributes='<xs:attribute name="href" type="xs:anyURI" use="required"/>')
        + _elements("Include", typed="Include"),
    ),
    **{namespace: _mime(namespace) for namespace in _MIME},
    _WSA: _addressing(_WSA, "ReferenceParameters?", "Metadata?"),
    _WSA04: _addressing(
        _WSA04,
        "ReferenceProperties? ReferencePropertiesType",
        "ReferenceParameters? ReferenceParametersType",
        "PortType? AttributedQNameType",
        "ServiceName? ServiceNameType",
    ),
    _WSU: _schema(
        _WSU,
        _attributes("Id", typed="xs:ID")
        + _type("AttributedDateTime", text="xs:string")
        + _type("TimestampType", "Created? AttributedDateTime", "Expires? AttributedDateTime", "*")
        + _elements("Timestamp", typed="TimestampType")
        + _elements("Created", "Expires", typed="AttributedDateTime"),
    ),
    _WSNT: _schema(_WSNT, _NOTIFICATION),
    _TOPICS: _schema(
        _TOPICS,
        _type("TopicSetType", "*")
        + _type("TopicNamespaceType", "*", attributes=_attributes("name", "targetNamespace"))
        + _type("TopicType", "*", attributes=_attributes("name", "messageTypes"))
        + _elements("TopicSet", typed="TopicSetType")
        + _elements("TopicNamespace", typed="TopicNamespaceType")
        + _simple("xs:string", "FullTopicExpression", "ConcreteTopicExpression", "SimpleTopicExpression"),
    ),
    _FAULTS: _schema(
        _FAULTS,
        _type("BaseFaultType", *_FAULT) + _elements("BaseFault", typed="BaseFaultType"),
    ),
    _RESOURCES: _schema(
        _RESOURCES,
        "".join(
            _type(f"{name}FaultType", base="wsrf-bf:BaseFaultType")
            + _elements(f"{name}Fault", typed=f"{name}FaultType")
            for name in ("ResourceUnknown", "ResourceUnavailable")
        ),
    ),
    _DOTNET: _schema(
        _DOTNET,
        _simple("xs:int", "char")
        + _simple("xs:duration", "duration")
        + _simple("xs:string", "guid")
        + _attributes("FactoryType", typed="xs:QName")
        + _attributes("Id", typed="xs:ID")
        + _attributes("Ref", typed="xs:IDREF"),
    ),
    _DOTNET_ARRAYS: _schema(
        _DOTNET_ARRAYS,
        "".join(
            _type(f"ArrayOf{name}", f"{name}* xs:{name}")
            for name in ("string", "int", "long", "short", "boolean", "decimal", "double", "float", "dateTime")
        )
        + _type("ArrayOfguid", "guid* xs:string")
        + _type("ArrayOfanyType", "anyType* xs:anyType"),
    ),
    _SQL: _schema(
        _SQL,
        _simple("xs:string", "char", "nchar", "varchar", "nvarchar", "text", "ntext", "uniqueidentifier")
        + _simple("xs:base64Binary", "varbinary", "binary", "image", "timestamp")
        + _simple("xs:decimal", "decimal", "numeric", "money", "smallmoney")
        + _simple("xs:boolean", "bit")
        + _simple("xs:unsignedByte", "tinyint")
        + _simple("xs:short", "smallint")
        + _simple("xs:int", "int")
        + _simple("xs:long", "bigint")
        + _simple("xs:double", "float")
        + _simple("xs:float", "real")
        + _simple("xs:dateTime", "datetime", "smalldatetime")
        + _attributes("sqlDbType", "typeName", "maxLength", "localeId", "sqlCompareOptions", "sqlSortId", "type"),
    ),
}
"""The text of each reference, by the namespace that it declares."""
