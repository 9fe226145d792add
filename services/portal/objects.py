"""The object store: a folder on one machine, S3 elsewhere. Holds PDFs and attachments."""

from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import GenericError
from obstore.store import LocalStore, ObjectStore, from_url


class ObjectsAway(Exception):
    """The object store does not answer."""


class Objects:
    """Named bytes. Names are made by us, never taken from outside."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def at(cls, url: str) -> "Objects":
        """The store at `url` (file:///folder, s3://bucket/prefix); a folder is made."""
        parts = urlsplit(url)
        if parts.scheme == "file":
            folder = Path(parts.path)
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(folder))
        return cls(from_url(url))

    async def get(self, name: str) -> bytes | None:
        """The bytes of an object; None when there is none. Raises ObjectsAway."""
        try:
            found = await self._store.get_async(name)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except (GenericError, OSError) as error:
            raise ObjectsAway(str(error)) from None

    async def size(self, name: str) -> int | None:
        """How many bytes an object has; None when there is none. Raises ObjectsAway."""
        try:
            return int((await self._store.head_async(name))["size"])
        except FileNotFoundError:
            return None
        except (GenericError, OSError) as error:
            raise ObjectsAway(str(error)) from None

    async def put(self, name: str, data: bytes) -> None:
        """Store an object. Raises ObjectsAway."""
        try:
            await obstore.put_async(self._store, name, data)
        except (GenericError, OSError) as error:
            raise ObjectsAway(str(error)) from None
