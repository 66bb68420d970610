"""Values of variables and files: listeners, templates and secrets, filled in at the start."""

from pathlib import Path

import pytest

from mainstay.drivers.machine.instances.values import called, filled
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.model import Listener, Piece, Secret, SecretRef, Template, Value
from tests.drivers.machine.machine import Machine, member, service

LISTENERS = {"db": 5555, "api": 6666}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (Listener("api"), "http://127.0.0.1:6666"),
        (Listener("db", "address"), "127.0.0.1:5555"),
        (Listener("db", "host"), "127.0.0.1"),
        (Listener("db", "port"), "5555"),
    ],
)
def test_a_value_is_filled_in_as_text(sealed: SealedFile, value: Value, text: str) -> None:
    assert filled(value, sealed, LISTENERS) == text


def test_each_piece_of_a_template_has_its_own_encoding(sealed: SealedFile) -> None:
    ref = sealed.keep("DB_PASSWORD", Secret("p/ss w:rd@ü"))
    address = Template(
        (Piece("postgresql://app:"), Piece(ref, "percent"), Piece("@"), Piece(Listener("db", "address")), Piece("/db"))
    )
    assert filled(address, sealed, LISTENERS) == "postgresql://app:p%2Fss%20w%3Ard%40%C3%BC@127.0.0.1:5555/db"
    assert called({"DATABASE_URL": address, "API": Listener("api")}) == {"db", "api"}


def test_a_secret_without_a_version_is_the_current_one(machine: Machine, sealed: SealedFile) -> None:
    sealed.keep("TOKEN", Secret("first"))
    old = SecretRef("TOKEN", 1)
    sealed.keep("TOKEN", Secret("second"))
    machine.start_fleet(member(service(environment={"OLD": old, "NEW": SecretRef("TOKEN")})))
    environment = machine.environment_of()
    assert (environment["OLD"], environment["NEW"]) == ("first", "second")


def test_a_missing_secret_fails_the_instance_and_is_named(machine: Machine) -> None:
    machine.target.set_fleet({"web": {1: member(service(environment={"TOKEN": SecretRef("TOKEN")}))}})
    machine.wait_for_state("failed")
    assert "TOKEN" in machine.last_exit().reason


def test_a_callee_has_its_address_before_it_is_started(machine: Machine) -> None:
    machine.start_fleet(member(service(environment={"API": Listener("api")}, files={"API": Listener("api", "port")})))
    assert machine.environment_of()["API"] == "http://" + machine.target.traffic_status().listeners["api"]
    assert Path(machine.environment_of()["API_FILE"]).read_text() in machine.environment_of()["API"]
