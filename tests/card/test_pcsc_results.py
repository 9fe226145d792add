"""The smart card service when it cannot: told as the service's trouble, not a card's."""

import pytest

from card_signer.troubles import Trouble
from tests.card.conftest import refused

pcsc = pytest.importorskip("card_signer.pcsc", reason="pyscard is not here")
scard = pcsc.scard
CONTEXT = object()


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (scard.SCARD_E_NO_SERVICE, "NO_SERVICE"),
        (scard.SCARD_E_SERVICE_STOPPED, "NO_SERVICE"),
        (scard.SCARD_F_INTERNAL_ERROR, "SERVICE_FAILED"),
        (scard.SCARD_E_NO_ACCESS, "SERVICE_FAILED"),
    ],
)
@pytest.mark.parametrize("call", ["SCardEstablishContext", "SCardListReaders"])
def test_a_service_that_cannot_is_no_card_without_sense(
    call: str, result: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"SCardEstablishContext": (0, CONTEXT), "SCardListReaders": (0, [])}
    for name, answer in (answers | {call: (result, [])}).items():
        monkeypatch.setattr(scard, name, lambda *_, answer=answer: answer)
    monkeypatch.setattr(scard, "SCardReleaseContext", lambda _: 0)
    with refused(code):
        pcsc.PcscBackend().slots()


def test_a_result_without_words_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def established(_scope: int) -> tuple[int, None]:
        return -2146435071, None  # as Windows gives it: signed

    monkeypatch.setattr(scard, "SCardEstablishContext", established)
    monkeypatch.setattr(scard, "SCardGetErrorMessage", lambda _: None)
    with pytest.raises(Trouble) as told:
        pcsc.PcscBackend().slots()
    assert told.value.zh == "智能卡服务出错：(0x80100001)"
