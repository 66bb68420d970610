"""`set` and `unset`: store values of plain variables for an environment, or remove them."""

from collections.abc import Iterator, Sequence

import msgspec

from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.errors import BadInput, Mistake, Mistakes
from mainstay.manifest import Manifest
from mainstay.manifest.given import Unfit, unfit
from mainstay.manifest.messages import did_you_mean
from mainstay.operations.assignments import Assignment, Assignments
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.manifest import manifest_of
from mainstay.system.clock import SystemClock
from mainstay.system.state_dir import make_state
from mainstay.system.users import person


class SettingChange(msgspec.Struct, frozen=True):
    """The stored value of a variable before and after a command; null: no value is stored."""

    name: str
    before: str | None
    after: str | None


def set_values(context: Context, assignments: Assignments, *, dry_run: bool = False) -> tuple[SettingChange, ...]:
    """Store *assignments* and return the changes; with *dry_run*, only return the changes.

    Raises Mistakes, which lists every invalid assignment; nothing is stored then.
    """
    manifest = manifest_of(context)
    mistakes = (*assignments.mistakes, *_mistakes(manifest, assignments.given))
    if mistakes:
        raise Mistakes(*sorted(mistakes, key=lambda each: (each.place.file, each.place.line or 0)))
    given = {each.name: each.value for each in assignments.given}
    file = SettingsFile(context.folders.settings)
    stored = {name: each.value for name, each in file.read().items()}
    changes = tuple(SettingChange(name, stored.get(name), value) for name, value in given.items())
    differing = tuple(change for change in changes if change.before != change.after)
    if differing and not dry_run:
        make_state(context.folders)
        at = SystemClock().now().isoformat(timespec="seconds")
        file.change({change.name: Setting(given[change.name], at, person()) for change in differing})
    return differing


def unset(context: Context, names: Sequence[str], *, dry_run: bool = False) -> tuple[SettingChange, ...]:
    """Remove the stored values of *names* and return the changes; with *dry_run*, only return the changes.

    Raises BadInput for the first name that cannot be unset; nothing is changed then.
    """
    manifest = manifest_of(context)
    file = SettingsFile(context.folders.settings)
    stored = file.read()
    for name in names:
        _require_removable(manifest, stored, name)
    changes = tuple(SettingChange(name, stored[name].value, None) for name in dict.fromkeys(names) if name in stored)
    if changes and not dry_run:
        file.change({}, [change.name for change in changes])
    return changes


def rolled_back(context: Context) -> int | None:
    """Return the number of the newer release that a rollback replaced with the live one; None without a rollback."""
    past = history_of(context)
    return past.origin.before if past.origin and past.origin.before in past.rolled_back else None


def _mistakes(manifest: Manifest, given: tuple[Assignment, ...]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for each in given:
        why = _not_settable(manifest, each.name) or unfit(each.name, manifest.variables[each.name], each.value)
        if why is None and each.name in seen:
            why = Unfit("given-twice", f"{each.name} is given twice", "keep one")
        seen.add(each.name)
        if why is not None:
            yield Mistake(why.code, why.what, why.remedy, each.place)


def _not_settable(manifest: Manifest, name: str) -> Unfit | None:
    variable = manifest.variables.get(name)
    if variable is None:
        what = f"{name} is not declared in {manifest.file.name}"
        return Unfit("unknown-variable", what, did_you_mean(name, manifest.variables))
    if variable.secret:
        return Unfit("is-secret", f"{name} is a secret", f"type mainstay secrets set {name}: it asks for the value")
    if variable.from_ is not None:
        what = f"{name} is the address of {variable.from_}"
        return Unfit("is-address", what, "it cannot be set, because Mainstay computes it")
    if manifest.is_fixed(name):
        what = f"{name} has a fixed default in {manifest.file.name}: {variable.default!r}"
        return Unfit("is-fixed", what, "change it there, or remove 'default' there to set it per environment")
    return None


def _require_removable(manifest: Manifest, stored: dict[str, Setting], name: str) -> None:
    variable = manifest.variables.get(name)
    if variable is None and name not in stored:
        known = {each for each, declared in manifest.variables.items() if not declared.secret} | set(stored)
        what = f"{name} is not declared in {manifest.file.name}"
        raise BadInput(what, remedy=did_you_mean(name, known), code="unknown-variable")
    if variable is not None and variable.secret and name not in stored:
        raise BadInput(f"{name} is a secret", remedy=f"mainstay secrets set {name}", code="is-secret")
    readers = manifest.readers(name)
    if variable and readers and variable.required and variable.default is None and not variable.secret:
        remedy = f"mainstay set {name}=…, or write required: false into {manifest.file.name}"
        raise BadInput(f"{', '.join(readers)} cannot run without {name}", remedy=remedy, code="is-required")
