"""`tongbao status`: which of the local system's processes run."""

from rich.console import Console
from rich.table import Table

from tongbao.local import DEFAULT_HOME, HomeOption, PortBaseOption, open_stack


def status(home: HomeOption = DEFAULT_HOME, port_base: PortBaseOption = None) -> None:
    """Show each process of this home, whether it runs, and where it listens."""
    stack = open_stack(home, port_base)
    if not stack.home.root.exists():
        Console().print(f"there is no stack in {stack.home.root}")
        return
    running = set(stack.supervisor.names())
    table = Table("process", "state", "pid", "address")
    for name, address in stack.addresses().items():
        process = stack.supervisor.running(name)
        state = "[green]runs[/]" if name in running else "[dim]stopped[/]"
        table.add_row(name, state, str(process.pid) if process else "", address)
    Console().print(table)
