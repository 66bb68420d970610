"""What every datastore must do: pure values, jobs that bear being run again, a schema that tells where it stands."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.drivers.datastores.datastore import Datastore, Role
from mainstay.model import Job, Listener
from mainstay.model.secret import SecretRef

FIRST, SECOND = "0001_first", "0002_second"
Perform = Callable[[Job], int]


class DatastoreContract(ABC):
    """Inherited by the tests of each driver.

    `store` is prepared, initialised, started, and has its roles; `perform` carries a job out and answers its
    exit code; `listener` is its address; `folder` holds the migrations FIRST and SECOND, of which none has run.
    """

    @pytest.fixture
    @abstractmethod
    def store(self) -> Datastore: ...

    @pytest.fixture
    @abstractmethod
    def perform(self) -> Perform: ...

    @pytest.fixture
    @abstractmethod
    def listener(self) -> str: ...

    @pytest.fixture
    @abstractmethod
    def folder(self) -> Path: ...

    def test_it_is_a_fleet_of_one_with_an_address_that_stays(self, store: Datastore) -> None:
        workload = store.workload()
        assert workload is not None
        assert (workload.service, workload.alone, workload.datastore, workload.port) == (store.name, True, True, "kept")
        assert store.workload() == workload

    @pytest.mark.parametrize("role", ["owner", "application"])
    def test_an_address_names_its_secret_and_does_not_hold_it(self, store: Datastore, role: Role) -> None:
        address = store.address(role)
        assert address.secret
        assert [piece.encoding for piece in address.pieces if isinstance(piece.value, SecretRef)] == ["percent"]
        assert any(piece.value == Listener(store.name, "address") for piece in address.pieces)

    def test_each_role_has_a_secret_of_its_own_that_bears_the_datastores_name(self, store: Datastore) -> None:
        pieces = [*store.address("owner").pieces, *store.address("application").pieces]
        secrets = [piece.value.name for piece in pieces if isinstance(piece.value, SecretRef)]
        assert len(set(secrets)) == 2
        assert set(secrets) <= set(store.secrets())
        assert all(name.startswith(f"{store.name}.") for name in store.secrets())

    def test_jobs_carry_the_id_they_are_given(self, store: Datastore, folder: Path) -> None:
        jobs = [store.roles("one"), store.migrate("one", str(folder))]
        assert {job.id for job in jobs if job} == {"one"}

    def test_it_names_its_kind_and_its_version(self, store: Datastore) -> None:
        assert store.kind
        assert store.version()[0].isdigit()

    def test_preparing_again_changes_nothing_of_its_data(self, store: Datastore, listener: str, folder: Path) -> None:
        before = store.schema(str(folder), listener)
        store.prepare()
        assert store.schema(str(folder), listener) == before
        assert store.initialise("again") is None

    def test_its_own_data_is_not_refused(self, store: Datastore) -> None:
        store.refuse_other_data()

    def test_what_is_initialised_is_not_initialised_again(self, store: Datastore) -> None:
        assert store.initialise("again") is None

    def test_roles_may_be_made_again(self, store: Datastore, perform: Perform) -> None:
        job = store.roles("again")
        assert job is None or perform(job) == 0

    def test_migrations_are_pending_until_they_have_run_and_run_once(
        self, store: Datastore, perform: Perform, listener: str, folder: Path
    ) -> None:
        assert store.schema(str(folder), listener).pending == (FIRST, SECOND)
        assert [perform(store.migrate(name, str(folder))) for name in ("first", "again")] == [0, 0]
        schema = store.schema(str(folder), listener)
        assert (schema.revision, schema.pending, schema.half_done) == (SECOND, (), ())

    def test_where_nothing_listens_all_is_pending_and_said_to_be_unreachable(
        self, store: Datastore, folder: Path
    ) -> None:
        schema = store.schema(str(folder), "")
        assert (schema.pending, schema.reachable) == ((FIRST, SECOND), False)

    def test_without_migrations_none_is_pending(self, store: Datastore, listener: str) -> None:
        assert store.schema(None, listener).pending == ()
