"""`mainstay check`: answer whether the environment is ready, with evidence."""

from msgspec.structs import replace

from mainstay.cli.console import Styled
from mainstay.cli.context import context_of
from mainstay.cli.invocation import Invocation, invoked
from mainstay.errors import NotReady
from mainstay.operations.check import check


@invoked("check", "mainstay check", "mainstay -e production --output json check")
def command(invocation: Invocation) -> int:
    """Check the environment as last deployed; exit 3 when a check fails or has no answer.

    go: the environment is ready for the next deploy: every check passes, warns or does not apply. One of the checks is
    that a release is live and that `status` reports no problem. The manifest is not read and nothing is started.
    """
    console, found = invocation.console, check(context_of(invocation))
    code = NotReady.exit_code if found.verdict == "no-go" else 0
    if console.json:
        findings = tuple(replace(each, remedy=console.command(each.remedy)) for each in found.findings)
        console.document(replace(found, findings=findings))
        return code
    console.print(Styled(found.verdict, "bold red" if code else "bold green"))
    console.table(("CHECK", "VERDICT", "EVIDENCE"), ((e.name, e.verdict, e.evidence) for e in found.findings))
    for each in found.findings:
        if each.remedy:
            console.next(each.remedy, each.name)
    return code
