"""What a library's results (SAR_…, GM/T 0016 annex A) mean to a user."""

from card_signer.troubles import Trouble

OK = 0
PIN_INCORRECT = 0x0A000024
_TROUBLES = {
    0x0A00001B: ("NOT_OUR_CARD", "SM2: 0A00001B"),  # key not found
    0x0A00001C: ("NOT_OUR_CARD", "SM2: 0A00001C"),  # certificate not found
    0x0A000023: ("REMOVED", ""),
    0x0A000025: ("PIN_LOCKED", ""),
    0x0A000026: ("PIN_FORM", "0A000026"),  # PIN invalid
    0x0A000027: ("PIN_FORM", "0A000027"),  # its length
    0x0A000029: ("NOT_OUR_CARD", "PIN: 0A000029"),  # never set
}


def is_known(result: int) -> bool:
    """Whether a result says what is wrong; else it may be that the token is gone."""
    return result in _TROUBLES or result in {OK, PIN_INCORRECT}


def trouble_of(name: str, result: int) -> Trouble:
    """The Trouble that a result of SKF_`name` stands for."""
    code, what = _TROUBLES.get(result, ("GARBLED", f"SKF_{name}: {result:08X}"))
    return Trouble(code, what=what)
