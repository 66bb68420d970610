"""Logs, ports and desired.json: what is kept in files and what is made of them."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.errors import BadInput
from mainstay.release import Edge, Member, Spec
from mainstay.supervisor import logs, ports, rotation
from mainstay.supervisor.desired import Desired
from mainstay.supervisor.places import furnished, listeners
from mainstay.supervisor.roster import enrolled
from mainstay.supervisor.store import Store
from tests.supervisor.place import Place, a_place, member, worker


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


def test_what_was_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "desired.json")
    assert store.read() == Desired()
    desired = Desired(fence=3, fleet={"web": {41: Member(Spec("web", ("serve",)), 2, "1")}}, edge=Edge())
    store.write(desired)
    assert store.read() == desired
    assert os.listdir(tmp_path) == ["desired.json"]
    assert (tmp_path / "desired.json").stat().st_mode & 0o777 == 0o600


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "desired.json").write_text('{"format": 99}')
    with pytest.raises(BadInput, match="format 99"):
        Store(tmp_path / "desired.json").read()


def test_ports_lie_below_the_ephemeral_ones_and_two_environments_begin_elsewhere() -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    one, other = ports.free_port(Path("/a"), ()), ports.free_port(Path("/b"), ())
    assert one != other
    assert max(one, other) < low


def test_a_port_that_somebody_has_is_not_given() -> None:
    first = ports.free_port(Path("/a"), ())
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", first))
        holder.listen()
        assert ports.free_port(Path("/a"), ()) != first
    assert ports.free_port(Path("/a"), {first}) != first


def test_everything_that_is_to_exist_gets_a_port_and_a_slot_once() -> None:
    web, store = Spec("web", ("serve",)), Spec("db", ("keep",), port="kept", datastore=True)
    fleet = {"web": {41: Member(web, 3, "1")}, "db": {41: Member(store, 1, "18")}}
    desired = furnished(enrolled(Desired(fleet=fleet, edge=Edge(http=0)), frozenset()), Path("/a"), ["api"])
    webs = [one for one in desired.instances.values() if one.service == "web"]
    assert {one.slot for one in webs} == {1, 2, 3}
    assert desired.instances["db-41-1"].port == desired.ports["kept:db"]
    assert set(listeners(desired)) == {"web", "db", "api"}
    held = [one.port for one in webs] + list(desired.ports.values())
    assert len(set(held)) == len(held)
    assert furnished(desired, Path("/a"), ["api"]) == desired


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"plain\n", "plain"),
        (b"\x1b[31mred\x1b[0m\n", "red"),
        (b"\x1b]0;title\x07text\n", "text"),
        (b"bad \xff byte\n", "bad � byte"),
        (b"over\rwritten\x00\n", "over�written�"),
        ("grüße\n".encode(), "grüße"),
        (b"a\tb\n", "a\tb"),
    ],
)
def test_lines_are_made_harmless(raw: bytes, line: str) -> None:
    assert logs.harmless(raw) == line


@pytest.mark.failure("F79")
def test_a_full_log_is_copied_away_and_cut_and_ten_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "MOST_BYTES", 100)
    path = tmp_path / "web" / "web-1-1.out"
    path.parent.mkdir()
    with path.open("ab", buffering=0) as writer:
        for number in range(15):
            writer.write(b"%d" % number * 100 + b"\n")
            rotation.note_and_rotate(tmp_path)
            assert path.stat().st_size == 0
        writer.write(b"last\n")
    rotated = sorted(path.parent.glob("web-1-1.out.[0-9]"))
    assert len(rotated) == 9
    assert rotated[0].read_bytes().startswith(b"14")
    assert [one.line for one in logs.last(path.parent, 10)] == ["last"]


def test_lines_are_told_with_the_time_at_which_they_were_seen(tmp_path: Path) -> None:
    path = tmp_path / "web-1-1.out"
    path.write_text("one\ntwo\nthree\n")
    logs.notes_of(path).write_text("4 1000\n8 2000\n14 3000\n")
    assert [(one.line, one.at) for one in logs.last(tmp_path, 2)] == [("two", 2000), ("three", 3000)]


def test_lines_of_all_instances_come_in_order_of_time(tmp_path: Path) -> None:
    for name, at in (("web-1-1.out", 3000), ("web-1-2.err", 1000), ("web-2-1.out", 2000)):
        (tmp_path / name).write_text(f"{at}\n")
        logs.notes_of(tmp_path / name).write_text(f"5 {at}\n")
    found = logs.last(tmp_path, 10)
    assert [one.line for one in found] == ["1000", "2000", "3000"]
    assert (found[0].release, found[0].instance, found[0].stream) == (1, "web-1-2", "err")


def test_new_lines_are_followed(place: Place, tmp_path: Path) -> None:
    more = tmp_path / "more"
    script = f"echo first; while ! test -e {more}; do sleep 0.02; done; echo second; exec sleep 60"
    place.up(member(worker("sh", "-c", script)), service="worker")
    followed = place.target.logs("worker", follow=True)
    assert next(followed).line == "first"
    more.touch()
    assert next(followed).line == "second"
