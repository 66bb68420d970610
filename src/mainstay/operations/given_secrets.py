"""Secret values that a command reads from its sources or a prompt while it makes a plan, and stores before the run."""

from collections.abc import Iterable

import msgspec

from mainstay.drivers.secrets.sealed_file import Sealed
from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.world import World
from mainstay.errors import BadInput
from mainstay.manifest import Manifest, VariableSection
from mainstay.manifest.given import unfit
from mainstay.model import Secret, SecretRef
from mainstay.operations.context import Context, ValueRule
from mainstay.planning.facts import Snapshot
from mainstay.planning.given import missing, read_variables
from mainstay.planning.plan import NewValues


def with_given_secrets(now: Snapshot, manifest: Manifest, context: Context) -> Snapshot:
    """Return *now* with `offered`: the names of the secrets that have no stored value, but one given to this command.

    If only secrets are missing and *context* has a prompt, the user is prompted for them. Raises BadInput for an
    invalid value. Stores nothing.
    """
    sources, offered = context.wiring.secret_sources(), set[str]()
    for name in read_variables(manifest):
        variable = manifest.variables[name]
        if variable.secret and name not in now.secrets and (value := _fetch(name, sources)) is not None:
            require_valid(name, variable, value)
            offered.add(name)
    lacking = missing(manifest, msgspec.structs.replace(now, offered=frozenset(offered)))
    if context.prompt is not None and all(manifest.variables[name].secret for name in lacking):
        for name in lacking:
            variable = manifest.variables[name]
            if (value := context.prompt.fetch(name, rule_of(name, variable))) is not None:
                require_valid(name, variable, value, remedy=f"mainstay secrets set {name}")
                offered.add(name)
    return msgspec.structs.replace(now, offered=frozenset(offered))


def require_valid(name: str, variable: VariableSection, value: Secret, *, remedy: str = "") -> None:
    """Raise BadInput when *value* is not valid for *variable*; *remedy*, unless empty, replaces the error's own."""
    if why := unfit(name, variable, value.reveal()):
        raise BadInput(why.what, remedy=remedy or why.remedy, code=why.code)


def differing_secrets(
    now: Snapshot, manifest: Manifest, sealed: Sealed, sources: Iterable[SecretSource]
) -> tuple[str, ...]:
    """Return the names of the secrets whose stored value differs from the value that *sources* have."""
    read = [name for name in read_variables(manifest) if manifest.variables[name].secret and name in now.secrets]
    fetched = {name: value for name in read if (value := _fetch(name, sources)) is not None}
    return tuple(name for name, each in fetched.items() if sealed.read(SecretRef(name)).reveal() != each.reveal())


def store(values: NewValues, world: World, context: Context, by: str) -> None:
    """Store *values* before the run begins; a secret that has a value by now keeps it. The caller holds the lock.

    *by* is recorded as the user who set the plain variables. Afterwards every version of a secret that the plan names
    exists, so that a command without these values can resume the run.
    Raises BadInput when a value that was found while planning is no longer available.
    """
    sources = [*context.wiring.secret_sources(), *([context.prompt] if context.prompt else [])]
    for name in values.given:
        if world.sealed.present(name) is None:
            value = _fetch(name, sources)
            if value is None:
                what = f"the value of {name} that the plan found is no longer available"
                raise BadInput(what, remedy=f"mainstay secrets set {name}", code="secret-missing")
            world.sealed.add(name, value)
    for name, length in values.generate.items():
        world.sealed.generate(name, length)
    if values.settings:
        at = world.clock.now().isoformat(timespec="seconds")
        given = {name: Setting(value, at, by) for name, value in values.settings.items()}
        SettingsFile(world.folders.settings).add(given)


def rule_of(name: str, variable: VariableSection) -> ValueRule:
    """Return the rule that a value of *variable* must fulfil."""

    def refusal(value: str) -> str | None:
        why = unfit(name, variable, value)
        return why.what if why else None

    return ValueRule(variable.min_length or 0, refusal)


def _fetch(name: str, sources: Iterable[SecretSource]) -> Secret | None:
    return next((value for source in sources if (value := source.fetch(name)) is not None), None)
