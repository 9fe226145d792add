"""This computer's clock beside a site's: certificates and signatures are judged by their time."""

import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from card_signer.finding import Finding
from card_signer.troubles import Trouble

LINK = "电脑时间"
OFF_MAX = timedelta(minutes=5)
_SECONDS = 3.0
_CONNECTIONS = {"https": HTTPSConnection, "http": HTTPConnection}
_MINUTE = timedelta(minutes=1)
_TIMES = {9, 10}  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


def clock(origin: str, now: Callable[[], datetime]) -> Finding:
    """A site that cannot be asked is told; it says nothing about the clock."""
    try:
        off = abs(_within(_SECONDS, lambda: _theirs(origin)) - now())
    except ssl.SSLCertVerificationError as error:
        hint = "；请先看电脑时间是否正确" if error.verify_code in _TIMES else ""
        return Finding(LINK, f"无法核对：{origin} {error.verify_message}{hint}", is_checked=False)
    except (OSError, HTTPException, ValueError) as error:
        return Finding(LINK, f"无法核对：{origin} {error}", is_checked=False)
    if off > OFF_MAX:
        return Finding(LINK, "", Trouble("CLOCK", minutes=off // _MINUTE))
    return Finding(LINK, f"与{origin}相差不到{OFF_MAX // _MINUTE}分钟")


def _theirs(origin: str) -> datetime:
    """The Date of a site's answer. Raises OSError, HTTPException, ValueError."""
    site = urlsplit(origin)
    connection = _CONNECTIONS[site.scheme](site.netloc, timeout=_SECONDS)
    try:
        connection.request("HEAD", "/")
        told = connection.getresponse().getheader("Date")
    finally:
        connection.close()
    if told is None:
        raise ValueError("Date?")
    at = parsedate_to_datetime(told)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _within(seconds: float, ask: Callable[[], datetime]) -> datetime:
    """Its answer. Raises TimeoutError; looking up a name has no time limit of its own."""
    answers = SimpleQueue[datetime | Exception]()

    def work() -> None:
        try:
            answers.put(ask())
        except (OSError, HTTPException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"{seconds:.0f} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
