"""Every command with its one-line description, so that `--help` does not have to import the commands."""

from typing import NamedTuple


class CommandEntry(NamedTuple):
    """A command's one-line description, and the group in which help lists it. Its module is `commands.NAME`."""

    does: str
    topic: str


BEGIN, SHIP, SETTINGS = "Get started", "Deploy and roll back", "Settings and secrets"
LOOK, AUDIT = "Inspect", "Audit"

COMMANDS = {
    "init": CommandEntry("Write a starter manifest and an application that runs.", BEGIN),
    "validate": CommandEntry("Check the manifest; report every mistake with its place.", BEGIN),
    "schema": CommandEntry("Print the manifest's JSON Schema, for editors.", BEGIN),
    "plan": CommandEntry("Show the runbook of a deploy; change nothing that runs.", SHIP),
    "up": CommandEntry("Start the environment, then deploy what the manifest declares.", SHIP),
    "start": CommandEntry("Start the live release after `down` or a reboot; deploy nothing.", SHIP),
    "deploy": CommandEntry("Ship a version.", SHIP),
    "rollback": CommandEntry("Roll back to the previous release, or to a named one.", SHIP),
    "resume": CommandEntry("Finish an unfinished run.", SHIP),
    "abort": CommandEntry("Roll back the unfinished run, also from another terminal.", SHIP),
    "down": CommandEntry("Stop everything that runs; keep the data.", SHIP),
    "maintenance": CommandEntry("Take the system out of service, or put it back.", SHIP),
    "set": CommandEntry("Store values of variables that have no default in the manifest.", SETTINGS),
    "unset": CommandEntry("Remove stored values of variables.", SETTINGS),
    "config": CommandEntry("Show the variables that a service gets, with the source of each.", SETTINGS),
    "secrets": CommandEntry("List secrets, or set one.", SETTINGS),
    "status": CommandEntry("Report health, instances and traffic; exit 1 when degraded.", LOOK),
    "edge": CommandEntry("Show where the environment listens, and how clients trust its certificate.", LOOK),
    "metrics": CommandEntry("Print counters of requests, errors and times, for Prometheus.", LOOK),
    "check": CommandEntry("Check the environment as last deployed; exit 3 when a check fails or has no answer.", LOOK),
    "smoke": CommandEntry("Run the smoke flows against what runs now; exit 1 when one fails.", LOOK),
    "history": CommandEntry("List the runs, newest first.", LOOK),
    "logs": CommandEntry("Show the logs of a service.", LOOK),
    "journal": CommandEntry("Show, verify or export the journal.", AUDIT),
}

NOT_YET = "attest backup boot db doctor drill exec incident migrate render restart run scale schedule serve watch"
"""Names of commands that are planned for later versions, with spaces between them."""

NAMES_IN_OTHER_TOOLS = {
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
"""Commands of Compose, Kamal, Heroku and Terraform, each with the Mainstay command that does the same."""
