"""Every command with the line that tells what it does, so that help needs to load none of them."""

from typing import NamedTuple


class Entry(NamedTuple):
    """What a command does, and the group in which help lists it. Its module is `commands.NAME`."""

    does: str
    topic: str


BEGIN, SHIP, SETTINGS, LOOK, RECORD = "Begin", "Ship and go back", "Settings and secrets", "Look", "The record"

COMMANDS = {
    "init": Entry("Write a starter manifest and an application that runs.", BEGIN),
    "validate": Entry("Check the manifest; tell every mistake with its place.", BEGIN),
    "schema": Entry("Print the manifest's JSON Schema, for editors.", BEGIN),
    "plan": Entry("Show the runbook of a deploy; touches nothing that runs.", SHIP),
    "up": Entry("Start the environment, then deploy what the manifest declares.", SHIP),
    "start": Entry("Start what was live, after `down` or a reboot; ships nothing.", SHIP),
    "deploy": Entry("Ship a version.", SHIP),
    "rollback": Entry("Go back to the release before, or to a named one.", SHIP),
    "resume": Entry("Carry an unfinished run on to its end.", SHIP),
    "abort": Entry("Turn the unfinished run back, also from another terminal.", SHIP),
    "down": Entry("Stop everything that runs; keep the data.", SHIP),
    "set": Entry("Store values of variables that have no default in the manifest.", SETTINGS),
    "unset": Entry("Forget stored values of variables.", SETTINGS),
    "config": Entry("Show the variables that a service gets, with the source of each.", SETTINGS),
    "secrets": Entry("List secrets, or set one.", SETTINGS),
    "status": Entry("Report health, instances and traffic; exit 1 when degraded.", LOOK),
    "history": Entry("List the runs, newest first.", LOOK),
    "logs": Entry("Show what a service wrote.", LOOK),
    "journal": Entry("Show, verify or export what is recorded.", RECORD),
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
