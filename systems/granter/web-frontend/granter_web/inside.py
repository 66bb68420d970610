"""Inside: addresses of our own pages, the only ones that a visitor is ever led to."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request

HOME = "/"
FORMS = frozenset({"/login", "/register", "/saved/new", "/account/delete", "/account/password"})


def inside(address: str) -> str:
    """*address* if it is the path of one of our pages, else the first page."""
    if not address.startswith("/") or address[1:2] in {"/", "\\"} or not address.isprintable() or "\\" in address:
        return HOME
    parts = urlsplit(address)
    return HOME if parts.scheme or parts.netloc else address


def login_for(request: Request) -> str:
    """The page to log in on, which leads back to where the visitor wanted to be."""
    path = request.url.path
    # What was sent by a form is gone after the detour; the page before it is still there.
    if request.method != "GET":
        return login_before(page_before(path))
    return login_before(f"{path}?{request.url.query}" if request.url.query else path)


def login_before(wanted: str) -> str:
    return f"/login?next={quote(wanted, safe='/')}"


def page_before(path: str) -> str:
    """The page that shows the form which is sent to *path*."""
    if path in FORMS:
        return path
    return "/saved" if path.startswith("/saved") else "/account"
