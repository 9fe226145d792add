"""The official control's protocol: every call that its pages make, in its frames and blocks."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection

from card_signer.consent import Question
from card_signer.door.blocks import BLOCKS_MAX, MARK, WHOLE_CHARACTERS_MAX, Blocks, crc, units
from card_signer.door.official_calls import CALLS
from card_signer.pin import Pin
from card_signer.seals.shelf import Shelf
from libs.messages.parties import Role
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.suites import suite_of
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, PIN, refused
from tests.card.files import letter, picture, seal_for
from tests.card.room import OFFICIAL, Room, official

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
TEXT = "合同号 HT-2026-001，金额 55.00 元"


@pytest.fixture
async def room(chip: Chip, tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(chip, tmp_path).open() as room:
        yield room


@pytest.fixture
async def page(room: Room) -> AsyncIterator[ClientConnection]:
    async with room.page(OFFICIAL) as page:
        assert json.loads(await page.recv()) == {"_method": "open"}
        yield page


async def data(page: ClientConnection, method: str, **args: object) -> list[Any]:
    told = await official(page, method, **args)
    assert told["_args"]["Result"] is True, told
    assert told["_args"]["Error"] == []
    found: list[Any] = told["_args"]["Data"]
    return found


async def error(page: ClientConnection, method: str, **args: object) -> list[str]:
    told = await official(page, method, **args)
    assert (told["_args"]["Result"], told["_args"]["Data"]) == (False, []), told
    found: list[str] = told["_args"]["Error"]
    return found


async def test_a_page_for_the_official_control_logs_in_and_signs(
    room: Room, page: ClientConnection, issued: Issued
) -> None:
    told = await official(page, "cus-sec_SpcSignRandom", random="4711", passwd="999999")
    assert (told["_id"], told["_method"], told["_status"]) == (3, "cus-sec_SpcSignRandom", "00")
    assert told["_args"]["Result"] is True
    signature, number = told["_args"]["Data"]
    suite = suite_of(issued.key)
    assert suite.verify(issued.certificate.public_key(), base64.b64decode(signature), b"4711")
    fields = (await data(page, "security_getGetCardUserInfoAll"))[0].split("||")
    assert (fields[0], fields[5]) == (number, "C1")
    room.drawer.chips["one"] = None
    assert await error(page, "cus-sec_SpcGetCardID") == [
        "请检查是否正常接入IC卡。请插入IC卡",
        "Err:Custom51590",
    ]
    assert (await error(page, "cus-sec_Format"))[1] == "Err:Base50000"
    (question,) = room.someone.asked
    assert [line.text for line in question.lines] == ["4711"]


@pytest.mark.parametrize("method", sorted(CALLS))
async def test_every_call_is_answered_in_the_controls_frame(
    page: ClientConnection, method: str
) -> None:
    told = await official(page, method)
    assert set(told) == {"_id", "_method", "_status", "_args"}
    assert (told["_id"], told["_method"], told["_status"]) == (3, method, "00")
    args = told["_args"]
    assert set(args) == {"Result", "Data", "Error"}
    if args["Result"]:
        assert args["Error"] == []
    else:
        sentence, number = args["Error"]
        assert "内部错误" not in sentence
        assert number.startswith("Err:")


async def test_the_holder_is_told_as_the_control_tells_it(
    page: ClientConnection, issued: Issued
) -> None:
    told = {
        name: (await data(page, f"cus-sec_SpcGet{name}"))[0]
        for name in ("CardID", "UName", "EntID", "EntName", "EntMode", "CardAttachInfo")
    }
    assert (told["CardID"], told["UName"]) == ("C1", OPERATOR.holder)
    assert (told["EntID"], told["EntName"]) == (OPERATOR.party, OPERATOR.name)
    assert (told["EntMode"], told["CardAttachInfo"]) == ("", "")
    der = issued.certificate.public_bytes(Encoding.DER)
    assert await data(page, "cus-sec_SpcGetSignCertAsPEM") == [base64.b64encode(der).decode()]
    (times,) = await data(page, "cus-sec_SpcGetValidTimeFromCert")
    end = issued.certificate.not_valid_after_utc.astimezone()
    assert times["szEndTime"] == end.strftime("%Y%m%d%H%M%S")


async def test_the_validity_of_a_certificate_that_the_page_gives_needs_no_card(
    room: Room, page: ClientConnection, authority: Authority
) -> None:
    other = authority.issue(OPERATOR, days=10)
    room.drawer.chips["one"] = None
    (times,) = await data(
        page, "cus-sec_SpcGetValidTimeFromCert", cert=other.certificate_pem().decode()
    )
    end = other.certificate.not_valid_after_utc.astimezone()
    assert times["szEndTime"] == end.strftime("%Y%m%d%H%M%S")


async def test_the_pin_is_typed_here_and_never_taken_from_the_page(
    room: Room, page: ClientConnection, chip: Chip
) -> None:
    """The page's PIN is wrong and costs no try; the user's is right and is the one that counts."""
    for method in ("cus-sec_SpcVerifyPIN", "cus-sec_SpcVerifyPINAll", "security_SpcVerifyPIN"):
        assert await data(page, method, passwd="999999") == []
    assert chip.tries == 3
    assert [each.title for each in room.someone.asked] == ["验证密码"] * 3
    room.someone.pin = "999999"
    sentence, number = await error(page, "cus-sec_SpcVerifyPIN", passwd=PIN)
    assert "还可以尝试2次" in sentence
    assert number == "Err:Base50000"


async def test_a_page_never_uses_the_last_try(
    room: Room, page: ClientConnection, chip: Chip
) -> None:
    chip.tries = 1
    for method in ("SpcVerifyPIN", "SpcVerifyPINAll", "SpcChangePIN", "SpcSignRandom"):
        sentence, _ = await error(page, f"cus-sec_{method}", random="4711", passwd="999999")
        assert "最后一次" in sentence
    assert chip.tries == 1


@dataclass
class Typist:
    """Types one PIN after the other."""

    pins: list[str]
    asked: list[str] = field(default_factory=list)

    def ask(self, question: Question, seconds: float) -> Pin:
        self.asked.append(question.pin)
        return Pin.typed(self.pins.pop(0))


async def test_the_pin_is_changed_to_what_the_user_types_and_not_to_what_the_page_says(
    room: Room, page: ClientConnection, chip: Chip
) -> None:
    typist = Typist([PIN, "135790", "135790"])
    room.desk.consent = typist
    assert await data(page, "cus-sec_SpcChangePIN", oldPin=PIN, newPin="999999") == []
    assert chip.pin == "135790"
    assert typist.asked == ["原密码", "新密码", "新密码（再次）"]
    typist.pins = ["135790", "111111", "222222"]
    sentence, _ = await error(page, "cus-sec_SpcChangePIN", oldPin=PIN, newPin="999999")
    assert "两次输入不一致" in sentence
    assert (chip.pin, chip.tries) == ("135790", 3)


async def test_a_digest_is_not_signed_for_nobody_can_read_it(
    room: Room, page: ClientConnection
) -> None:
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    for library in ("cus-sec", "security"):
        sentence, _ = await error(page, f"{library}_SpcSignDataNoHashAsPEM", inData=digest)
        assert "看不到签署的内容" in sentence
    assert not room.someone.asked


async def test_a_signature_is_verified_without_a_card(
    room: Room, page: ClientConnection, issued: Issued, authority: Authority
) -> None:
    signature, _ = await data(page, "cus-sec_SpcSignDataAsPEM", inData=TEXT)
    (certificate,) = await data(page, "cus-sec_SpcGetSignCertAsPEM")
    verifying = "cus-sec_SpcVerifySignData"
    assert await data(page, verifying, inData=TEXT, signData=signature) == ["成功!"]
    room.drawer.chips["one"] = None
    given = {"inData": TEXT, "signData": signature, "certDataPEM": certificate}
    assert await data(page, verifying, **given) == ["成功!"]
    pem = issued.certificate_pem().decode()
    assert await data(page, verifying, **{**given, "certDataPEM": pem}) == ["成功!"]
    other = authority.issue(OPERATOR).certificate_pem().decode()
    for wrong in (
        {"inData": TEXT.replace("55", "56")},
        {"signData": base64.b64encode(bytes(64)).decode()},
        {"signData": ""},
        {"certDataPEM": other},
    ):
        sentence, _ = await error(page, verifying, **{**given, **wrong})
        assert "签名与原文或证书不符" in sentence
    for broken in ({"signData": "?"}, {"certDataPEM": "AAAA"}, {"certDataPEM": "%"}, {"inData": 1}):
        assert (await error(page, verifying, **{**given, **broken}))[1] == "Err:Base50000"
    assert (await error(page, verifying, **{**given, "certDataPEM": ""}))[1] == "Err:Custom51590"


async def test_a_digest_is_that_of_the_cards_suite(page: ClientConnection) -> None:
    told = await data(page, "cus-sec_SpcSHA1DigestAsPEM", szInfo=TEXT, passwd="999999")
    assert told == [hashlib.sha256(TEXT.encode()).hexdigest()]


async def test_what_these_cards_do_not_have_says_so(room: Room, page: ClientConnection) -> None:
    for method in ("ExtractSeal", "ExtractAutograph"):
        assert "没有属于此卡的电子印章" in (await error(page, f"pdf-es_{method}"))[0]
    assert "没有加密证书" in (await error(page, "cus-sec_SpcGetEnvCertAsPEM"))[0]
    await page.send('{"_method":"swc_postdata","_id":9,"args":"{\\"a\\":1}"}')  # a text, as it does
    told = json.loads(await page.recv())
    assert told["_id"] == 9
    assert "尚不支持swc_postdata" in told["_args"]["Error"][0]
    assert not room.someone.asked


async def test_the_older_login_signs_the_text_that_it_gives_and_nothing_else(
    room: Room, page: ClientConnection
) -> None:
    assert len(await data(page, "swc_security_login", passwd="999999", random="4711")) == 2
    assert [line.text for line in room.someone.asked[0].lines] == ["4711"]
    assert "random" in (await error(page, "swc_security_login", passwd="999999"))[0]
    assert len(room.someone.asked) == 1


def blocks(text: str, size: int, guid: str = GUID) -> list[str]:
    """As a page's script cuts a frame."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [header(text, pieces, number, guid) + piece for number, piece in enumerate(pieces)]


