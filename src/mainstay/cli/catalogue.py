"""Every command with the line that tells what it does, so that help needs to load none of them."""

from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command is, what it does, and among what it is listed."""

    module: str
    does: str
    topic: str


BEGIN, SHIP, SETTINGS, LOOK, RECORD = "Begin", "Ship and go back", "Settings and secrets", "Look", "The record"

COMMANDS = {
    "init": Entry("mainstay.cli.init", "Write a starter manifest and an application that runs.", BEGIN),
    "validate": Entry("mainstay.cli.validate", "Check the manifest; tell every mistake with its place.", BEGIN),
    "schema": Entry("mainstay.cli.schema", "Print the manifest's JSON Schema, for editors.", BEGIN),
    "plan": Entry("mainstay.cli.plan", "Show the runbook of a deploy; touches nothing that runs.", SHIP),
    "up": Entry("mainstay.cli.up", "Start the environment, then deploy what the manifest declares.", SHIP),
    "start": Entry("mainstay.cli.start", "Start what was live, after `down` or a reboot; ships nothing.", SHIP),
    "deploy": Entry("mainstay.cli.deploy", "Ship a version.", SHIP),
    "rollback": Entry("mainstay.cli.rollback", "Go back to the release before, or to a named one.", SHIP),
    "resume": Entry("mainstay.cli.resume", "Carry an unfinished run on to its end.", SHIP),
    "abort": Entry("mainstay.cli.abort", "Turn the unfinished run back, also from another terminal.", SHIP),
    "down": Entry("mainstay.cli.down", "Stop everything that runs; keep the data.", SHIP),
    "set": Entry("mainstay.cli.set", "Store values of variables that have no default in the manifest.", SETTINGS),
    "unset": Entry("mainstay.cli.unset", "Forget stored values of variables.", SETTINGS),
    "config": Entry(
        "mainstay.cli.config", "Show the variables that a service gets, with the source of each.", SETTINGS
    ),
    "secrets": Entry("mainstay.cli.secrets", "List secrets, or set one.", SETTINGS),
    "status": Entry("mainstay.cli.status", "Report health, instances and traffic; exit 1 when degraded.", LOOK),
    "history": Entry("mainstay.cli.history", "List the runs, newest first.", LOOK),
    "logs": Entry("mainstay.cli.logs", "Show what a service wrote.", LOOK),
    "journal": Entry("mainstay.cli.journal", "Show, verify or export what is recorded.", RECORD),
}

NOT_YET = frozenset(
    [
        "attest",
        "backup",
        "boot",
        "check",
        "db",
        "doctor",
        "drill",
        "edge",
        "exec",
        "incident",
        "maintenance",
        "metrics",
        "migrate",
        "render",
        "restart",
        "run",
        "scale",
        "schedule",
        "serve",
        "smoke",
        "watch",
    ]
)
"""Commands of later versions."""

WORDS_OF_OTHER_TOOLS = {
    "apply": "deploy",
    "destroy": "down --data",
    "env": "config",
    "log": "logs",
    "ps": "status",
    "release": "deploy",
    "releases": "history",
    "stop": "down",
    "undo": "rollback",
}
"""What users of Compose, Kamal, Heroku or Terraform type, and the command that does it here."""
