"""The edge in a plan: every setting in the words of the manifest, and only those that change."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mainstay.manifest.edge.headers import STRICT
from mainstay.model import Edge, ErrorPage, Route
from mainstay.model.acme import Acme, DnsCommands, ExternalAccount
from mainstay.model.cors import Cors
from mainstay.model.limits import Limits, Rate
from mainstay.model.redirect import Redirect
from mainstay.model.tls import CertificateFiles, Tls
from mainstay.model.value import SecretRef
from mainstay.planning.diff import changes_between
from tests.shop import EDGE, release

FILES = Tls("files", "/etc/shop.pem", "/etc/shop.key")
DNS = DnsCommands(("dns", "add"), ("dns", "remove"), 60)
LIMITS = Limits(10**6, 8192, 20, Rate(100, 900), (("/login", Rate(5, 60)),), ("/health",))
CHANGES: list[tuple[str, object, list[tuple[str, object, object]]]] = [
    ("http", 0, [("edge.http", 8080, "auto")]),
    ("address", "::", [("edge.bind", "0.0.0.0", "::")]),
    ("answer_s", 5.0, [("edge.timeouts.answer", "1m", "5s")]),
    ("body_s", 90.0, [("edge.timeouts.body", "30s", "90s")]),
    ("tunnel_s", 60.0, [("edge.timeouts.tunnel", "1h", "1m")]),
    ("headers", tuple(STRICT.items()), [("edge.headers", "none", "strict")]),
    ("headers", tuple((STRICT | {"x-frame-options": "SAMEORIGIN", "X-A": "b"}).items())[2:],
     [("edge.headers", "none", "strict, x-frame-options: SAMEORIGIN, X-A: b, X-Content-Type-Options: false")]),
    ("compress", True, [("edge.compress", False, True)]),
    ("cors", Cors(("https://a.example",)), [("edge.cors.origins", None, "https://a.example")]),
    ("redirects", (Redirect("old.example", "/", "https://new.example"),),
     [("edge.redirects.old.example/", None, "https://new.example (301)")]),
    ("redirects", (Redirect("", "/a", "/b", 308, keep_path=False),),
     [("edge.redirects./a", None, "/b (308) without the path")]),
    ("limits", LIMITS, [
        ("edge.limits.body", None, "1MB"), ("edge.limits.headers", None, "8Ki"), ("edge.limits.connections", None, 20),
        ("edge.limits.requests.per_client", None, "100/15m"), ("edge.limits.requests.routes./login", None, "5/1m"),
        ("edge.limits.requests.exempt", None, "/health"),
    ]),
    ("trusted_proxies", ("10.0.0.0/8", "::1/128"), [("edge.trusted_proxies", None, "10.0.0.0/8, ::1/128")]),
    ("routes", (*EDGE.routes, Route("/x", "web", "a.example", 8081, strip=True, assets_s=86400)),
     [("edge.routes.a.example/x on 8081", None, "web with strip, assets kept for 1d")]),
]  # fmt: skip
"""A field of the edge, another value, and the changes that a plan then shows."""
OTHERS = {"pages", "https", "tls", "release_header", "preview_routes", "awaited"}
"""Fields with tests of their own below, and three that the manifest does not have."""


def changes(before: Edge | None, after: Edge | None) -> list[tuple[str, Any, Any]]:
    old, new = (replace(release(1), edge=edge) for edge in (before, after))
    return [(each.path, each.before, each.after) for each in changes_between(old, new, {})]


@pytest.mark.parametrize(("field", "value", "shown"), CHANGES, ids=[each[0] for each in CHANGES])
def test_a_changed_setting_is_shown_in_the_words_of_the_manifest(
    field: str, value: object, shown: list[tuple[str, object, object]]
) -> None:
    other = msgspec.structs.replace(EDGE, **{field: value})
    assert changes(EDGE, other) == shown
    assert changes(other, EDGE) == [(path, after, before) for path, before, after in shown]


def test_every_setting_is_shown() -> None:
    assert {each[0] for each in CHANGES} | OTHERS == set(Edge.__struct_fields__)
    fields: dict[type[msgspec.Struct], set[str]] = {
        Tls: {"mode", "certificate", "key", "hsts_s", "acme", "others"},
        Acme: {"directory", "email", "ca", "dns", "eab"},
        DnsCommands: {"set", "clear", "wait_s"},
        Cors: {"origins", "methods", "headers", "expose", "credentials", "max_age_s"},
        Limits: {"body_bytes", "headers_bytes", "connections", "per_client", "routes", "exempt"},
        Redirect: {"host", "path", "to", "code", "keep_path"},
        Route: {"path", "service", "host", "listen", "strip", "assets_s"},
    }
    assert {of: set(of.__struct_fields__) for of in fields} == fields, "show the new field in planning/declaration/"


def test_a_port_for_https_is_one_change_with_the_origin_of_its_certificate() -> None:
    def secure(tls: Tls) -> Edge:
        return replace(EDGE, https=443, tls=tls)

    encrypt, own = Tls("acme", acme=Acme()), "443, certificates from an authority of its own"
    assert changes(EDGE, secure(encrypt)) == [("edge.https", "off", "443, certificates from Let's Encrypt")]
    assert changes(secure(encrypt), secure(Tls())) == [("edge.https", "443, certificates from Let's Encrypt", own)]
    other = Tls("acme", acme=Acme("https://acme.example/dir", "ops@a.example", "/ca.pem", DNS), hsts_s=86400)
    assert changes(secure(Tls()), secure(other)) == [
        ("edge.https", own, "443, certificates from https://acme.example/dir"),
        ("edge.tls.hsts", None, "1d"),
        ("edge.tls.email", None, "ops@a.example"),
        ("edge.tls.ca", None, "/ca.pem"),
        ("edge.tls.dns", None, {"set": "dns add", "clear": "dns remove", "wait": "1m"}),
    ]
    bound = [ExternalAccount("kid-1", SecretRef("ACME_KEY", version)) for version in (1, 2)]
    assert changes(*(secure(Tls("acme", acme=Acme(eab=each))) for each in bound)) == [
        ("edge.tls.eab.key", "secret ACME_KEY (version 1)", "secret ACME_KEY (version 2)")
    ]
    more = replace(FILES, others=(CertificateFiles("/etc/other.pem", "/etc/other.key"),))
    assert changes(secure(FILES), secure(more)) == [
        ("edge.https", "443, certificate /etc/shop.pem", "443, 2 certificates"),
        ("edge.tls.key", "/etc/shop.key", None),
        ("edge.tls.certificates./etc/shop.pem", None, "/etc/shop.key"),
        ("edge.tls.certificates./etc/other.pem", None, "/etc/other.key"),
    ]
    third = replace(more, others=(*more.others, CertificateFiles("/etc/third.pem", "/etc/third.key")))
    _, added = changes(secure(more), secure(third))
    assert added == ("edge.tls.certificates./etc/third.pem", None, "/etc/third.key")
    assert [path for path, *_ in changes(EDGE, secure(more))][1:] == [
        "edge.tls.certificates./etc/shop.pem",
        "edge.tls.certificates./etc/other.pem",
    ]
    assert changes(EDGE, replace(secure(FILES), https=0)) == [
        ("edge.https", "off", "auto, certificate /etc/shop.pem"),
        ("edge.tls.key", None, "/etc/shop.key"),
    ]


def test_a_changed_error_page_is_shown_without_its_text() -> None:
    ((path, before, after),) = changes(*(replace(EDGE, pages=(ErrorPage(404, text),)) for text in ("a", "b")))
    assert path == "edge.errors.404"
    assert len(before) == len(after) == len("page ") + 12
    assert before != after


def test_rules_for_other_origins_are_shown_where_they_are_not_the_usual_ones() -> None:
    rules = Cors(("*",), ("GET",), ("X-Token",), ("X-Request-Id",), credentials=True, max_age_s=3600)
    assert changes(replace(EDGE, cors=Cors(("*",))), replace(EDGE, cors=rules)) == [
        ("edge.cors.methods", None, "GET"),
        ("edge.cors.headers", None, "X-Token"),
        ("edge.cors.expose", None, "X-Request-Id"),
        ("edge.cors.credentials", None, True),
        ("edge.cors.max_age", None, "1h"),
    ]


def test_a_new_edge_is_one_change() -> None:
    assert [path for path, _, _ in changes(None, EDGE)] == ["edge"]
