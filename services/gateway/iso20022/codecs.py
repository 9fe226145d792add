"""The codecs of banks' messages: the gateway writes requests and reads answers."""

from collections.abc import Callable
from typing import Generic, TypeVar

from lxml import etree
from pydantic import ValidationError

from libs.messages.base import Message
from libs.messages.codec import Content
from libs.messages.errors import FieldError, Malformed
from libs.messages.parsing import parse_xml
from libs.messages.partners import XML
from services.gateway.iso20022.xml import check

MessageT = TypeVar("MessageT", bound=Message)


class Writes(Generic[MessageT]):
    """A codec of requests: only ever written by us."""

    def __init__(self, model: type[MessageT], write: Callable[[MessageT], bytes]) -> None:
        self._model = model
        self._write = write

    def encode(self, message: Message, content_type: str) -> bytes:
        """The document's bytes. Raises ValueError when the schema says no."""
        if not isinstance(message, self._model) or content_type != XML:
            raise ValueError(f"this writes {self._model.__name__} as {XML}")
        return self._write(message)

    def decode(self, data: Content, content_type: str) -> Message:
        """Refuse: banks do not send requests. Raises Malformed."""
        raise Malformed("WRONG_KIND", "银行只答复，不发出请求")


class Reads:
    """A codec of answers: only ever read by us."""

    def __init__(self, message_type: str, read: Callable[[etree._Element], Message]) -> None:
        self._message_type = message_type
        self._read = read

    def encode(self, message: Message, content_type: str) -> bytes:
        """Refuse: answers are the banks'. Raises ValueError."""
        raise ValueError(f"the gateway does not write {self._message_type}")

    def decode(self, data: Content, content_type: str) -> Message:
        """Parse, check against the schema, read. Raises Malformed, with all that is wrong."""
        if content_type != XML:
            raise Malformed("HEADERS", f"content-type {content_type}：应为 {XML}")
        root = parse_xml(data) if isinstance(data, bytes) else data
        check(self._message_type, root)
        try:
            return self._read(root)
        except ValidationError as error:
            raise Malformed("FIELDS", errors=_errors(error)) from None
        except (ValueError, ArithmeticError) as error:
            raise Malformed("FIELDS", f"{self._message_type}：{error}") from None


def _errors(error: ValidationError) -> list[FieldError]:
    rows = error.errors(include_url=False, include_context=False, include_input=False)
    paths = (".".join(map(str, row["loc"])) for row in rows)
    return [FieldError(path, path, row["msg"]) for path, row in zip(paths, rows, strict=True)]