def header(text: str, pieces: list[str], number: int, guid: str = GUID) -> str:
    piece = pieces[number]
    return (
        f"{MARK}{crc(text)}{crc(piece)}{units(text):016}{units(piece):08}{len(pieces):04}"
        f"{guid}{number:04}"
    ).ljust(128, "0")


def call(method: str, **args: object) -> str:
    asked = {"_method": method, "_id": 1, "args": args}
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":"))


async def steps(page: ClientConnection) -> tuple[bool, dict[str, Any]]:
    told = json.loads(await page.recv())
    assert (told["_method"], told["_args"]["Data"][0]["guid"]) == ("_nextBlock", GUID)
    return told["_args"]["Result"], told["_args"]["Data"][0]


async def test_a_large_frame_comes_in_blocks(page: ClientConnection) -> None:
    sent = blocks(call("cus-sec_SpcSignDataAsPEM", inData="数" * 3000), 1000)
    for number, block in enumerate(sent, 1):
        await page.send(block)
        sound, step = await steps(page)
        assert sound
        assert (step["next"], step["finish"]) == (number, number == len(sent))
    assert json.loads(await page.recv())["_args"]["Result"] is True


async def test_one_block_is_a_frame_too(page: ClientConnection) -> None:
    """The script sends small ones of some calls so."""
    (block,) = blocks(call("pdf-es_VerifySeal", fileData="JVBERi0="), 5000)
    await page.send(block)
    assert (await steps(page))[1]["finish"]
    assert json.loads(await page.recv())["_method"] == "pdf-es_VerifySeal"


