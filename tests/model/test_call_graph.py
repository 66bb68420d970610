"""Dependency order: a service comes after those that it calls, and circles have a defined place."""

from mainstay.model.call_graph import callees_first, callers_first, circle, in_order

CALLS = {
    "web": frozenset({"api", "stock"}),
    "api": frozenset({"stock"}),
    "stock": frozenset({"api"}),
    "mail": frozenset({"web", "api", "stock"}),
}


def test_a_layer_comes_after_the_layers_that_it_calls_and_a_circle_shares_one() -> None:
    assert callees_first(CALLS) == (("api", "stock"), ("web",), ("mail",))
    assert callers_first(CALLS) == (("mail",), ("web",), ("api", "stock"))


def test_the_order_of_some_services_respects_calls_through_the_others() -> None:
    assert callees_first(CALLS, ["mail", "api"]) == (("api",), ("mail",))


def test_a_circle_is_named_from_caller_to_callee() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == ("a", "b", "c", "a")
    assert circle({"a": ["b"], "b": []}) == ()


def test_an_optional_link_orders_services_unless_it_closes_a_circle() -> None:
    assert in_order({"a": [], "b": []}, {"a": ["b"], "b": []}) == ("b", "a")
    assert in_order({"a": ["b"], "b": []}, {"a": [], "b": ["a"]}) == ("b", "a")
