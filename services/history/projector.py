"""The applier: what history does with a batch of events."""

from collections.abc import Sequence

from libs.service.db import Connection
from libs.service.incoming import Accepted
from services.history import store
from services.history.rows import rows_of


class Projector:
    """Turns events into rows. Holds nothing: all it knows is in the database."""

    async def apply(self, connection: Connection, batch: Sequence[Accepted]) -> None:
        """Store what `batch` says, inside the caller's transaction."""
        await store.save(connection, rows_of((event.kind, event.message) for event in batch))
