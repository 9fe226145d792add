"""The process beside a service: what it finds is what the service would, until it is gone."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.messages.envelope import envelope_of
from libs.messages.parties import Role
from libs.messages.partners import JSON
from libs.messages.samples import COMPANY, USCC
from libs.service.examining import Examiner, Skipped
from libs.service.incoming import Accepted, Dead, Incoming
from libs.service.verifier import Verifier, VerifierLost
from libs.signing import TrustStore, sign_jws
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
def verifier(office: Office) -> Iterator[Verifier]:
    verifier = Verifier.fork(office.examiner, refresh_seconds=0)
    yield verifier
    Verifier.end([verifier])


def test_it_finds_what_the_examiner_finds(office: Office, verifier: Verifier) -> None:
    batch = [
        office.incoming(),
        office.incoming(changed=True),
        office.incoming(),
        office.incoming(ce_type="cn.tongbao.Unheard.v1"),
    ]
    found = verifier.examine_all(batch)
    assert found == office.examiner.examine_all(batch)
    assert [type(one) for one in found] == [Accepted, Dead, Accepted, Dead]
    assert all(one.source is source for one, source in zip(found, batch, strict=True))


def test_kinds_that_a_service_does_not_act_on_are_skipped(tmp_path: Path) -> None:
    office = Office(tmp_path)
    examiner = Examiner(
        office.examiner.trust, KINDS, office.examiner.topics, frozenset(), 1_000_000
    )
    verifier = Verifier.fork(examiner, 0)
    source = office.incoming()
    assert verifier.examine_all([source]) == [Skipped(source)]
    Verifier.end([verifier])


def test_it_follows_the_trust_files(office: Office, verifier: Verifier) -> None:
    source = office.incoming()
    assert isinstance(verifier.examine_all([source])[0], Accepted)
    office.trust(Authority.create())
    (found,) = verifier.examine_all([source])
    assert isinstance(found, Dead)
    assert found.reason == "NOT_TRUSTED"


def test_when_it_is_gone_it_says_so(office: Office, verifier: Verifier) -> None:
    os.kill(verifier.pid, signal.SIGKILL)
    with pytest.raises(VerifierLost, match=str(verifier.pid)):
        verifier.examine_all([office.incoming()])
