"""Verification: any bytes in, a verdict out, and what exactly the signature covers."""

from datetime import datetime

from lxml import etree

from libs.messages.errors import Malformed
from libs.messages.partners import XML
from libs.signing import jws, xmldsig
from libs.signing.profile import Profile
from libs.signing.suites import Suite
from libs.signing.trust import Checked, TrustStore
from libs.signing.verdict import Verdict, Verified, refused


def verify(
    data: bytes, content_type: str, detached: str | None, trust: TrustStore, at: datetime
) -> Verified:
    """Check a signature over the raw bytes; `at` is the time its certificate must be valid.

    With `detached` it is a JWS beside `data`; otherwise XML must carry its own signature.
    """
    try:
        if detached is not None:
            return _verify_jws(data, detached, trust, at)
        if content_type == XML:
            return _verify_xml(data, trust, at)
    except Profile as error:
        return refused("PROFILE", str(error))
    except Malformed as error:
        return refused(error.reason, error.detail)
    return refused("NOT_SIGNED")


def _verify_xml(data: bytes, trust: TrustStore, at: datetime) -> Verified:
    parts = xmldsig.take_apart(data)
    if parts is None:
        return refused("NOT_SIGNED")
    checked = _checked(parts.certificate, trust)
    intact = (
        xmldsig.document_digest(parts) == parts.digest
        and parts.suite.takes(checked.key)
        and parts.suite.verify(checked.key, parts.signature, parts.signed_info)
    )
    return _verified(intact, checked, parts.suite, parts.content, trust, at)


def _verify_jws(data: bytes, detached: str, trust: TrustStore, at: datetime) -> Verified:
    header, head, signature = jws.take_apart(detached)
    checked = _checked(head.certificate, trust)
    intact = head.suite.takes(checked.key) and head.suite.verify(
        checked.key, signature, jws.signing_input(header, data)
    )
    return _verified(intact, checked, head.suite, data, trust, at)


def _checked(certificate: bytes, trust: TrustStore) -> Checked:
    try:
        return trust.check(certificate)
    except ValueError as error:
        raise Profile(str(error)) from None


def _verified(
    intact: bool,
    checked: Checked,
    suite: Suite,
    content: etree._Element | bytes,
    trust: TrustStore,
    at: datetime,
) -> Verified:
    if not intact:
        return Verified(Verdict(False, False, None, "BAD_SIGNATURE", checked.identity))
    reason = trust.judge(checked, at)
    verdict = Verdict(True, reason == "OK", None, reason, checked.identity, suite=suite.name)
    return Verified(verdict, content)
