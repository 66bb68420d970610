"""Internal addresses: paths on this site. A visitor is redirected to no other address."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request

HOME = "/"
FORMS = frozenset({"/login", "/register", "/saved/new", "/account/delete", "/account/password"})


def internal_url(address: str) -> str:
    """Return *address* if it is a path on this site, else the path of the first page."""
    if not address.startswith("/") or address[1:2] in {"/", "\\"} or not address.isprintable() or "\\" in address:
        return HOME
    parts = urlsplit(address)
    return HOME if parts.scheme or parts.netloc else address


def login_url_for(request: Request) -> str:
    """Return the address of the log-in page that afterwards leads back to the page of *request*."""
    path = request.url.path
    # The log-in loses the data of a form, so return to the page with the form.
    if request.method != "GET":
        return login_url(form_page_of(path))
    return login_url(f"{path}?{request.url.query}" if request.url.query else path)


def login_url(wanted: str) -> str:
    return f"/login?next={quote(wanted, safe='/')}"


def form_page_of(path: str) -> str:
    """Return the path of the page whose form is sent to *path*."""
    if path in FORMS:
        return path
    return "/saved" if path.startswith("/saved") else "/account"
