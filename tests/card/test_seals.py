"""Seals on PDF: what is shown is what is sealed, by whose seal it is, and changes are noticed."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from card_signer import cli
from card_signer.desk import Desk
from card_signer.seals import apart
from card_signer.seals.sealing import PDF_BYTES_MAX, Spot
from card_signer.seals.shelf import Shelf
from card_signer.seals.verifying import verified
from libs.messages.parties import Role
from libs.signing.pki import Authority, Issued, Subject
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, SITE, Someone, refused
from tests.card.files import CHANGING, LETTER, YEAR, changed, letter, picture, seal_for

SPOT = Spot(0, 120, 40)
NAME = f"{OPERATOR.name}公章"


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    """Seals of all suites: tests/unit/signing."""
    return authority.issue(OPERATOR)


@pytest.fixture(scope="module")
def maker(authority: Authority) -> Issued:
    return authority.issue(Subject(Role.SERVICE, "SEALS", "制章单位"))


@pytest.fixture(scope="module")
def seal(issued: Issued, maker: Issued) -> bytes:
    return seal_for(issued, maker)


def texts(someone: Someone) -> list[str]:
    return [line.text for line in someone.asked[-1].lines]


def test_a_file_is_shown_and_sealed(desk: Desk, someone: Someone, seal: bytes) -> None:
    before = letter()
    after = desk.seal(SITE, before, seal, SPOT)
    assert after.startswith(before)
    assert set(LETTER) <= set(texts(someone))
    assert NAME in texts(someone)
    assert "第1页，距左120毫米，距上40毫米" in texts(someone)
    (question,) = someone.asked
    assert (question.origin, question.title) == (SITE, "电子签章")
    (mark,) = verified(after, desk.shelf)
    assert (mark["name"], mark["company"], mark["person"], mark["whole"]) == (
        NAME,
        OPERATOR.name,
        OPERATOR.holder,
        True,
    )
    widget: Any = PdfReader(BytesIO(after), strict=True).pages[0]["/Annots"]
    widget = widget[0].get_object()
    left, _, _, top = (float(each) for each in widget["/Rect"])
    assert (round(left / 72 * 25.4), round((842 - top) / 72 * 25.4)) == (120, 40)
    (image,) = widget["/AP"]["/N"]["/Resources"]["/XObject"].values()
    assert (image.get_object()["/Width"], "/SMask" in image.get_object()) == (200, True)


def test_what_the_user_can_open_is_what_is_signed(
    desk: Desk, someone: Someone, seal: bytes
) -> None:
    seen: list[bytes] = []

    def look() -> None:
        seen.append(Path(someone.asked[-1].file).read_bytes())

    someone.meanwhile = look
    after = desk.seal(SITE, letter(), seal, SPOT)
    (before,) = seen
    assert len(before) == len(after)
    different = [at for at in range(len(after)) if before[at] != after[at]]
    hole = before.index(b"<" + b"00" * 100)
    end = before.index(b">", hole)
    assert hole < min(different)
    assert max(different) < end
    assert not Path(someone.asked[-1].file).exists()


def test_seals_follow_each_other(desk: Desk, seal: bytes) -> None:
    twice = desk.seal(SITE, desk.seal(SITE, letter(), seal, SPOT), seal, Spot(0, 20, 200))
    assert [mark["whole"] for mark in verified(twice, desk.shelf)] == [False, True]
    thrice = desk.seal(SITE, twice, seal, Spot(0, 20, 240))
    assert [mark["whole"] for mark in verified(thrice, desk.shelf)] == [False, False, True]


@pytest.mark.parametrize("where", [20, 700, -3000, -200, -40])
def test_a_change_anywhere_is_noticed(desk: Desk, seal: bytes, where: int) -> None:
    after = bytearray(desk.seal(SITE, letter(), seal, SPOT))
    after[where] ^= 1
    with pytest.raises(Exception, match=r"^(SEAL_\w+|PDF|NOT_SEALED):"):
        verified(bytes(after), desk.shelf)


def test_what_is_put_behind_a_seal_is_noticed(desk: Desk, seal: bytes) -> None:
    after = desk.seal(SITE, letter(), seal, SPOT)
    with refused("SEAL_CONTENT"):
        verified(after + b"\n% more", desk.shelf)
    covered = changed(lambda writer: writer.add_blank_page(), after)
    with pytest.raises(Exception, match=r"^SEAL_\w+:"):
        verified(covered, desk.shelf)


def test_a_file_without_a_seal_is_told(desk: Desk) -> None:
    with refused("NOT_SEALED"):
        verified(letter(), desk.shelf)


@pytest.mark.parametrize("kind", sorted(CHANGING))
def test_a_file_that_can_say_something_else_later_is_refused(
    desk: Desk, someone: Someone, seal: bytes, kind: str
) -> None:
    with refused("PDF") as told:
        desk.seal(SITE, CHANGING[kind](), seal, SPOT)
    assert "含有" in told.value.zh or "加密" in told.value.zh
    assert not someone.asked


@pytest.mark.parametrize(
    "pdf", [b"", b"%PDF-1.7", b"no file at all", letter()[:900], b"\x00" * 5000]
)
def test_what_is_no_pdf_is_told(desk: Desk, someone: Someone, seal: bytes, pdf: bytes) -> None:
    with refused("PDF"):
        desk.seal(SITE, pdf, seal, SPOT)
    with pytest.raises(Exception, match=r"^(PDF|NOT_SEALED):"):
        verified(pdf, desk.shelf)
    assert not someone.asked


def test_a_file_that_nobody_reads_to_its_end_is_refused(desk: Desk, seal: bytes) -> None:
    line = ("授权" * 20,) * 24
    with refused("PDF") as told:
        desk.seal(SITE, letter(*[line] * 22), seal, SPOT)
    assert "文字超过" in told.value.zh
    with refused("PDF") as told:
        desk.seal(SITE, letter(*[("一",)] * 51), seal, SPOT)
    assert "超过50页" in told.value.zh
    with refused("TOO_LARGE"):
        desk.seal(SITE, bytes(PDF_BYTES_MAX + 1), seal, SPOT)


def test_a_page_without_text_says_so(desk: Desk, someone: Someone, seal: bytes) -> None:
    desk.seal(SITE, letter((), LETTER), seal, SPOT)
    assert "（本页没有文字，请打开文件查看）" in texts(someone)


@pytest.mark.parametrize(
    "spot", [Spot(1, 10, 10), Spot(0, 200, 10), Spot(0, 10, 290), Spot(0, 10_000, 0)]
)
def test_a_seal_beside_the_page_is_refused(desk: Desk, seal: bytes, spot: Spot) -> None:
    with refused("PDF"):
        desk.seal(SITE, letter(), seal, spot)


def test_a_picture_that_is_none_is_refused(desk: Desk, issued: Issued, maker: Issued) -> None:
    for look in (b"", b"no picture", picture()[:60]):
        with refused("PDF"):
            desk.seal(SITE, letter(), seal_for(issued, maker, look=look), SPOT)


def test_only_ones_own_seal_and_only_in_its_time(
    desk: Desk, someone: Someone, authority: Authority, issued: Issued, maker: Issued
) -> None:
    other = authority.issue(replace(OPERATOR, card="C2"))
    with refused("SEAL_HOLDER"):
        desk.seal(SITE, letter(), seal_for(other, maker), SPOT)
    now = datetime.now(UTC)
    for since in (now - 2 * YEAR, now + timedelta(days=1)):
        with refused("SEAL_TIME"):
            desk.seal(SITE, letter(), seal_for(issued, maker, since=since), SPOT)
    assert not someone.asked


def test_a_seal_that_is_damaged_is_told(desk: Desk, someone: Someone, seal: bytes) -> None:
    with refused("SEAL_FORMAT"):
        desk.seal(SITE, letter(), seal[:-1], SPOT)
    with refused("SEAL_SIGNATURE"):
        desk.seal(SITE, letter(), seal.replace("公章".encode(), "私章".encode()), SPOT)
    assert not someone.asked


def test_nothing_is_sealed_without_the_users_word(
    desk: Desk, someone: Someone, chip: Chip, seal: bytes
) -> None:
    someone.pin = ""
    with refused("CANCELLED"):
        desk.seal(SITE, letter(), seal, SPOT)
    assert chip.tries == 3


def test_the_cards_own_seal_is_found_in_the_folder(
    desk: Desk, tmp_path: Path, seal: bytes, authority: Authority, maker: Issued
) -> None:
    with refused("NO_SEAL"):
        desk.seal(SITE, letter(), b"", SPOT)
    desk.shelf = Shelf(tmp_path)
    (tmp_path / "a.esl").write_bytes(seal_for(authority.issue(OPERATOR), maker))
    with refused("NO_SEAL"):
        desk.seal_here()
    (tmp_path / "b.esl").write_bytes(seal)
    assert desk.seal_here().data == seal
    assert verified(desk.seal(SITE, letter(), b"", SPOT), desk.shelf)
    (tmp_path / "0.esl").write_bytes(b"no seal")
    with refused("SEAL_FILES") as told:
        desk.seal_here()
    assert "0.esl" in told.value.zh


def test_only_makers_of_the_settings_count(
    desk: Desk, someone: Someone, tmp_path: Path, seal: bytes, issued: Issued, maker: Issued
) -> None:
    after = desk.seal(SITE, letter(), seal, SPOT)
    someone.asked.clear()
    desk.shelf = Shelf(makers=tmp_path)
    (tmp_path / "other.pem").write_bytes(issued.certificate_pem())
    for attempt in (
        lambda: desk.seal(SITE, letter(), seal, SPOT),
        lambda: verified(after, desk.shelf),
    ):
        with refused("SEAL_MAKER"):
            attempt()
    assert not someone.asked
    (tmp_path / "maker.pem").write_bytes(maker.certificate_pem())
    assert verified(desk.seal(SITE, letter(), seal, SPOT), desk.shelf)
    (tmp_path / "0.pem").write_bytes(b"nothing")
    with refused("SEAL_FILES"):
        verified(after, desk.shelf)
    desk.shelf = Shelf(makers=tmp_path / "not there")
    with refused("SEAL_FILES"):
        verified(after, desk.shelf)


def test_a_reader_that_hangs_or_dies_is_told(
    desk: Desk, seal: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "SECONDS_MAX", 1)
    for program in ("import time; time.sleep(60)", "import os; os.abort()", "print('no answer')"):
        monkeypatch.setattr(apart, "_COMMAND", (sys.executable, "-c", program))
        with refused("PDF"):
            desk.seal(SITE, letter(), seal, SPOT)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows sets no limits on a process")
def test_the_reader_has_limits() -> None:
    program = (
        "import card_signer.seals.__main__ as m, resource as r; m._limit();"
        "print(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CPU)[0])"
    )
    known = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    told = subprocess.run(
        [sys.executable, "-c", program], env=known, capture_output=True, check=True
    )
    assert told.stdout.split() == [
        str(apart.MEMORY_BYTES_MAX).encode(),
        str(apart.SECONDS_MAX).encode(),
    ]


def test_a_developer_makes_a_seal(
    desk: Desk, tmp_path: Path, issued: Issued, maker: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    maker.save(Path("maker.key"), Path("maker.pem"))
    Path("card.pem").write_bytes(issued.certificate_pem())
    Path("ring.png").write_bytes(picture())
    command = ["software-seal", "maker.key", "maker.pem", "card.pem", "ring.png", "company.esl"]
    done = CliRunner().invoke(cli.app, command)
    assert (done.exit_code, done.output) == (0, "")
    desk.shelf = Shelf(tmp_path / "company.esl", tmp_path / "maker.pem")
    (mark,) = verified(desk.seal(SITE, letter(), b"", SPOT), desk.shelf)
    assert mark["name"] == "测试用章"
    for at, wrong in ((1, "none.key"), (2, "card.pem"), (3, "none.pem"), (4, "maker.pem")):
        done = CliRunner().invoke(cli.app, [*command[:at], wrong, *command[at + 1 :]])
        with refused("SEAL_FILES"):
            raise done.exception or AssertionError