async def test_a_damaged_block_is_asked_for_again_and_not_for_ever(
    room: Room, page: ClientConnection
) -> None:
    sent = blocks(call("cus-sec_SpcSignDataAsPEM", inData="x" * 150), 100)
    damaged = sent[1].replace("x", "y")
    await page.send(sent[0])
    assert await steps(page) == (True, {"guid": GUID, "next": 1, "finish": False})
    for _ in range(3 * len(sent)):
        await page.send(damaged)
        assert await steps(page) == (False, {"guid": GUID, "next": 1, "finish": False})
    await page.send(damaged)
    assert await steps(page) == (False, {"guid": GUID, "next": 0, "finish": True})
    told = json.loads(await page.recv())
    assert (told["_id"], told["_method"]) == (1, "cus-sec_SpcSignDataAsPEM")  # its page hears of it
    assert told["_args"]["Error"][1] == "Err:Base50000"
    for block in sent:  # another try is a new one
        await page.send(block)
        assert (await steps(page))[0]
    assert json.loads(await page.recv())["_args"]["Result"] is True
    assert len(room.someone.asked) == 1


async def test_more_than_is_taken_is_refused_at_the_first_block(page: ClientConnection) -> None:
    pieces = [call("pdf-es_Sign", orignFile="x" * 100)]
    size = units(pieces[0])
    too_long = header(pieces[0], pieces, 0).replace(
        f"{size:016}", f"{WHOLE_CHARACTERS_MAX + 1:016}"
    )
    too_many = header(pieces[0], pieces, 0)
    too_many = f"{too_many[:40]}{BLOCKS_MAX + 1:04}{too_many[44:]}"
    for head in (too_long, too_many):
        await page.send(head + pieces[0])
        assert await steps(page) == (False, {"guid": GUID, "next": 0, "finish": True})
        told = json.loads(await page.recv())
        assert told["_method"] == "pdf-es_Sign"
        assert str(WHOLE_CHARACTERS_MAX) in told["_args"]["Error"][0]


