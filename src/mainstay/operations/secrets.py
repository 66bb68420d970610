"""Bring the secrets that a manifest names into the sealed file, before a plan is made from it."""

from collections.abc import Iterable

from mainstay.errors import BadInput
from mainstay.manifest import Manifest, Variable
from mainstay.sealed import Secret
from mainstay.secrets import SecretSource
from mainstay.world import World

LEAST_CHARACTERS = 43
"""So many letters and digits hold 256 bits."""


def bring_in(manifest: Manifest, world: World, sources: Iterable[SecretSource]) -> None:
    """Every secret that a service or a datastore needs is in the sealed file; generated ones are made once.

    Raises BadInput naming all that have no value.
    """
    wanted = {name for service in manifest.services.values() for name in service.variables}
    secret = {name: manifest.variables[name] for name in sorted(wanted) if manifest.variables[name].secret}
    brought = {name: _bring(name, variable, world, sources) for name, variable in secret.items()}
    missing = [name for name, variable in secret.items() if variable.required and not brought[name]]
    if missing:
        readers = {
            name: [service for service, spec in manifest.services.items() if name in spec.variables] for name in missing
        }
        told = ", ".join(f"{name} ({', '.join(readers[name])})" for name in missing)
        count = "a secret has" if len(missing) == 1 else f"{len(missing)} secrets have"
        raise BadInput(
            f"{count} no value: {told}",
            remedy=f"give them once as variables of the command: {missing[0]}=… mainstay deploy",
            code="secret-missing",
        )
    for datastore in world.datastores.values():
        for name in datastore.secrets():
            world.sealed.generate(name, LEAST_CHARACTERS)


def _bring(name: str, variable: Variable, world: World, sources: Iterable[SecretSource]) -> bool:
    """Whether *name* has a value now."""
    if variable.generate:
        world.sealed.generate(name, max(LEAST_CHARACTERS, variable.min_length or 0))
        return True
    for source in sources:
        value = source.fetch(name)
        if value is not None:
            _refuse_unfit(name, variable, value)
            world.sealed.keep(name, value)
            return True
    return world.sealed.present(name) is not None


def _refuse_unfit(name: str, variable: Variable, value: Secret) -> None:
    length = len(value.reveal())
    if variable.min_length and length < variable.min_length:
        raise BadInput(
            f"{name} has {length} characters, at least {variable.min_length} are wanted",
            remedy="give it a longer value",
            code="secret-too-short",
        )
    if variable.one_of and value.reveal() not in variable.one_of:
        raise BadInput(f"{name} has a value that is not in its one_of", remedy="see the manifest", code="not-one-of")
