"""`logs`: what a service wrote, also while nobody guards it."""

from collections.abc import Iterator

from mainstay.errors import BadInput
from mainstay.operations.context import Context
from mainstay.targets import LogLine


def logs(context: Context, service: str, *, lines: int = 100, follow: bool = False) -> Iterator[LogLine]:
    """The last *lines* of *service*, oldest first, then new ones. Raises BadInput for a service that never ran."""
    target = context.wiring.target(context.kept(), context.folders)
    known = {path.name for path in context.folders.logs.iterdir() if path.is_dir()}
    if service not in known:
        names = ", ".join(sorted(known)) or "none yet"
        raise BadInput(f"no service '{service}' has ever written here; known: {names}", remedy="mainstay status")
    return target.logs(service, lines=lines, follow=follow)
