"""`tongbao up`: the whole system on this machine."""

from rich.console import Console
from rich.table import Table

from deploy.local.stack import LocalStack
from tongbao.local import DEFAULT_HOME, HomeOption, PortBaseOption, open_stack


def up(home: HomeOption = DEFAULT_HOME, port_base: PortBaseOption = None) -> None:
    """Start Kafka, PostgreSQL, the services and the sandbox, and wait until each is ready."""
    console = Console(highlight=False)
    stack = open_stack(home, port_base, console)
    stack.up()
    console.print(addresses(stack))
    console.print(cards(stack))
    console.print("Stop it with [bold]make down[/] or [bold]tongbao down[/].")


def addresses(stack: LocalStack) -> Table:
    """Where everything listens."""
    table = Table("what", "address", "log", title="Tongbao runs", title_justify="left")
    for name, address in stack.addresses().items():
        table.add_row(name, address, str(stack.home.log_of(name)))
    return table


def cards(stack: LocalStack) -> Table:
    """The software cards a client can log in with."""
    table = Table("card", "certificate", "key", title="Cards", title_justify="left")
    for card in stack.cards():
        table.add_row(card.stem, str(card), str(card.with_suffix(".key")))
    return table
