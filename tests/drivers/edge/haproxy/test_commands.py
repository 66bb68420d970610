"""The commands that move slots, and their order."""

from mainstay.drivers.edge.haproxy.commands import commands_for
from mainstay.drivers.edge.haproxy.replies import ServerState
from mainstay.drivers.edge.haproxy.slots import NOWHERE, Slot

OLD = Slot("web", 1, 41, "127.0.0.1:3001", 256, "ready")
NEW = Slot("web", 2, 42, "127.0.0.1:3002", 256, "ready")
WARM = Slot("web", 1, 41, "127.0.0.1:3001", 0, "drain")
SERVING = {
    "web.s1": ServerState("127.0.0.1:3001", 256, "ready", up=True),
    "web.s2": ServerState(NOWHERE, 1, "maint", up=False),
}
RELEASES = {"web.s1": "41", "web.s2": "0"}


def test_the_new_slot_is_ready_before_the_old_one_drains() -> None:
    assert commands_for([WARM, NEW], SERVING, RELEASES) == [
        "set map releases.map web.s2 42",
        "set server web/web.s2 addr 127.0.0.1 port 3002",
        "set server web/web.s2 weight 256",
        "set server web/web.s2 health up",
        "set server web/web.s2 state ready",
        "set server web/web.s1 state drain",
    ]


def test_an_emptied_slot_is_in_maintenance_before_its_address_is_removed() -> None:
    assert commands_for([Slot("web", 1)], SERVING, RELEASES) == [
        "set server web/web.s1 state maint",
        "set map releases.map web.s1 0",
        "set server web/web.s1 addr 127.0.0.1 port 1",
    ]


def test_a_server_that_haproxy_marked_down_stays_down_while_nothing_changed() -> None:
    down = {"web.s1": ServerState("127.0.0.1:3001", 256, "ready", up=False)}
    assert commands_for([OLD], down, RELEASES) == []


def test_a_changed_percentage_is_one_command() -> None:
    half = Slot("web", 1, 41, "127.0.0.1:3001", 128, "ready")
    assert commands_for([half], SERVING, RELEASES) == ["set server web/web.s1 weight 128"]


def test_the_slot_of_a_preview_is_a_server_of_another_backend() -> None:
    preview = Slot("web", 2, 42, "127.0.0.1:3002", 256, "ready", side="preview")
    now = SERVING | {"web.p2": ServerState(NOWHERE, 1, "maint", up=False)}
    assert commands_for([preview], now, {"web.p2": "0"})[-1] == "set server preview:web/web.p2 state ready"
