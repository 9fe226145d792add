"""`diagnose`: link by link, which one is broken and what to do."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from card_signer.card import Card
from card_signer.desk import Desk
from card_signer.door.server import HOST
from card_signer.holder import Holder
from card_signer.settings import Settings
from card_signer.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Finding:
    """One link: fine when there is no trouble."""

    link: str
    told: str
    trouble: Trouble | None = None


def diagnose(desk: Desk, settings: Settings) -> Iterator[Finding]:
    """Every link that can be looked at; what depends on a broken one is left out."""
    yield from _cards(desk)
    yield _port(settings)
    yield _origins(settings)


def _cards(desk: Desk) -> Iterator[Finding]:
    try:
        slots = desk.slots()
    except Trouble as trouble:
        yield Finding("智能卡服务", "", trouble)
        return
    yield Finding("智能卡服务", "运行中")
    if not slots:
        yield Finding("读卡器", "", Trouble("NO_READER"))
        return
    yield Finding("读卡器", "、".join(slot.name for slot in slots))
    try:
        with desk.looking() as (card, holder):
            yield Finding("卡", holder.zh)
            yield from _of(card, holder, desk)
    except Trouble as trouble:
        yield Finding("卡", "", trouble)


def _of(card: Card, holder: Holder, desk: Desk) -> Iterator[Finding]:
    left = card.tries_left()
    if left == 0:
        yield Finding("密码", "", Trouble("PIN_LOCKED"))
    else:
        yield Finding("密码", "不计次数" if left is None else f"还可以尝试{left}次")
    try:
        holder.check(desk.now())
        warnings = "；".join(holder.warnings(desk.now()))
        yield Finding("证书", warnings or f"有效，{holder.days_left(desk.now())}天后过期")
    except Trouble as trouble:
        yield Finding("证书", "", trouble)


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.settimeout(1)
        try:
            probe.connect((HOST, settings.port))
        except OSError:
            return Finding(
                "端口", f"{settings.port}：card-signer serve 未运行", Trouble("NOT_SERVING")
            )
    return Finding("端口", f"{HOST}:{settings.port} 有程序在监听")


def _origins(settings: Settings) -> Finding:
    if not settings.origins:
        return Finding("允许的网站", "", Trouble("NO_SITES"))
    return Finding("允许的网站", "、".join(sorted(settings.origins)))
