"""Paging: the page numbers linked from a page, with gaps where some are left out."""


def pages_around(page: int, last: int) -> list[int | None]:
    """Return the numbers of the first page, the last, and *page* with its neighbours; None marks omitted pages."""
    shown = sorted({1, last, *(n for n in range(page - 1, page + 2) if 1 <= n <= last)})
    linked: list[int | None] = []
    for number in shown:
        before = linked[-1] if linked else None
        if before is not None and number - before == 2:
            linked.append(number - 1)
        elif before is not None and number - before > 2:
            linked.append(None)
        linked.append(number)
    return linked
