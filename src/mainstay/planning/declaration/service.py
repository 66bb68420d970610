"""A service of a release as its manifest declares it."""

from typing import Any

from mainstay.manifest.scalars import duration
from mainstay.model import Health, Release, ServiceRelease, Strategy, Workload
from mainstay.model.artifact import SourceTree
from mainstay.planning.declaration.scalars import command, listed, size


def declared_service(release: Release, each: ServiceRelease) -> dict[str, Any]:
    """Return the keys and values of a service. Values that the manifest does not set are None or their default."""
    work = each.workload
    return {
        **_content(release, work),
        "command": command(work.command),
        "port": "set" if work.listens else None,
        "replicas": each.replicas,
        # The values of variables are put into words when they are shown, after the comparison.
        "variables": {**work.environment, **{f"{name} (in a file)": value for name, value in work.files.items()}},
        "volumes": listed([f"{volume.name}:{volume.path}" for volume in work.volumes]),
        "health": _health(work.health),
        "drain": duration(work.drain_s),
        "stop_grace_period": duration(work.stop_grace_s),
        "stop_signal": work.stop_signal,
        "restart": work.restart,
        "user": work.user or None,
        "resources": {"memory": size(work.memory_bytes), "cpus": work.cpus},
        "ulimits": {"nofile": work.open_files},
        "strategy": _strategy(each.strategy),
        "steady": duration(work.steady_s),
        "overlap": work.overlap,
        "read_only": work.read_only,
    }


def _content(release: Release, work: Workload) -> dict[str, Any]:
    """Return what the service runs. The digest of the copied files represents them."""
    match release.artifacts.get(work.artifact):
        case SourceTree() as tree:
            build = " && ".join(filter(None, map(command, tree.build)))
            return {"source": f"files {tree.digest[:12]}", "build": build or None}
        case _:
            return {"source": work.artifact or None}


def _health(health: Health) -> dict[str, Any]:
    return {
        "ready": health.ready or None,
        "live": health.live or None,
        "stuck_after": duration(health.stuck_after_s),
        "command": command(health.command),
        "file": health.file or None,
        "newer_than": duration(health.newer_than_s),
        "within": duration(health.within_s),
        "interval": duration(health.every_s),
        "timeout": duration(health.limit_s),
    }


def _strategy(strategy: Strategy) -> dict[str, Any]:
    return {
        "kind": strategy.kind,
        "percent": listed([f"{each:g}" for each in strategy.percent]),
        "hold": duration(strategy.hold_s),
        "settle": duration(strategy.settle_s),
        "revert_after": duration(strategy.revert_after_s),
        "when_quiet": strategy.when_quiet,
    }
