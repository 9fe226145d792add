"""The process beside a service: what it finds is what the service would, until it is gone."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.messages.envelope import envelope_of
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.samples import COMPANY, USCC
from libs.service.examining import Examiner, Skipped
from libs.service.incoming import Accepted, Dead, Incoming
from libs.service.notary import Notary, NotaryLost
from libs.service.outgoing import Paper
from libs.signing import TrustStore, sign_jws, verify
from libs.signing.pki import Authority, Issued, Subject
from tests.integration.service.conftest import fill_box, open_box
from tests.integration.service.toy import KINDS, Toy

# a service forks before it has threads; the process that runs tests may have some
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

OPERATOR = Subject(Role.OPERATOR, USCC, COMPANY, "李晓明", "C1")


class Office:
    """A trusted card, an examiner, and the messages that it judges."""

    def __init__(self, home: Path) -> None:
        self.ca = home / "ca.pem"
        self.card = self.trust(Authority.create())
        service = Toy("toy").service
        self.examiner = Examiner(
            TrustStore.load(self.ca), KINDS, service.topics, service.wanted, 1_000_000
        )

    def trust(self, authority: Authority) -> Issued:
        """Trust this authority only; a card of it."""
        self.ca.write_bytes(authority.issued.certificate_pem())
        return authority.issue(OPERATOR)

    def incoming(self, *, changed: bool = False, ce_type: str = "") -> Incoming:
        message = open_box("BX1") if changed else fill_box("BX1", 5)
        kind = KINDS[f"cn.tongbao.{type(message).__name__}.v1"]
        body = kind.codec.encode(message, JSON)
        envelope = envelope_of(message, ce_type or kind.ce_type, JSON)._replace(
            signature=sign_jws(body, self.card.signer)
        )
        sent = body.replace(b"BX1", b"BX2") if changed else body
        headers = tuple(envelope.to_headers())
        return Incoming("toy.commands", 0, 0, datetime.now(UTC), b"BX1", headers, sent)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def notary(office: Office) -> Iterator[Notary]:
    notary = Notary.fork(office.examiner, office.card.signer, refresh_seconds=0)
    yield notary
    Notary.end([notary])


def test_it_finds_what_the_examiner_finds(office: Office, notary: Notary) -> None:
    batch = [
        office.incoming(),
        office.incoming(changed=True),
        office.incoming(),
        office.incoming(ce_type="cn.tongbao.Unheard.v1"),
    ]
    found = notary.examine_all(batch)
    assert found == office.examiner.examine_all(batch)
    assert [type(one) for one in found] == [Accepted, Dead, Accepted, Dead]
    assert all(one.source is source for one, source in zip(found, batch, strict=True))


def test_kinds_that_a_service_does_not_act_on_are_skipped(tmp_path: Path) -> None:
    office = Office(tmp_path)
    examiner = Examiner(
        office.examiner.trust, KINDS, office.examiner.topics, frozenset(), 1_000_000
    )
    notary = Notary.fork(examiner, office.card.signer, 0)
    source = office.incoming()
    assert notary.examine_all([source]) == [Skipped(source)]
    Notary.end([notary])


def test_it_follows_the_trust_files(office: Office, notary: Notary) -> None:
    source = office.incoming()
    assert isinstance(notary.examine_all([source])[0], Accepted)
    office.trust(Authority.create())
    (found,) = notary.examine_all([source])
    assert isinstance(found, Dead)
    assert found.reason == "NOT_TRUSTED"


def test_what_it_signs_verifies(office: Office, notary: Notary) -> None:
    message, kind = fill_box("BX1", 5), KINDS["cn.tongbao.FillBox.v1"]
    papers = [
        Paper(kind.codec.encode(message, XML), enveloped=True),
        Paper(kind.codec.encode(message, JSON), enveloped=False),
    ]
    whole, beside = notary.sign_all(papers)
    trust, now = office.examiner.trust, datetime.now(UTC)
    assert verify(whole, XML, None, trust, now).verdict.trusted
    assert verify(papers[1].body, JSON, beside.decode(), trust, now).verdict.trusted


def test_when_it_is_gone_it_says_so(office: Office, notary: Notary) -> None:
    os.kill(notary.pid, signal.SIGKILL)
    with pytest.raises(NotaryLost, match=str(notary.pid)):
        notary.examine_all([office.incoming()])
