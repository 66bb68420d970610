"""`logs`: read the output of a service, a datastore or the edge, without the manifest and the supervisor."""

from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from mainstay.drivers.targets.target import Target
from mainstay.errors import BadInput, MainstayError
from mainstay.history.summary import History
from mainstay.model import Release
from mainstay.model.log_lines import LogLine, LogQuery, LogSource
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.retention import kept

_MOST_NAMED = 10
EDGE = "edge"


def logs(context: Context, service: str, query: LogQuery, ended: Callable[[], bool]) -> Iterator[LogLine]:
    """Yield the lines of *service* that match *query*, oldest first.

    With `query.follow`, wait for new lines until *ended* returns True. Raises BadInput when no such service, release or
    instance has written a log, and MainstayError once the followed logs have been removed.
    """
    target = context.target(context.stored())
    known = target.known_services()
    if not known:
        raise BadInput("there are no logs in this environment", remedy="mainstay status", code="no-logs")
    if service not in known:
        what = f"there is no log of '{service}'; there are logs of {', '.join(known)}"
        raise BadInput(what, remedy="mainstay status", code="no-logs")
    found = target.logs(service, _checked(context, service, known[service], query), ended=ended)
    return _until_removed(found, target, service, ended) if query.follow else found


def _until_removed(
    lines: Iterator[LogLine], target: Target, service: str, ended: Callable[[], bool]
) -> Iterator[LogLine]:
    yield from lines
    if not ended() and service not in target.known_services():
        what = f"the logs of {service} were removed, as `mainstay down --data` does"
        raise MainstayError(what, remedy="mainstay status", code="logs-removed")


def _checked(context: Context, service: str, found: tuple[LogSource, ...], query: LogQuery) -> LogQuery:
    """Return *query*, with `release` replaced by the release that introduced the revision: its number is in the log.

    Raises BadInput when no instance of that name or release wrote one.
    """
    if query.instance is not None and query.instance not in {name for name, _ in found}:
        names = ", ".join(sorted(name for name, _ in found)[-_MOST_NAMED:]) or "none"
        what = f"there is no log of instance '{query.instance}' of {service}; there are logs of {names}"
        raise BadInput(what, remedy=f"mainstay logs {service}", code="no-logs")
    releases = {release for _, release in found}
    if query.release is None or service == EDGE or query.release in releases:
        return query
    revision = _revision(context, service, query.release)
    if revision not in releases:
        numbers = ", ".join(str(number) for number in sorted(releases)[-_MOST_NAMED:]) or "none"
        remedy = f"mainstay logs {service}"
        if was_deleted(service, revision, history_of(context)):
            what = f"the log of release {query.release} of {service} was deleted; there are logs of releases {numbers}"
            raise BadInput(what, remedy=remedy, code="no-logs")
        what = f"release {query.release} of {service} wrote no log; there are logs of releases {numbers}"
        raise BadInput(what, remedy=remedy, code="no-logs")
    return replace(query, release=revision)


def was_deleted(service: str, revision: int | None, past: History) -> bool:
    """Return whether the missing log of *revision* of *service* is one of those that a later deploy deletes.

    False for an unknown revision (None), and for one whose log is kept: it never wrote one.
    """
    return revision is not None and (service, revision) not in kept(past).logs


def _revision(context: Context, service: str, release: int) -> int | None:
    """Return the release that introduced the revision of *service* that *release* runs; None when it is unknown."""
    document = history_of(context).document(release)
    if document is None:
        return None
    found = msgspec.json.decode(document, type=Release).services.get(service)
    return found.revision if found else None
