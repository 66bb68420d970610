"""The registry of checks. A new check needs one module, which is named like the check, and a line in `CHECKS`."""

from importlib import import_module

from mainstay.checks.check import Check

CHECKS = (
    "certificate_is_valid",
    "disk_has_room",
    "front_door_is_open",
    "only_front_doors_are_reachable",
    "services_have_readiness_probes",
)
"""The names of the checks. Each is a statement that should be true, and names the module that defines it as `CHECK`."""


def checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they are reported."""
    return tuple(import_module(f"{__name__}.{name}").CHECK for name in CHECKS)
