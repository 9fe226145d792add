"""What a running service has at hand."""

import asyncio
from dataclasses import dataclass

import asyncpg
from structlog.typing import FilteringBoundLogger

from libs.service.health import Progress
from libs.service.metrics import Metrics
from libs.service.publishing import Publisher
from libs.service.recipients import Recipients
from libs.service.service import Service
from libs.service.settings import ServiceSettings
from libs.signing import FileSigner, TrustStore


@dataclass(frozen=True)
class Runtime:
    """The parts that a service's own code may use."""

    service: Service
    settings: ServiceSettings
    pool: asyncpg.Pool
    signer: FileSigner
    trust: TrustStore
    recipients: Recipients
    publisher: Publisher
    metrics: Metrics
    progress: Progress
    log: FilteringBoundLogger
    stop: asyncio.Event  # set when the service is to end
