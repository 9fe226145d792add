"""What pages learn of a card that stays where it is, while its certificate does not stay good."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from card_signer.card import Card, Slot
from card_signer.desk import Desk
from card_signer.door.watch import Watch
from card_signer.troubles import Trouble
from card_signer.trust import Trust
from libs.signing.pki import Authority, Issued
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, Drawer, Someone

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


def card(watch: Watch) -> dict[str, Any]:
    (only,) = watch.now()["cards"]
    return dict(only)


def test_days_are_counted_down_and_warned_of_while_the_card_stays_in(
    desk: Desk, issued: Issued
) -> None:
    watch, ends = Watch(desk), issued.certificate.not_valid_after_utc
    for days, warnings in ((31, []), (30, ["证书还有30天过期，请及时换证"])):
        desk.now = partial(before, ends, days)
        assert (card(watch)["daysLeft"], card(watch)["warnings"]) == (days, warnings)
        assert card(watch)["trouble"] is None
    desk.now = lambda: ends + DAY
    assert (card(watch)["trouble"]["code"], card(watch)["warnings"]) == ("EXPIRED", [])


def test_a_revocation_is_told_while_the_card_stays_in(
    desk: Desk, authority: Authority, issued: Issued, tmp_path: Path
) -> None:
    ca, lists = tmp_path / "ca.pem", tmp_path / "revoked.crl"
    ca.write_bytes(authority.issued.certificate_pem())
    lists.write_bytes(authority.revocations([]))
    desk.trust = Trust(ca, lists)
    watch = Watch(desk)
    assert card(watch)["trouble"] is None
    lists.write_bytes(authority.revocations([issued.certificate]))
    assert card(watch)["trouble"]["message"] == "证书已被吊销"


def test_the_card_is_not_read_again_for_it(chip: Chip) -> None:
    class Counted(Drawer):
        opened = 0

        @contextmanager
        def open(self, slot: Slot) -> Iterator[Card]:
            self.opened += 1
            with super().open(slot) as card:
                yield card

    drawer = Counted({"one": chip})
    watch = Watch(Desk([drawer], Someone()))
    for _ in range(3):
        assert card(watch)["cardNo"] == "C1"
    assert drawer.opened == 1


def test_a_reader_in_trouble_is_told_with_what_it_says(desk: Desk) -> None:
    class Broken(Drawer):
        def slots(self) -> list[Any]:
            raise Trouble("GARBLED", what="0x80100001")

    desk.backends = [Broken({})]
    assert Watch(desk).now()["trouble"]["message"] == "卡返回的数据无法识别：0x80100001"


def before(ends: datetime, days: int) -> datetime:
    return ends - days * DAY - timedelta(hours=1)
