"""The key of the account at an authority."""

from pathlib import Path

import pytest
from josepy.b64 import b64encode
from josepy.jwk import JWKEC

from mainstay.drivers.edge.acme.account_key import make_account_key, new_key, read_key, thumbprint


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "account.key"
    make_account_key(path)
    before = path.read_bytes()
    make_account_key(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_thumbprint_is_that_of_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "account.key"
    for _ in range(20):  # In some keys, a coordinate begins with a zero byte.
        path.write_bytes(new_key())
        expected = b64encode(JWKEC(key=read_key(path)).thumbprint()).decode()
        assert thumbprint(path) == expected


def test_another_kind_of_file_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "account.key"
    path.write_text("x")
    with pytest.raises(ValueError, match="PEM"):
        thumbprint(path)
