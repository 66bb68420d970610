"""`environment.json`: the environment as last planned, for the commands that do not read the manifest."""

from msgspec import json, to_builtins

from mainstay.model import Environment
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_dir import Folders
from mainstay.system.state_file import decoding, require_format

FORMAT = 2


def write(environment: Environment, folders: Folders) -> None:
    atomic_write(folders.environment, json.format(json.encode({"format": FORMAT} | to_builtins(environment))))


def read(folders: Folders) -> Environment | None:
    """Return the environment; None before the first plan ran. Raises StateUnreadable for one of another format."""
    try:
        text = folders.environment.read_bytes()
    except FileNotFoundError:
        return None
    require_format(text, FORMAT, folders.environment, folders.state)
    with decoding(folders.environment, folders.state):
        return json.decode(text, type=Environment)
