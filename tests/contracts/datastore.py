"""What every datastore must do: one contract for each capability. A driver's test inherits those that it has."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstay.drivers.datastores.datastore import Addressable, Datastore, Migratable, Provisioned, provisioned
from mainstay.model import Job, Listener, SecretRef

FIRST, SECOND = "0001_first", "0002_second"
RunJob = Callable[[Job], int]
CAPABILITIES = (Provisioned, Addressable, Migratable)


class DatastoreContract(ABC):
    """`store` is initialised, started and configured; `run_job` runs a job to its end and returns its exit code."""

    @pytest.fixture
    @abstractmethod
    def store(self) -> Datastore: ...

    @pytest.fixture
    @abstractmethod
    def run_job(self) -> RunJob: ...

    def test_it_has_a_kind_and_a_version(self, store: Datastore) -> None:
        assert store.kind
        assert store.version()[0].isdigit()

    def test_it_has_exactly_the_capabilities_whose_contracts_it_passes(self, store: Datastore) -> None:
        contracts = (ProvisionedContract, AddressableContract, MigratableContract)
        assert [isinstance(store, each) for each in CAPABILITIES] == [isinstance(self, each) for each in contracts]


class ProvisionedContract(DatastoreContract):
    """For a datastore that Mainstay runs."""

    def test_it_is_a_single_instance_with_a_permanent_port(self, store: Provisioned) -> None:
        workload = store.workload()
        assert (workload.service, workload.datastore, workload.listens) == (store.name, True, True)
        assert store.workload() == workload

    def test_its_secrets_have_its_name(self, store: Provisioned) -> None:
        assert all(name.startswith(f"{store.name}.") for name in store.secrets())

    def test_its_own_data_is_not_refused(self, store: Provisioned) -> None:
        store.refuse_other_data()

    def test_an_initialised_datastore_is_not_initialised_again(self, store: Provisioned) -> None:
        assert store.initialise("again") is None

    def test_preparing_again_keeps_its_data(self, store: Provisioned) -> None:
        store.prepare()
        assert store.initialise("again") is None

    def test_configuring_again_succeeds(self, store: Provisioned, run_job: RunJob) -> None:
        job = store.configure("again")
        assert job is None or (job.id, run_job(job)) == ("again", 0)


class AddressableContract(DatastoreContract):
    """For a datastore that services connect to."""

    def test_every_address_contains_the_listener_and_refers_to_secrets(self, store: Addressable) -> None:
        for address in [store.address(), *map(store.address, store.roles)]:
            assert any(piece.value == Listener(store.name, "address") for piece in address.pieces)
            secrets = [piece for piece in address.pieces if isinstance(piece.value, SecretRef)]
            assert {piece.encoding for piece in secrets} <= {"percent"}

    def test_every_role_has_a_secret_of_its_own(self, store: Addressable) -> None:
        pieces = [piece.value for role in store.roles for piece in store.address(role).pieces]
        secrets = [value.name for value in pieces if isinstance(value, SecretRef)]
        assert len(set(secrets)) == len(store.roles)
        assert not isinstance(store, Provisioned) or set(secrets) <= set(store.secrets())


class MigratableContract(DatastoreContract):
    """For a datastore with a schema. `folder` contains the migrations FIRST and SECOND, of which none has run."""

    @pytest.fixture
    @abstractmethod
    def listener(self) -> str:
        """The current `host:port` of `store`."""

    @pytest.fixture
    @abstractmethod
    def folder(self) -> Path: ...

    def test_migrations_are_pending_until_they_have_run_and_run_once(
        self, store: Migratable, run_job: RunJob, listener: str, folder: Path
    ) -> None:
        assert store.schema(str(folder), listener).pending == (FIRST, SECOND)
        jobs = [store.migrate(name, str(folder)) for name in ("first", "again")]
        assert [(job.id, run_job(job)) for job in jobs] == [("first", 0), ("again", 0)]
        schema = store.schema(str(folder), listener)
        assert (schema.revision, schema.pending, schema.half_done) == (SECOND, (), ())

    def test_without_a_listener_every_migration_is_pending_and_the_schema_unreachable(
        self, store: Migratable, folder: Path
    ) -> None:
        schema = store.schema(str(folder), "")
        assert (schema.pending, schema.reachable) == ((FIRST, SECOND), False)

    def test_without_migrations_none_is_pending(self, store: Migratable, listener: str) -> None:
        assert store.schema(None, listener).pending == ()

    def test_preparing_again_keeps_the_schema(self, store: Migratable, listener: str, folder: Path) -> None:
        before = store.schema(str(folder), listener)
        for each in provisioned([store]):
            each.prepare()
        assert store.schema(str(folder), listener) == before
