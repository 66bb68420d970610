"""The example system of the tests: an api, a front end that calls it, a worker, a database."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import Schema
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.model import (
    Artifact,
    DatastoreRelease,
    Edge,
    Environment,
    Fleet,
    FleetStatus,
    Health,
    Listener,
    Member,
    Piece,
    Release,
    Route,
    SecretRef,
    ServiceRelease,
    Source,
    SourceTree,
    Strategy,
    Template,
    Traffic,
    TrafficStatus,
    Workload,
)
from mainstay.model.flow import Expectation, Flow, FlowStep
from mainstay.planning.datastore_facts import DatastoreFacts
from mainstay.planning.deploy import deploy
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Plan
from mainstay.planning.resolve import fingerprint
from mainstay.planning.smoke_tests import SmokeTests
from mainstay.system.folder_content import Measured

ADDRESS = Template(
    (
        Piece("postgresql://shop:"),
        Piece(SecretRef("db.application.password"), "percent"),
        Piece("@"),
        Piece(Listener("db", "address")),
        Piece("/shop"),
    )
)
AT_ONCE = Strategy(settle_s=0)
"""Blue-green without a settling time, the strategy of `local`."""

TESTS = SmokeTests(
    (
        Flow("home", (FlowStep("GET", "/", expect=Expectation((200,))),)),
        Flow("order", (FlowStep("POST", "/api/orders", expect=Expectation((200,))),), writes=True),
    )
)
"""A flow that reads and one that writes."""

EDGE = Edge(routes=(Route("/api", "api"), Route("/", "web")), release_header=True)
DB = Workload(
    service="db",
    command=("postgres",),
    folder="/data/db",
    datastore=True,
    steady_s=0,
    drain_s=0,
    stop_signal="SIGINT",
)
NEEDS = {"api": ("db",), "web": ("api",), "worker": ("db",)}


def workload(service: str, version: str, *, overlap: bool = False) -> Workload:
    """Return a service of the shop at *version*; every version has other code."""
    environment = {"API_URL": Listener("api")} if service == "web" else {"DATABASE_URL": ADDRESS}
    return Workload(
        service=service,
        command=("python3", f"{service}.py"),
        artifact=f"{service}-{version}",
        environment={"PATH": "/usr/bin", **environment},
        listens=service != "worker",
        overlap=overlap,
        health=Health("alive") if service == "worker" else Health("http", "/ready"),
        steady_s=2.0,
    )


def service(
    name: str, number: int, *, strategy: Strategy = AT_ONCE, replicas: int = 2, overlap: bool = False
) -> ServiceRelease:
    """Return the service *name* as changed in release *number*, which is also its version."""
    version = str(number)
    count = 1 if name == "worker" else replicas
    return ServiceRelease(number, workload(name, version, overlap=overlap), count, version, strategy, NEEDS[name])


def release(
    number: int,
    *,
    kept: Release | None = None,
    changed: tuple[str, ...] = ("api", "web", "worker"),
    strategy: Strategy = AT_ONCE,
    replicas: int = 2,
    database: bool = True,
    schema: str = "0001_orders",
) -> Release:
    """Release *number*; services that are not *changed* are those of *kept*."""
    kept_services = dict(kept.services) if kept else {}
    new = {name: service(name, number, strategy=strategy, replicas=replicas) for name in changed}
    store = DatastoreRelease("postgres", kept.datastores["db"].revision if kept else number, DB, "18", "sql", schema)
    artifacts: dict[str, Artifact] = {
        each.workload.artifact: SourceTree(each.workload.artifact, each.version, Source(f"/shop/{name}"), files=3)
        for name, each in new.items()
    }
    made = Release(
        number=number,
        system="shop",
        environment="local",
        version=str(number),
        services=kept_services | new,
        datastores={"db": store} if database else {},
        artifacts=artifacts | {"sql": SourceTree("sql", "sql", Source("/shop/sql"), files=1)},
        edge=EDGE,
        brought=tuple(changed),
    )
    return replace(made, fingerprint=fingerprint(made))


def snapshot(
    serving: Release | None = None,
    *,
    pending: tuple[str, ...] = (),
    next_number: int | None = None,
    expected: dict[str, float] | None = None,
    state: Path = Path("/state"),
) -> Snapshot:
    """Return the snapshot while *serving* is live and no run is in progress."""
    schema = Schema(serving.datastores["db"].schema if serving and serving.datastores else "", pending)
    return Snapshot(
        environment=Environment("shop", "local", "process", str(state), str(state.with_name("keys"))),
        running=FleetStatus(fleet(serving) if serving else {}, (), started=serving is not None),
        serving=TrafficStatus(traffic(serving) if serving else {}, {}, edge=serving.edge if serving else None),
        release=serving,
        next_number=next_number or (serving.number + 1 if serving else 1),
        last_run=f"r-{serving.number:04d}" if serving else None,
        target=TargetFacts({Source("/shop/api"): Measured("a", 3, 0)}),
        datastores={"db": DatastoreFacts("postgres", "18", DB, ADDRESS, schema)},
        expected=expected or {},
        taken_at="2026-01-05T12:00:00+00:00",
    )


def fleet(serving: Release) -> Fleet:
    """Return the fleet when *serving* is the only release."""
    services = {
        name: {each.revision: Member(each.workload, each.replicas, each.version)}
        for name, each in serving.services.items()
    }
    stores = {
        name: {each.revision: Member(each.workload, 1, each.version)}
        for name, each in serving.datastores.items()
        if each.workload
    }
    return services | stores


def traffic(serving: Release) -> Traffic:
    """Return the traffic when *serving* receives every request."""
    return {name: {each.revision: 100.0} for name, each in serving.services.items() if each.workload.listens}


def first_plan() -> Plan:
    """Return the plan of the first release."""
    return deploy(release(1), snapshot(pending=("0001_orders",)))


def next_plan(strategy: Strategy = AT_ONCE, *, replicas: int = 2) -> Plan:
    """Return the plan from release 1 to release 2, in which every service has changed."""
    old = release(1, strategy=strategy, replicas=replicas)
    return deploy(release(2, kept=old, strategy=strategy, replicas=replicas), snapshot(old))


def runbook(plan: Plan) -> list[str]:
    """Return the numbered titles of the steps."""
    return [f"{number} {step.title}" for number, step in plan.steps()]


def copied(plan: Plan) -> Plan:
    """Return *plan* after it was encoded and decoded; its phases stay encoded."""
    return msgspec.json.decode(msgspec.json.encode(plan), type=type(plan))
