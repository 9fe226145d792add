"""Steered counterparties: silent, slow, doubled, nonsense; and requests that come again."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from libs.messages.base import Message
from libs.messages.envelope import Envelope
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.partners import XML
from libs.messages.samples import USCC, a_booking
from sandbox.desk import NONSENSE, Mail
from tests.unit.sandbox.counter import NOW, Counter, Keys, meta

BOOKING = "YY20261123K7Q2M9XD4P"


def booking(insurer: Counter, sender: str = USCC) -> SubmitBooking:
    return SubmitBooking(meta=meta(BOOKING, sender), form=a_booking(insurer.code))


def test_a_repeated_request_gets_the_same_bytes(insurer: Counter) -> None:
    mail = insurer.mail(booking(insurer))
    first, again = insurer.post(mail), insurer.post(mail, NOW + timedelta(minutes=5))
    assert [(x.key, x.body, x.headers) for x in first] == [
        (x.key, x.body, x.headers) for x in again
    ]


def test_the_same_request_twice_in_one_batch_is_decided_once(insurer: Counter) -> None:
    mail = insurer.mail(booking(insurer))
    letters = insurer.desk.work([mail, mail], NOW)
    assert [x.body for x in letters[:3]] == [x.body for x in letters[3:]]


def test_replies_outlive_the_process(keys: Keys, tmp_path: Path) -> None:
    before = Counter("PICC", keys, tmp_path / "store")
    mail = before.mail(booking(before))
    sent = before.post(mail)
    before.store.sent(sent[:1])
    before.store.close()
    after = Counter("PICC", keys, tmp_path / "store")
    assert [x.body for x in after.store.open_letters()] == [x.body for x in sent[1:]]
    assert [x.body for x in after.post(mail)] == [x.body for x in sent]
    after.store.close()


def test_silence_is_made_up_for_when_asked_again(insurer: Counter) -> None:
    mail = insurer.mail(booking(insurer))
    insurer.steer(silent=True)
    assert insurer.post(mail) == []
    assert insurer.store.open_letters() == []  # a restart does not send them either
    insurer.steer()
    assert len(insurer.post(mail)) == 3


def test_a_delay_moves_every_reply(insurer: Counter) -> None:
    insurer.steer(delay_ms=1500)
    letters = insurer.post(insurer.mail(booking(insurer)))
    assert {x.due - NOW for x in letters} == {timedelta(seconds=1.5)}


def test_twice_is_the_same_said_under_a_new_message_id(insurer: Counter) -> None:
    def said(message: Message) -> dict[str, object]:
        return message.model_dump(exclude={"meta"})

    insurer.steer(twice=True)
    answers = insurer.ask(booking(insurer))
    assert len({a.meta.message_id for a in answers}) == len(answers) == 6
    for one, two in zip(answers[::2], answers[1::2], strict=True):
        assert said(one) == said(two)


def test_garbage_is_nonsense_and_unsigned_but_the_truth_is_kept(insurer: Counter) -> None:
    mail = insurer.mail(booking(insurer))
    insurer.steer(garbage=True)
    letters = insurer.post(mail)
    assert [(x.body, x.headers) for x in letters] == [(NONSENSE, [])] * 3
    insurer.steer()
    assert len([insurer.read(x) for x in insurer.post(mail)]) == 3


def test_mail_that_cannot_be_trusted_is_not_answered(insurer: Counter) -> None:
    good = insurer.mail(booking(insurer))
    wrong = [
        Mail([], b""),
        Mail(good.headers, b"nonsense"),
        insurer.mail(booking(insurer), change=another_holder),
        insurer.mail(booking(insurer), insurer.keys.legal),  # the wrong card
        insurer.mail(booking(insurer, "gateway"), insurer.keys.gateway),
        Mail(renamed(good, uuid4().hex), good.body),
    ]
    assert another_holder("李晓明".encode()) == "李大明".encode()
    assert insurer.desk.work(wrong, NOW) == []
    assert len(insurer.desk.work([*wrong, good], NOW)) == 3


def test_a_message_id_used_for_other_content_is_not_answered(insurer: Counter) -> None:
    first = booking(insurer)
    assert len(insurer.ask(first)) == 3
    other = first.model_copy(update={"form": first.form.model_copy(update={"remark": "变更"})})
    assert insurer.ask(other) == []


def test_answers_point_back_at_the_request(insurer: Counter) -> None:
    mail = insurer.mail(booking(insurer))
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = [*mail.headers, ("ce_correlationid", b"c-1"), ("traceparent", trace)]
    for letter in insurer.post(Mail(headers, mail.body)):
        envelope = Envelope.from_headers(letter.headers)
        asked = Envelope.from_headers(mail.headers)
        assert envelope.causation_id == str(asked.id)
        assert (envelope.correlation_id, envelope.traceparent) == ("c-1", trace.decode())


def another_holder(body: bytes) -> bytes:
    return body.replace(b"\xe6\x99\x93", b"\xe5\xa4\xa7")  # 晓, 大


@pytest.fixture
def cpic(keys: Keys) -> Counter:
    return Counter("CPIC", keys)


def test_who_wants_requests_encrypted_takes_no_others(cpic: Counter) -> None:
    message = booking(cpic)
    mail = cpic.mail(message)
    open_body = cpic.keys.openers["CPIC"].open(mail.body).body
    headers = [(name, XML.encode() if name == "content-type" else v) for name, v in mail.headers]
    assert cpic.post(Mail(headers, open_body)) == []
    assert len(cpic.post(mail)) == 3


def test_a_request_encrypted_anew_is_the_same_request(cpic: Counter) -> None:
    message, kept = booking(cpic), cpic.keys.openers["CPIC"]
    first = cpic.mail(message)
    signed = kept.open(first.body)
    again = Mail(first.headers, cpic.keys.recipients["CPIC"].encrypt(signed))
    assert again.body != first.body
    answers = [letter.body for letter in cpic.post(first)]
    assert [letter.body for letter in cpic.post(again)] == answers


def renamed(mail: Mail, message_id: str) -> list[tuple[str, bytes]]:
    return [(name, message_id.encode() if name == "ce_id" else v) for name, v in mail.headers]
