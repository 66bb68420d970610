"""Internal addresses: the only targets to which a visitor is ever redirected."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request

HOME = "/"
FORMS = frozenset({"/login", "/register", "/saved/new", "/account/delete", "/account/password"})


def internal_url(address: str) -> str:
    """Return *address* if it is the path of one of our pages, else the first page."""
    if not address.startswith("/") or address[1:2] in {"/", "\\"} or not address.isprintable() or "\\" in address:
        return HOME
    parts = urlsplit(address)
    return HOME if parts.scheme or parts.netloc else address


def login_url_for(request: Request) -> str:
    """Return the address of the log-in page, which leads back to the page the visitor wanted."""
    path = request.url.path
    # Form data is lost after the detour, so return to the page with the form.
    if request.method != "GET":
        return login_url(form_page_of(path))
    return login_url(f"{path}?{request.url.query}" if request.url.query else path)


def login_url(wanted: str) -> str:
    return f"/login?next={quote(wanted, safe='/')}"


def form_page_of(path: str) -> str:
    """Return the page that shows the form which is sent to *path*."""
    if path in FORMS:
        return path
    return "/saved" if path.startswith("/saved") else "/account"
