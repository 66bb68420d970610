"""Warnings about parts of a manifest that have no effect although their author seems to expect one."""

import re
from collections.abc import Iterator

from mainstay.manifest.messages import Wrong
from mainstay.manifest.system import SystemSection

_SHELL_VARIABLE = re.compile(r"\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*)")
_SCRIPT = "-c"
"""The option before an inline script, which a shell or an interpreter parses by its own rules."""


def unused(system: SystemSection, target: str) -> Iterator[Wrong]:
    """Yield a warning for each part of *system* that is not used on *target*."""
    if target == "process":
        yield from _images(system)
    yield from _ports(system)
    yield from _shell_variables(system)


def _images(system: SystemSection) -> Iterator[Wrong]:
    for name, service in system.services.items():
        if service.image is not None:
            what = f"the image of {name} is not used: the target process runs its command"
            yield Wrong(("services", name, "image"), "not-used", what, "it may stay", at_key=True)


def _ports(system: SystemSection) -> Iterator[Wrong]:
    called = {route.service for route in system.edge.routes}
    called |= {each.from_ for each in system.variables.values() if each.from_}
    called |= {needed for service in system.services.values() for needed in service.needs}
    for name, service in system.services.items():
        if service.port is not None and name not in called:
            what = f"no request reaches {name}: no route and no variable leads to its port"
            remedy = f"add edge: {{routes: [{{path: /, service: {name}}}]}}, or a variable {{from: {name}}}"
            yield Wrong(("services", name, "port"), "not-used", what, remedy, at_key=True)


def _shell_variables(system: SystemSection) -> Iterator[Wrong]:
    """Yield at most one warning, because the explanation is the same for every command."""
    for name, service in system.services.items():
        for position, argument in enumerate(service.command):
            found = _SHELL_VARIABLE.search(argument)
            if found and _SCRIPT not in service.command[:position]:
                what = f"no shell expands {found[0]}: {name} gets it as it is written"
                remedy = "let the program read its environment, write {port} for its port, or run [sh, -c, …]"
                yield Wrong(("services", name, "command", position), "not-expanded", what, remedy)
                return
