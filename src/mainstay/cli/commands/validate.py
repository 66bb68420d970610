"""`mainstay validate`: check the manifest for every environment."""

from mainstay.cli.console import Styled, line
from mainstay.cli.invocation import Invocation, invoked
from mainstay.manifest.load import report
from mainstay.model import DatastoreSupport
from mainstay.system.state_dir import LOCAL
from mainstay.text.plural import counted


@invoked(
    "validate",
    "mainstay validate",
    "mainstay -e production validate",
    "mainstay -f systems/shop/mainstay.yaml --output json validate",
)
def command(invocation: Invocation) -> None:
    """Check the manifest; report every mistake with its place.

    Without -e, every environment that the manifest declares is checked. Exit 0: no mistakes. Exit 2: mistakes; all are
    listed, each as FILE:LINE:COLUMN: what (path); remedy [code].
    """
    console, found = invocation.console, report(invocation.manifest, invocation.environment, _datastore_support)
    if console.json:
        console.document(found)
        return
    for warning in found.warnings:
        console.print(Styled("warning:", "yellow"), f" {line(warning)}")
    parts = [counted(found.services, "service"), counted(found.datastores, "datastore"), counted(found.routes, "route")]
    places = ", ".join(found.environments)
    console.print(f"{found.file}: {found.system} {found.version} for {places}: {', '.join(parts)}; no mistakes")
    is_chosen = invocation.environment or LOCAL in found.environments
    console.next("mainstay up" if is_chosen else f"mainstay -e {found.environments[0]} up")


def _datastore_support(kind: str) -> DatastoreSupport | None:
    # Imported only if a datastore is declared, because nothing else in `validate` needs a driver.
    from mainstay.drivers import wiring

    return wiring.datastore_support(kind)
