"""Troubles as pages are told of them."""

from card_signer.troubles import Trouble


def as_error(trouble: Trouble) -> dict[str, str]:
    """A trouble as pages are told of it."""
    return {
        "code": trouble.code,
        "message": trouble.zh,
        "todo": trouble.todo_zh,
        "messageEn": trouble.en,
        "todoEn": trouble.todo_en,
    }
