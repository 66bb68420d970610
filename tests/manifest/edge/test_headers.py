"""The response headers that a manifest declares."""

from pathlib import Path

import pytest

from mainstay.manifest.edge.headers import STRICT
from tests.manifest.written import HELLO, loaded


def headers(folder: Path, written: str) -> dict[str, str]:
    edge = loaded(folder, f"{HELLO}  headers: {written}\n").edge.to_edge(Path("/app"), release_header=False)
    assert edge is not None
    return dict(edge.headers)


@pytest.mark.requirement("E10")
@pytest.mark.requirement("E11")
@pytest.mark.requirement("E12")
@pytest.mark.requirement("E14")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("X-XSS-Protection", "0"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ],
)
def test_strict_has_the_safe_value(tmp_path: Path, name: str, value: str) -> None:
    assert headers(tmp_path, "strict")[name] == value


def test_a_mapping_adds_to_the_strict_headers(tmp_path: Path) -> None:
    assert headers(tmp_path, "{X-A: 1.0}") == STRICT | {"X-A": "1.0"}


def test_a_mapping_replaces_a_strict_header_whatever_its_case(tmp_path: Path) -> None:
    found = headers(tmp_path, "{x-frame-options: SAMEORIGIN}")
    assert ("X-Frame-Options" in found, found["x-frame-options"]) == (False, "SAMEORIGIN")


def test_false_removes_a_strict_header(tmp_path: Path) -> None:
    assert set(STRICT) - set(headers(tmp_path, "{X-Frame-Options: false}")) == {"X-Frame-Options"}


@pytest.mark.parametrize("written", ["none", "strict"])
def test_a_word_means_all_or_none(tmp_path: Path, written: str) -> None:
    assert headers(tmp_path, written) == (STRICT if written == "strict" else {})
