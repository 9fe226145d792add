"""`serve`: the doors, the watch over the readers, until someone stops it."""

import asyncio
import threading
from collections.abc import Callable

from card_signer.desk import Desk
from card_signer.door.official import PATH as OFFICIAL_PATH
from card_signer.door.official import Official
from card_signer.door.own import PATH as OWN_PATH
from card_signer.door.own import Own
from card_signer.door.server import Door
from card_signer.door.watch import Watch
from card_signer.settings import Settings


async def serve(
    desk: Desk, settings: Settings, ready: Callable[[int], None], stop: asyncio.Event
) -> None:
    """Serve until `stop`; `ready` is told the port. Raises OSError when it is taken."""
    watch = Watch(desk)
    thread = threading.Thread(target=watch.run, name="watch", daemon=True)
    door = Door(
        {OWN_PATH: Own(desk, watch), OFFICIAL_PATH: Official(desk)}, settings.origins, settings.port
    )
    async with door.opened() as port:
        thread.start()
        try:
            ready(port)
            await stop.wait()
        finally:
            watch.stop()
    await asyncio.to_thread(thread.join, 5)
