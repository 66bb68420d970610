# ruff: noqa: E501  (lines as long as the makers of such sites write them)
"""A foundation's blog: cards of articles, neighbouring pages as numbers with a gap, archives, tags and comments."""

from listing_sites.listing_site import Call, ListingSite

CALLS = {
    "green-roofs-for-schools": ("Green roofs for schools", "2027-03-15", "March 15, 2027", "$12,000"),
    "travel-money-for-young-string-players": (
        "Travel money for young string players",
        "2027-04-01",
        "1 April 2027",
        "$900",
    ),
    "quiet-rooms": ("Quiet rooms in public libraries", "2027-05-20", "May 20th, 2027", "$7,500"),
    "a-bench-in-every-street": ("A bench in every street", None, None, "$400"),
    "river-clean-up": ("River clean-up days 2027", "2027-02-27", "Feb 27, 2027", "$2,500"),
    "repair-cafes": ("Money for repair cafés", "2027-06-30", "June 30, 2027", "$3,000"),
    "night-sky": ("Night sky observers' fund", "2027-09-09", "September 9, 2027", "$1,800"),
    "first-novels": ("First novels: a year to write", "2027-10-31", "October 31, 2027", "$30,000"),
    "bees": ("Bees on the roof", "2027-03-31", "March 31st 2027", "$650"),
    "oral-history": ("Oral histories of the harbour", "2027-08-15", "August 15, 2027", "$5,000"),
}
PER_PAGE = 3
LAST = 4

HEAD = """<!doctype html><html lang="en-US"><head><meta charset="utf-8"><title>{title} – Larkspur Foundation</title>
<link rel="alternate" type="application/rss+xml" title="Larkspur Foundation » Feed" href="/feed/">{links}
<link rel="https://api.w.org/" href="/wp-json/"><link rel="shortlink" href="/?p=1"><script>var wp={{"a":1}};</script></head>
<body class="archive category"><a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<header class="site-header"><p class="site-title"><a href="/" rel="home">Larkspur Foundation</a></p>
<nav class="main-navigation"><ul><li class="menu-item"><a href="/about/">Who we are</a></li><li><a href="/grants/">Grants</a></li>
<li><a href="/our-annual-dinner-in-pictures/">Our annual dinner in pictures</a></li><li><a href="/contact/">Contact</a></li></ul></nav></header>
<div id="content" class="site-content">"""
FOOT = """</div><aside class="widget-area"><section class="widget widget_recent_entries"><h2>Recent Posts</h2><ul>
<li><a href="/our-annual-dinner-in-pictures/">Our annual dinner in pictures</a></li>
<li><a href="/meet-our-new-director/">Meet our new director, Ada Pruitt</a></li></ul></section>
<section class="widget widget_archive"><h2>Archives</h2><ul><li><a href="/2026/11/">November 2026</a></li><li><a href="/2026/10/">October 2026</a></li></ul></section>
<section class="widget widget_categories"><ul><li><a href="/category/news/">News from the foundation</a></li><li><a href="/category/grants/">All of our grants</a></li></ul></section>
<section><form role="search" action="/"><input name="s"></form></section></aside>
<footer><a href="/privacy-policy/">Privacy policy and cookies</a> <a href="/wp-login.php">Log in</a> <a href="https://wordpress.org/">Proudly powered by WordPress</a></footer></body></html>"""


def page(title: str, body: str, links: str = "") -> str:
    return HEAD.format(title=title, links=links) + body + FOOT


def address(number: int) -> str:
    return "/grants/" if number == 1 else f"/grants/page/{number}/"


def card(slug: str) -> str:
    title, _, _, amount = CALLS[slug]
    return f"""<article id="post-{len(slug)}" class="post type-post"><header><h2 class="entry-title"><a href="/{slug}/" rel="bookmark">{title}</a></h2>
<div class="entry-meta">Posted on <a href="/{slug}/"><time datetime="2026-11-02">November 2, 2026</time></a> by <a class="url fn n" href="/author/ada/">Ada Pruitt, editor in chief</a></div></header>
<a class="post-thumbnail" href="/{slug}/"><img src="/i/{slug}.jpg" alt=""></a>
<div class="entry-summary"><p>Up to {amount} for people who … <a href="/{slug}/#more-12" class="more-link">Continue reading <span>{title}</span></a></p></div>
<footer>Tagged <a href="/tag/community-projects/" rel="tag">community projects</a> <a href="/{slug}/#respond">Leave a comment on it</a></footer></article>"""


def listing(number: int) -> str:
    slugs = list(CALLS)[(number - 1) * PER_PAGE : number * PER_PAGE]
    near = sorted({1, number - 1, number, number + 1, LAST} & set(range(1, LAST + 1)))
    numbers = "".join(
        f"<span aria-current=page class='page-numbers current'>{n}</span>"
        if n == number
        else f"<a class=page-numbers href='{address(n)}'>{n}</a>"
        for n in near
    )
    after = f"<a class='next page-numbers' href='{address(number + 1)}'>Next Page</a>" if number < LAST else ""
    link = f"<link rel=next href='{address(number + 1)}'>" if number < LAST else ""
    return page(
        "Grants",
        f"<main><h1 class=page-title>Category: <span>Grants</span></h1>{''.join(map(card, slugs))}<nav class='navigation pagination'>{numbers}{after}</nav></main>",
        link,
    )


def article(slug: str) -> str:
    title, _, day, amount = CALLS[slug]
    until = (
        f"Send us your letter before <strong>{day}</strong>." if day else "You can write to us at any time of the year."
    )
    return page(
        title,
        f"""<main><article class="post"><header><h1 class="entry-title">{title}</h1><div class="entry-meta">Posted on <time>November 2, 2026</time></div></header>
<div class="entry-content"><p>The Larkspur Foundation gives up to {amount} to each project. {until}</p><p>Write two pages about what you want to do, and with whom.</p></div></article>
<nav class="navigation post-navigation"><a href="/meet-our-new-director/" rel="prev">Meet our new director</a> <a href="/bees/" rel="next">Bees on the roof</a></nav>
<div id="comments"><h2>One thought on “{title}”</h2><p>Joe wrote: I sent mine on January 3, 2026 at 4:12 pm</p></div></main>""",
    )


def other(title: str, body: str) -> str:
    return page(title, f"<main><article><h1>{title}</h1><p>{body}</p></article></main>")


SITE = ListingSite(
    start="/grants/",
    pages={address(number): listing(number) for number in range(1, LAST + 1)}
    | {f"/{slug}/": article(slug) for slug in CALLS}
    | {
        "/about/": other("Who we are", "The Larkspur Foundation was founded in 1971 with $2 million."),
        "/contact/": other("Contact", "Write to us at 12 Larkspur Lane."),
        "/our-annual-dinner-in-pictures/": other(
            "Our annual dinner in pictures", "On 4 October 2026 we raised $40,000."
        ),
        "/meet-our-new-director/": other("Meet our new director", "Ada Pruitt begins on January 1, 2027."),
        "/privacy-policy/": other("Privacy policy", "Cookies are kept for a year."),
        "/category/news/": other("News", "No news."),
        "/tag/community-projects/": listing(1),
        "/category/grants/": listing(1),
        "/author/ada/": listing(1),
        "/2026/11/": listing(1),
    },
    calls={f"/{slug}/": Call(title, deadline) for slug, (title, deadline, _, _) in CALLS.items()},
)
