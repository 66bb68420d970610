"""Warn about parts of a manifest that have no effect, or another effect than their author expects."""

import re
from collections.abc import Iterator

from mainstay.manifest.base import Section
from mainstay.manifest.messages import Violation
from mainstay.manifest.system import SystemSection
from mainstay.manifest.yaml_tree import Location
from mainstay.model.kinds import TARGETS

_SHELL_VARIABLE = re.compile(r"\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*)")
_SCRIPT = "-c"
"""The option before an inline script, which a shell or an interpreter parses by its own rules."""


def warnings_of(system: SystemSection, target: str) -> Iterator[Violation]:
    """Yield a warning for each part of *system* that has no effect on the kind *target*, or not the intended one."""
    yield from _not_yet(system)
    yield from _unread(system)
    if TARGETS[target] == "source":
        yield from _images(system, target)
    yield from _ports(system)
    yield from _challenge_port(system)
    yield from _shell_variables(system)
    yield from _inline_scripts(system)


def _not_yet(system: SystemSection) -> Iterator[Violation]:
    """Yield one warning for each key that does not work yet, even if several parts have it."""
    parts: list[tuple[Location, Section]] = [((), system)]
    parts += [(("datastores", name), part) for name, part in system.datastores.items()]
    parts += [(("variables", name), part) for name, part in system.variables.items()]
    seen: set[tuple[type, str]] = set()
    for where, part in parts:
        for key in part.noted:
            if key in part.model_fields_set and (type(part), key) not in seen:
                seen.add((type(part), key))
                what = f"'{key}' does not work yet and is ignored"
                yield Violation((*where, key), "not-yet", what, "it may stay", at_key=True)


def _unread(system: SystemSection) -> Iterator[Violation]:
    read = {name for service in system.services.values() for name in service.variables} | {system.edge.secret}
    for name in system.variables:
        if name not in read:
            yield Violation(("variables", name), "not-read", f"no service reads {name}", "leave it out", at_key=True)


def _images(system: SystemSection, target: str) -> Iterator[Violation]:
    for name, service in system.services.items():
        if service.image is not None:
            what = f"the image of {name} is not used: the target {target} runs its command"
            yield Violation(("services", name, "image"), "not-used", what, "it may stay", at_key=True)


def _ports(system: SystemSection) -> Iterator[Violation]:
    called = {route.service for route in system.edge.routes}
    called |= {each.from_ for each in system.variables.values() if each.from_}
    called |= {needed for service in system.services.values() for needed in service.needs}
    for name, service in system.services.items():
        if service.port is not None and name not in called:
            what = f"no request reaches {name}: no route and no variable leads to its port"
            remedy = f"add edge: {{routes: [{{path: /, service: {name}}}]}}, or a variable {{from: {name}}}"
            yield Violation(("services", name, "port"), "not-used", what, remedy, at_key=True)


def _challenge_port(system: SystemSection) -> Iterator[Violation]:
    edge = system.edge
    if edge.tls and edge.tls.mode == "acme" and edge.tls.dns is None and edge.http != 80:
        what = f"the authority sends its requests to port 80, and the edge listens on {edge.http or 'a free port'}"
        yield Violation(
            ("edge", "tls"), "not-port-80", what, "write http: 80, unless port 80 is forwarded", at_key=True
        )


def _shell_variables(system: SystemSection) -> Iterator[Violation]:
    """Yield a warning for the first shell variable in a command; the explanation is the same for all others."""
    for name, service in system.services.items():
        for position, argument in enumerate(service.command):
            found = _SHELL_VARIABLE.search(argument)
            if found and _SCRIPT not in service.command[:position]:
                what = f"the command of {name} runs without a shell, so {found[0]} stays as it is"
                remedy = "let the program read its environment, write {port} for its port, or run [sh, -c, …]"
                yield Violation(("services", name, "command", position), "not-expanded", what, remedy)
                return


def _inline_scripts(system: SystemSection) -> Iterator[Violation]:
    for name, value in (system.edge.headers or {}).items():
        if value and name.lower().startswith("content-security-policy") and "'unsafe-inline'" in value:
            what = f"{name} allows inline code ('unsafe-inline'), which is what an injected script needs"
            remedy = "move inline scripts and styles to files, or list their hashes"
            yield Violation(("edge", "headers", name), "unsafe-inline", what, remedy)
