"""Redirects: where they lead, and loops among them."""

import pytest

from mainstay.model.redirect import Redirect, loop

OLD = Redirect("", "/old", "/new")
HOSTS = ("any.invalid", "shop.example")


@pytest.mark.parametrize(
    ("redirect", "path", "target"),
    [
        (OLD, "/old", ("h", "/new")),
        (OLD, "/old/a", ("h", "/new/a")),
        (Redirect("", "/", "https://new.example"), "/a", ("new.example", "/a")),
        (Redirect("", "/", "https://new.example"), "/", ("new.example", "/")),
        (Redirect("", "/old", "/new/", keep_path=False), "/old/a", ("h", "/new/")),
    ],
)
def test_a_redirect_leads_to_an_address(redirect: Redirect, path: str, target: tuple[str, str]) -> None:
    assert redirect.leads_to("h", path) == target


@pytest.mark.parametrize(
    "redirects",
    [
        pytest.param([OLD, Redirect("", "/new", "/old")], id="of two"),
        pytest.param([Redirect("", "/old", "/old/new")], id="that grows"),
        pytest.param([OLD, Redirect("shop.example", "/new", "https://shop.example/old")], id="for one host"),
        pytest.param([Redirect("", "/a", "/b"), Redirect("", "/b/c", "/a/c")], id="for one path"),
    ],
)
def test_a_loop_is_found(redirects: list[Redirect]) -> None:
    assert any(loop(each, redirects, HOSTS) for each in redirects)


@pytest.mark.parametrize(
    "redirects",
    [
        pytest.param([OLD], id="one"),
        pytest.param([OLD, Redirect("", "/new", "/newer")], id="a chain"),
        pytest.param([Redirect("", "/blog", "https://blog.example/blog")], id="to another host"),
        pytest.param([Redirect("", "/a", "/b"), Redirect("", "/b/c", "/x")], id="a more exact path"),
    ],
)
def test_redirects_that_end_are_no_loop(redirects: list[Redirect]) -> None:
    assert [loop(each, redirects, HOSTS) for each in redirects] == [[]] * len(redirects)
