"""`diagnose`: link by link, which one is broken and what to do."""

from collections.abc import Iterator

from card_signer.card import Card
from card_signer.clock import LINK as CLOCK
from card_signer.clock import clock
from card_signer.desk import Desk
from card_signer.door.probe import doors
from card_signer.finding import Finding
from card_signer.holder import Holder
from card_signer.settings import Settings
from card_signer.troubles import Trouble


def diagnose(desk: Desk, settings: Settings) -> Iterator[Finding]:
    """Every link that can be looked at; what depends on a broken one is left out."""
    yield from _cards(desk, settings)
    yield _clock(desk, settings)
    yield from doors(settings.port, settings.origins)


def _cards(desk: Desk, settings: Settings) -> Iterator[Finding]:
    try:
        slots = desk.slots()
    except Trouble as trouble:
        yield Finding("智能卡服务", "", trouble)
        return
    yield Finding("智能卡服务", "运行中" if settings.readers else "未使用（readers = false）")
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
        desk.check(holder)
        warnings = "；".join(holder.warnings(desk.now()))
        yield Finding("证书", warnings or f"有效，{holder.days_left(desk.now())}天后过期")
    except Trouble as trouble:
        yield Finding("证书", "", trouble)
    if desk.trust is None:
        yield Finding("颁发机构与吊销", "未设置 trust，由网站核对", is_checked=False)


def _clock(desk: Desk, settings: Settings) -> Finding:
    sites = sorted(settings.origins, key=lambda site: (not site.startswith("https:"), site))
    if not sites:
        return Finding(CLOCK, "没有可以核对的网站", is_checked=False)
    return clock(sites[0], desk.now)
