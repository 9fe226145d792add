"""`tongbao up`: the whole system on this machine."""

from cryptography import x509
from rich.console import Console
from rich.table import Table

from deploy.local.stack import LocalStack
from libs.signing.certificates import identity_of
from tongbao.local import DEFAULT_HOME, HomeOption, PortBaseOption, open_stack


def up(home: HomeOption = DEFAULT_HOME, port_base: PortBaseOption = None) -> None:
    """Start Kafka, PostgreSQL, the services and the sandbox, and wait until each is ready."""
    console = Console(highlight=False)
    stack = open_stack(home, port_base, console)
    stack.up()
    console.print(addresses(stack))
    console.print(cards(stack))
    console.print(f"Logs are in {stack.home.logs}.")
    console.print("Stop it with [bold]make down[/] or [bold]tongbao down[/].")


def addresses(stack: LocalStack) -> Table:
    """Where everything listens."""
    table = Table("what", "address", title="Tongbao runs", title_justify="left")
    for name, address in stack.addresses().items():
        table.add_row(name, address)
    return table


def cards(stack: LocalStack) -> Table:
    """The software cards a client can log in with."""
    title = f"Cards in {stack.home.cards}: NAME.pem and NAME.key"
    table = Table("name", "card", "company", "holder", title=title, title_justify="left")
    for path in stack.cards():
        identity = identity_of(x509.load_pem_x509_certificate(path.read_bytes()))
        table.add_row(path.stem, identity.role.zh, identity.name, identity.holder)
    return table
