"""The official XML schemas, and the names and namespaces that go with them."""

from functools import cache
from importlib.metadata import distribution

from lxml import etree

from libs.messages.errors import Malformed

TYPE_PREFIX = "iso20022."
INITIATE = "pain.009.001.05"
AMEND = "pain.010.001.05"
CANCEL = "pain.011.001.05"
COLLECT = "pain.008.001.07"
STATUS_REQUEST = "status-request.01"
MANDATE_REPLY = "pain.012.001.05"
STATUS_REPLY = "pain.002.001.08"
STATUS_REQUEST_NAMESPACE = "urn:tongbao:bank:status-request:1"

_STATUS_REQUEST_XSD = f"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
    targetNamespace="{STATUS_REQUEST_NAMESPACE}" xmlns="{STATUS_REQUEST_NAMESPACE}">
  <xs:simpleType name="Max35Text"><xs:restriction base="xs:string">
    <xs:minLength value="1"/><xs:maxLength value="35"/></xs:restriction></xs:simpleType>
  <xs:element name="StatusRequest"><xs:complexType><xs:sequence>
    <xs:element name="MsgId" type="Max35Text"/>
    <xs:element name="CreDtTm" type="xs:dateTime"/>
    <xs:element name="InitgPty"><xs:complexType mixed="true"><xs:sequence>
      <xs:any minOccurs="0" processContents="skip"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="OrgnlPmtInfId" type="Max35Text"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def namespace(name: str) -> str:
    """The namespace of a message."""
    if name == STATUS_REQUEST:
        return STATUS_REQUEST_NAMESPACE
    return f"urn:iso:std:iso:20022:tech:xsd:{name}"


@cache
def schema(name: str) -> etree.XMLSchema:
    """The schema of a message. The files are data of a package whose code is not used."""
    if name == STATUS_REQUEST:
        return etree.XMLSchema(etree.fromstring(_STATUS_REQUEST_XSD))
    path = distribution("sepa").locate_file(f"sepa/schemas/{name}.xsd")
    return etree.XMLSchema(etree.parse(str(path)))


def must_be_valid(name: str, root: etree._Element) -> None:
    """Raises Malformed FIELDS without the complaint: it may hold personal data."""
    found = schema(name)
    if not found.validate(root):
        raise Malformed("FIELDS", "不符合 XML 架构")
