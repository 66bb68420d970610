"""Errors of a step in the executor."""

import errno
import os

import pytest

from mainstay.engine.executor import run_task
from mainstay.errors import StepFailed
from mainstay.system.clock import SystemClock


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, StepFailed), (errno.EDQUOT, StepFailed), (errno.EACCES, PermissionError)]
)
def test_a_full_disk_fails_a_step_and_another_error_is_unexpected(number: int, kind: type[Exception]) -> None:
    def write() -> str:
        raise OSError(number, os.strerror(number), "/state/content")

    trouble = run_task("1.1", write, SystemClock()).trouble
    assert isinstance(trouble, kind)
    assert "/state/content" in str(trouble)
