"""Listing pages of other forms: which links lead to notices, and which to more of the listing."""

import time

import pytest

pytest.importorskip("selectolax", reason="the rules need selectolax: install data-service/requirements.lock")

from granter_data.rules.links import Links
from granter_data.rules.listing import links_of

pytestmark = pytest.mark.requirement("Q9")

NAMES = ["Clean water for small towns", "Young choirs on the road", "Seeds and soils in schools"]


def each(form: str) -> str:
    return "".join(form.format(n=number, name=name) for number, name in enumerate(NAMES, 1))


FORMS = {
    "cards of a blog": (
        "https://fund.example/grants/",
        "<header><a href=/>Home</a><a href=/grants/>Grants</a></header><main>"
        + each(
            "<article class=post><h2 class=name><a href='/grants/call-{n}/'>{name}</a></h2>"
            "<p>About it. <a class=more href='/grants/call-{n}/'>Read more</a></p></article>"
        )
        + "</main><nav class=pagination><a class=page-numbers href='/grants/page/2/'>2</a>"
        "<a class='next page-numbers' href='/grants/page/2/'>Next »</a></nav><aside><a href=/about>About</a></aside>",
        [f"https://fund.example/grants/call-{n}/" for n in (1, 2, 3)],
        ["https://fund.example/grants/page/2/"],
    ),
    "a table with an offset": (
        "https://agency.example/search?type=open",
        "<table>"
        + each("<tr><td>OPP-{n}</td><td><a href='/view?id={n}'>{name}</a></td><td>Posted</td></tr>")
        + "</table><div id=pager><a href='/search?type=open&offset=25'>Next</a></div>",
        [f"https://agency.example/view?id={n}" for n in (1, 2, 3)],
        ["https://agency.example/search?type=open&offset=25"],
    ),
    "a list of definitions with rel=next": (
        "https://stiftung.example/foerderung",
        "<link rel=next href='/foerderung?seite=2'><dl>"
        + each("<dt><a href='foerderung/{n}.html'>{name}</a></dt><dd>mehr</dd>")
        + "</dl><p><a href=/impressum>Impressum</a> <a href=/kontakt>Kontakt</a></p>",
        [f"https://stiftung.example/foerderung/{n}.html" for n in (1, 2, 3)],
        ["https://stiftung.example/foerderung?seite=2"],
    ),
    "Portuguese, with numbers": (
        "https://editais.example/editais?pagina=2",
        "<ul class=lista>"
        + each("<li><a href='https://editais.example/edital/{n}'>{name}</a> <span>aberto</span></li>")
        + "</ul><div class=paginacao><a href='?pagina=1'>1</a> <b>2</b> <a href='?pagina=3'>3</a>"
        "<a href='?pagina=3'>Próxima</a></div>",
        [f"https://editais.example/edital/{n}" for n in (1, 2, 3)],
        ["https://editais.example/editais?pagina=1", "https://editais.example/editais?pagina=3"],
    ),
    "papers as PDF texts": (
        "http://register.example/",
        "<table border=1>"
        + each("<tr><td>{n}<td><a href=papers/{n}.pdf.txt>{name}</a>")
        + "</table><p class=pages><a href=/register/2>next »</a></p>",
        [f"http://register.example/papers/{n}.pdf.txt" for n in (1, 2, 3)],
        ["http://register.example/register/2"],
    ),
    "one box that is all link": (
        "https://boxes.example/open-calls",
        "<div class=grid>"
        + each("<a class=box href='/open-calls/{n}-x'><h3>{name}</h3><p>Some words about what it is for.</p></a>")
        + "</div><a class='load-more' href='/open-calls?page=2'>More</a>",
        [f"https://boxes.example/open-calls/{n}-x" for n in (1, 2, 3)],
        ["https://boxes.example/open-calls?page=2"],
    ),
}


@pytest.mark.parametrize(("url", "body", "notices", "listings"), FORMS.values(), ids=FORMS)
def test_listings_of_all_forms_link_to_their_notices_and_pages(
    url: str, body: str, notices: list[str], listings: list[str]
) -> None:
    links = links_of(f"<html><body>{body}</body></html>", url)
    assert list(links.notices) == notices
    assert list(links.listings) == listings


def test_a_malformed_feed_has_no_links() -> None:
    assert links_of("<rss><channel><item><link>/a</link>", "http://site.example/feed") == Links((), ())


def test_a_listing_page_without_notices_links_to_its_feed() -> None:
    html = "<link rel=alternate type=application/atom+xml href=/feed.xml><div id=app></div>"
    assert links_of(html, "http://site.example/calls").listings == ("http://site.example/feed.xml",)


def test_many_thousands_of_links_are_parsed_quickly() -> None:
    html = "<ul>" + "".join(f"<li><a href='/call/{n}'>Call number {n}</a> until 3 May 2027</li>" for n in range(5000))
    began = time.process_time()
    assert len(links_of(html, "http://site.example/calls").notices) == 5000
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "title",
    [
        "Past Futures Fellowship",
        "Search for Meaning Grants",
        "Privacy Research Fund",
        "About the Sea: a prize for films",
    ],
)
def test_a_grant_can_have_a_boilerplate_title(title: str) -> None:
    html = f"<ul><li><a href=/calls/1>{title}</a> by 3 May 2027</li><li><a href=/privacy>Privacy policy</a></li></ul>"
    assert links_of(html, "http://site.example/calls").notices == ("http://site.example/calls/1",)
