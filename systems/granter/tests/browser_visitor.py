"""A visitor without a browser: keeps cookies, sends the forms that pages show, follows nothing by itself."""

import re
from html import unescape
from urllib.parse import urlencode

import httpx2


class Visitor:
    def __init__(self, url: str, **headers: str) -> None:
        self._client = httpx2.Client(base_url=url, headers=headers, follow_redirects=False, trust_env=False, timeout=15)

    @property
    def cookies(self) -> httpx2.Cookies:
        return self._client.cookies

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self._client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def send(self, path: str, fields: dict[str, str], *, on: str = "", **headers: str) -> httpx2.Response:
        """Fill in the form on page *on* (default: *path*) and send it."""
        proof = re.search(r'name="csrf" value="([^"]+)"', self.get(on or path).text)
        return self.post(path, {**({"csrf": unescape(proof[1])} if proof else {}), **fields}, **headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._client.post(path, content=urlencode(fields), headers={**kind, **named})

    def log_in(self, email: str = "ada@example.org", password: str = "a long enough phrase") -> httpx2.Response:
        return self.send("/login", {"email": email, "password": password})
