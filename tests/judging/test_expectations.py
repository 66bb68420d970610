"""A response is judged by what its step expects."""

import json
from typing import Any

import pytest

from mainstay.judging.expectations import judge
from mainstay.model.flow import Expectation, JsonExpectation
from mainstay.model.http import HttpResponse

DOCUMENT = {"a": [{"b": 1, "t": "ocean"}, {"b": 3, "t": "sea"}], "c": None, "yes": True, "n": 5, "id": 7}
VALUES = {"name": "ocean", "number": 7, "dot": "a.b"}


def response(body: object = DOCUMENT, *, status: int = 200, took_s: float = 0.1) -> HttpResponse:
    headers = (("content-type", "application/json; charset=utf-8"), ("etag", 'W/"1"'))
    return HttpResponse(status, headers, json.dumps(body).encode(), took_s)


def at(path: str, **comparisons: Any) -> Expectation:
    return Expectation(json=(JsonExpectation(path, comparisons),))  # type: ignore[arg-type]  # names of comparisons


@pytest.mark.parametrize(
    ("expect", "problems"),
    [
        (Expectation((200,)), ()),
        (Expectation((200, 204)), ()),
        (Expectation((201, 204)), ("the status is 200, not 201 or 204",)),
        (Expectation(headers={"Content-Type": "application/json"}), ()),
        (Expectation(headers={"ETag": 'W/"1"'}), ()),
        (Expectation(headers={"X-No": "a"}), ('the header X-No is missing, not "a"',)),
        (Expectation(body_contains="{name}"), ()),
        (Expectation(body_contains="lake"), ('the body does not contain "lake"',)),
        (Expectation(body_matches="o.ean"), ()),
        (Expectation(body_matches="^x"), ("the body does not match ^x",)),
        (Expectation(body_matches="{dot}"), ("the body does not match {dot}",)),
        (Expectation(within_s=0.2), ()),
        (Expectation(within_s=0.05), ("the response took 0.10 s, longer than 0.05 s",)),
        (at("$.n", equals=5), ()),
        (at("$.n", equals=5.0), ()),
        (at("$.n", equals="5"), ('$.n is 5, not "5"',)),
        (at("$.id", equals="{number}"), ()),
        (at("$.yes", equals=1), ("$.yes is true, not 1",)),
        (at("$.c", equals=None), ()),
        (at("$.d", equals=None), ("$.d does not exist",)),
        (at("$.n", at_least=5, at_most=5), ()),
        (at("$.n", at_least=6), ("$.n is 5, not at least 6",)),
        (at("$.yes", at_least=0), ("$.yes is true, not at least 0",)),
        (at("$.a[0].t", matches="^{name}$"), ()),
        (at("$.a[1].t", matches="^{name}$"), ('$.a[1].t is "sea", not matching "^ocean$"',)),
        (at("$.c", exists=True), ()),
        (at("$.c", exists=False), ("$.c is missing",)),
        (at("$.d", exists=True), ("$.d does not exist",)),
        (at("$.d", exists=False), ()),
        (at("$.a", count=2), ()),
        (at("$.a", count={"at_least": 1, "at_most": 1}), ("$.a has 2 items, not at most 1",)),
        (at("$.a[?(@.b > 1)]", count=1), ()),
        (at("$.a[*].b", at_least=1), ()),
        (at("$.a[*].b", at_least=2), ("$.a[*].b is 1, not at least 2",)),
        (at("$.n", count=1), ("$.n is 5, not a list",)),
    ],
)
def test_differences_of_a_response(expect: Expectation, problems: tuple[str, ...]) -> None:
    assert judge(response(), expect, VALUES) == problems


@pytest.mark.parametrize("body", [b"", b"<html>", b"{" * 100_000], ids=["empty", "a page", "an endless document"])
def test_a_body_that_is_not_json_is_a_difference(body: bytes) -> None:
    assert judge(HttpResponse(200, (), body, 0.1), at("$.n", exists=True), VALUES) == ("the body is not JSON",)


def test_every_difference_is_named() -> None:
    expect = Expectation((201,), (JsonExpectation("$.n", {"equals": 6}),), body_contains="lake")
    assert len(judge(response(), expect, VALUES)) == 3
