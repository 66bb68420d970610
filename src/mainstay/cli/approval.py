"""Ask the user at the terminal to approve a plan, unless an option approves it; with neither, the command fails."""

from dataclasses import dataclass

from mainstay.cli import plan_text
from mainstay.cli.console import Console
from mainstay.cli.signals import while_asking
from mainstay.errors import MainstayError, NotReady
from mainstay.planning.document import document
from mainstay.planning.plan import Plan
from mainstay.system.state_dir import LOCAL


class DryRunEnded(MainstayError):
    """Ends a command after `--dry-run` has shown the plan. Nothing was executed."""

    exit_code = 0
    code = "dry-run"


@dataclass(slots=True)
class Approval:
    """Shows a plan and returns whether it is approved: by an option, or by the user's answer at a terminal.

    Plans of `local` need no approval unless they remove data. Raises DryRunEnded after `--dry-run`, NotReady when there
    is no terminal, or when the name that confirms the loss of data is not the environment's.
    """

    console: Console
    verb: str
    """The command as typed, without the program name."""
    yes: bool = False
    dry_run: bool = False
    confirm: str | None = None
    plan: Plan | None = None
    """The plan that was shown last; None before the first."""

    def __call__(self, plan: Plan) -> bool:
        self.plan = plan
        self._show(plan)
        if self.dry_run:
            raise DryRunEnded("the plan was only shown")
        if plan.data:
            return self._confirmed(f"{plan.environment.system}/{plan.environment.name}")
        return self.yes or plan.environment.name == LOCAL or self._approved(plan)

    def _show(self, plan: Plan) -> None:
        if not self.console.json:
            # Without a question, the steps are printed while they run; the full plan would print them twice.
            executed_at_once = plan.environment.name == LOCAL and not (self.dry_run or plan.data)
            for line in plan_text.summary(plan) if executed_at_once else plan_text.text(plan):
                self.console.print(self.console.command(line))
            self.console.print()
        elif self.dry_run:
            self.console.document(document(plan))

    def _approved(self, plan: Plan) -> bool:
        if not self.console.interactive:
            what = "cannot ask for approval: stdin or stdout is not a terminal"
            raise NotReady(what, remedy=f"mainstay {self.verb} --yes", code="needs-an-answer")
        return self._answer(f"{plan.title[:1].upper()}{plan.title[1:]}? [y/N]").lower() in {"y", "yes"}

    def _confirmed(self, name: str) -> bool:
        if self.confirm is not None:
            if self.confirm != name:
                what = f"--confirm names {self.confirm}, but this is {name}; nothing was changed"
                raise NotReady(what, remedy=f"mainstay {self.verb} --confirm {name}")
            return True
        if not self.console.interactive:
            what = f"the data of {name} would be lost, and --yes does not confirm that"
            raise NotReady(what, remedy=f"mainstay {self.verb} --confirm {name}", code="needs-an-answer")
        answer = self._answer(f"The data of {name} will be lost. Type {name} to continue:")
        if answer != name:
            what = f"declined: you typed {answer!r}, not {name}; nothing was changed"
            raise NotReady(what, remedy=f"mainstay {self.verb}", code="declined")
        return True

    def _answer(self, question: str) -> str:
        with while_asking():
            return self.console.ask(question).strip()
