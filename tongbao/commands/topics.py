"""`tongbao topics`: the topic table, and its topics on a Kafka."""

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from deploy.local.errors import StackError
from deploy.topics import Cluster, TopicsRefused, create_topics, planned
from libs.messages.topics import DAY_MS, TOPICS
from tongbao.local import DEFAULT_HOME, HomeOption, PortBaseOption, open_stack

CreateOption = Annotated[
    bool, typer.Option("--create", help="Create what is missing on the Kafka.")
]
BootstrapOption = Annotated[
    str | None,
    typer.Option("--bootstrap", help="Kafka's address.", show_default="the local stack's"),
]
ReplicasOption = Annotated[int, typer.Option("--replication-factor", min=1)]
InsyncOption = Annotated[int, typer.Option("--min-insync", min=1)]


def topics(
    create: CreateOption = False,
    bootstrap: BootstrapOption = None,
    replication_factor: ReplicasOption = 1,
    min_insync: InsyncOption = 1,
    home: HomeOption = DEFAULT_HOME,
    port_base: PortBaseOption = None,
) -> None:
    """Show the topic table; with --create, make its topics."""
    console = Console(highlight=False)
    if not create:
        console.print(table())
        return
    address = bootstrap or open_stack(home, port_base).kafka.bootstrap
    made = _create(Cluster(address, replication_factor, min_insync))
    console.print(f"created: {', '.join(made)}" if made else "every topic is there")


def table() -> Table:
    """Every topic: who writes, who reads, how long it is kept."""
    rows = Table("topic", "written by", "read by", "parts", "kept", show_lines=True)
    for topic in TOPICS.values():
        kept = "forever" if topic.retention_ms < 0 else f"{topic.retention_ms // DAY_MS} days"
        rows.add_row(
            f"[bold]{topic.name}[/]\n{topic.sentence}",
            ", ".join(topic.producers),
            ", ".join(topic.consumers),
            str(topic.partitions),
            kept,
        )
    return rows


def _create(cluster: Cluster) -> list[str]:
    try:
        return asyncio.run(create_topics(cluster, planned()))
    except (KafkaError, TopicsRefused) as problem:
        raise StackError(f"Kafka at {cluster.bootstrap}: {problem}") from problem
