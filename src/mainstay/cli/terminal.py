"""Output to a terminal with `rich`. Imported only when stdout or stderr is a terminal, since the import takes 10 ms."""

from collections.abc import Iterable

from rich.console import Console as Terminal
from rich.table import Table
from rich.text import Text


def terminal(*, stderr: bool = False) -> Terminal:
    """Return the terminal to draw on. It honours NO_COLOR and TERM."""
    return Terminal(stderr=stderr, highlight=False)


def grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    """Return aligned columns without borders; in a narrow terminal, cells take several lines."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in head:
        table.add_column(overflow="fold")
    for row in (head, *rows):
        table.add_row(*(Text(cell) for cell in row))
    return table
