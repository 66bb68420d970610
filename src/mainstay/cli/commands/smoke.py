"""`mainstay smoke`: run the smoke flows against what runs now."""

from signal import SIGINT

import click
from msgspec.structs import replace

from mainstay.cli.console import Styled, duration
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.cli.signals import signals_to
from mainstay.engine.interruption import Interruption
from mainstay.errors import Interrupted, MainstayError
from mainstay.model.flow import StepOutcome
from mainstay.model.http import EntranceName
from mainstay.operations.smoke import SmokeResult, smoke
from mainstay.text.plural import counted

STOPPING = b"\nstopping after this request and `finally`; press Ctrl-C again to stop now\n"


@invoked("smoke", "mainstay smoke", "mainstay smoke search", "mainstay -e staging --output json smoke --preview")
@click.argument("flow", required=False)
@click.option("--preview", is_flag=True, help="Send requests to the preview door, which leads to the newest revisions.")
def command(invocation: Invocation, flow: str | None, *, preview: bool) -> int:
    """Run the smoke flows against what runs now; exit 1 when one fails.

    Without FLOW, every flow of the manifest runs. Every response is compared with what its flow expects. A failure
    shows the request, the response and what the service wrote to its log, without passwords and tokens. Flows with
    `writes: true` do not run with --preview, unless the environment has `smoke: {writes: preview}`.
    """
    console = invocation.console

    def report(step: StepOutcome) -> None:
        mark = Styled("failed ", "bold red") if step.problem else Styled("ok     ", "green")
        status = "" if step.status is None else f"  {step.status}  {step.took_s:.2f} s"
        if not console.json:
            console.print(mark, f" {step.flow}: {step.request}{status}")

    interruption = Interruption()
    door: EntranceName = "preview" if preview else "front"
    try:
        with signals_to(interruption, STOPPING):
            found = smoke(context_of(invocation), flow, door, interruption.check, report)
    except Interrupted as stopped:
        signal = interruption.signal or SIGINT
        raise Interrupted("the smoke test was interrupted", signal=signal, remedy="mainstay smoke") from stopped
    if console.json:
        flows = tuple(replace(each, remedy=console.command(each.remedy)) for each in found.flows)
        console.document(replace(found, flows=flows))
    else:
        _print(invocation, found)
    return MainstayError.exit_code if found.result == "failed" else 0


def _print(invocation: Invocation, found: SmokeResult) -> None:
    console = invocation.console
    for each in found.flows:
        if each.result == "failed":
            console.error(MainstayError(each.problem, remedy=each.remedy))
        elif each.result == "left out":
            console.print(f"left out {each.flow}: {each.problem}")
    count = sum(each.result == found.result for each in found.flows)
    requests = sum(len(each.steps) for each in found.flows)
    style = "bold red" if found.result == "failed" else "bold green"
    console.print(
        Styled(found.result, style),
        f"  {counted(count, 'flow')} of {len(found.flows)}, {counted(requests, 'request')}, {duration(found.took_s)}, "
        f"release {found.release} ({found.version}), {found.door} door",
    )
