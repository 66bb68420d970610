"""The datastore driver for PostgreSQL."""

from mainstay.drivers.datastores.datastore import DatastoreDriver
from mainstay.drivers.datastores.postgres.driver import Postgres

DRIVER: DatastoreDriver = Postgres