@pytest.mark.parametrize("frame", [MARK, MARK + "0" * 20, MARK + "x" * 200])
async def test_a_block_without_a_header_is_refused(page: ClientConnection, frame: str) -> None:
    await page.send(frame)
    assert json.loads(await page.recv())["_args"]["Error"][1] == "Err:Base50000"


def test_the_checksum_is_the_controls() -> None:
    assert crc("123456789") == "374B"


@given(st.text(min_size=1, max_size=400), st.integers(7, 100))
def test_blocks_put_together_are_the_text(text: str, size: int) -> None:
    taking = Blocks()
    *first, last = blocks(text, size)
    assert [taking.take(each).whole for each in first] == [None] * len(first)
    assert taking.take(last).whole == text


def test_pieces_of_different_wholes_do_not_mix() -> None:
    taking = Blocks()
    one, _ = blocks("abcdef", 3)
    _, two = blocks("uvwxyz", 3)
    assert taking.take(one).sound
    assert not taking.take(two).sound


def test_pieces_never_hold_more_than_they_announced() -> None:
    taking = Blocks()
    pieces = ["abc", "def", "ghi"]
    text = "abcdef"  # as if it were two
    assert taking.take(header(text, pieces, 0) + "abc").sound
    assert taking.take(header(text, pieces, 1) + "def").sound
    assert not taking.take(header(text, pieces, 2) + "ghi").sound


def test_a_header_that_is_none_is_refused() -> None:
    with refused("BAD_REQUEST"):
        Blocks().take(MARK + "x" * 200)


async def test_a_page_for_the_official_control_has_a_file_sealed(
    room: Room, page: ClientConnection, issued: Issued, authority: Authority, tmp_path: Path
) -> None:
    maker = authority.issue(Subject(Role.SERVICE, "SEALS", "制章单位"))
    (tmp_path / "company.esl").write_bytes(seal_for(issued, maker))
    room.desk.shelf = Shelf(tmp_path)
    seal, shown = await data(page, "pdf-es_ExtractSeal")
    assert base64.b64decode(shown) == picture()
    certificate = base64.b64encode(issued.signer.certificate).decode()
    before = {
        "sessionId": "s",
        "orignFile": base64.b64encode(letter()).decode(),
        "seSeal": seal,
        "cert": certificate,
        "left": 120,
        "top": "40",
    }
    (once,) = await data(page, "pdf-es_Sign", **before)
    second = before | {"orignFile": once, "top": 140, "passwd": "999999"}
    (twice,) = await data(page, "pdf-es_SpcSign", **second)
    assert room.chip.tries == 3
    assert [each.title for each in room.someone.asked] == ["电子签章"] * 2
    marks = await data(page, "pdf-es_VerifySeal", sessionId="s", fileData=twice)
    assert [mark["person"] for mark in marks] == [OPERATOR.holder] * 2
    damaged = base64.b64encode(base64.b64decode(twice) + b" ").decode()
    told = await error(page, "pdf-es_VerifySeal", fileData=damaged)
    assert "文件在签章后被改动" in told[0]
    other = base64.b64encode(authority.issue(OPERATOR).signer.certificate).decode()
    told = await error(page, "pdf-es_Sign", **before | {"cert": other})
    assert "IC卡与当前登录人员不符" in told[0]
    for wrong in ({"left": "x"}, {"top": -1}, {"pageIndex": 0.5}, {"left": "nan"}, {"seSeal": "§"}):
        assert "请求格式不正确" in (await error(page, "pdf-es_Sign", **before | wrong))[0]
