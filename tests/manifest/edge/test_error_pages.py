"""Error pages, read from files beside the manifest."""

from pathlib import Path

import pytest

from mainstay.manifest.edge.error_pages import LARGEST_BYTES, BadPage, read_page
from mainstay.model.error_page import ErrorPage
from tests.manifest.written import HELLO, loaded


def test_the_manifest_has_the_text_of_each_page(tmp_path: Path) -> None:
    (tmp_path / "404.html").write_bytes("<h1>Nicht da: ü</h1>\r\n".encode())
    manifest = loaded(tmp_path, f"{HELLO}  errors: {{404: 404.html}}\n")
    page = ErrorPage(404, "<h1>Nicht da: ü</h1>\n")
    edge = manifest.edge.to_edge(Path("/app"), release_header=False, pages=manifest.pages)
    assert (manifest.pages, edge and edge.pages) == ((page,), (page,))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xff", "is not UTF-8"),
        (b"x" * (LARGEST_BYTES + 1), "has 8,193 bytes, the limit is 8,192"),
        (b"a\0b", "contains control characters"),
    ],
)
def test_a_file_that_cannot_be_a_page_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "404.html").write_bytes(content)
    with pytest.raises(BadPage, match=what):
        read_page(tmp_path, "404", "404.html")


def test_a_folder_is_not_a_page(tmp_path: Path) -> None:
    (tmp_path / "404.html").mkdir()
    with pytest.raises(BadPage, match="cannot be read: is a directory"):
        read_page(tmp_path, "404", "404.html")
