"""`unset`: remove stored values of plain variables."""

from collections.abc import Sequence

from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.errors import BadInput
from mainstay.manifest import Manifest
from mainstay.manifest.messages import did_you_mean
from mainstay.operations.context import Context
from mainstay.operations.plan import manifest_of
from mainstay.operations.set import SettingChange


def unset(context: Context, names: Sequence[str], *, dry_run: bool = False) -> tuple[SettingChange, ...]:
    """Remove the stored values of *names* and return the changes; with *dry_run*, only return the changes.

    Raises BadInput for the first name that cannot be unset; nothing is changed then.
    """
    manifest = manifest_of(context)
    file = SettingsFile(context.folders.settings)
    stored = file.read()
    for name in names:
        _refuse(manifest, stored, name)
    changes = tuple(SettingChange(name, stored[name].value, None) for name in dict.fromkeys(names) if name in stored)
    if changes and not dry_run:
        file.change({}, [change.name for change in changes])
    return changes


def _refuse(manifest: Manifest, stored: dict[str, Setting], name: str) -> None:
    variable = manifest.variables.get(name)
    if variable is None and name not in stored:
        known = {each for each, declared in manifest.variables.items() if not declared.secret} | set(stored)
        what = f"{name} is not declared in {manifest.file.name}"
        raise BadInput(what, remedy=did_you_mean(name, known), code="unknown-variable")
    if variable is not None and variable.secret and name not in stored:
        raise BadInput(f"{name} is a secret", remedy=f"mainstay secrets set {name}", code="is-secret")
    readers = manifest.readers(name)
    if variable and readers and variable.required and variable.default is None and not variable.secret:
        raise BadInput(
            f"{', '.join(readers)} cannot run without {name}",
            remedy=f"mainstay set {name}=…, or write required: false into {manifest.file.name}",
            code="is-required",
        )
