"""`python -m services.history rebuild` of topics with a prefix: to be killed by a test."""

import asyncio
import os
from dataclasses import replace
from types import MappingProxyType

from libs.service import load_settings
from services.history.app import SERVICE
from services.history.rebuild import rebuild

if __name__ == "__main__":
    prefix = os.environ["TOPIC_PREFIX"]
    topics = {
        prefix + name: replace(row, name=prefix + name)
        for name, row in SERVICE.topics.items()
        if SERVICE.name in row.consumers
    }
    service = replace(SERVICE, topics=MappingProxyType(topics))
    settings = load_settings(SERVICE.settings, SERVICE.name)
    asyncio.run(rebuild(service, settings, lambda *_: None))
