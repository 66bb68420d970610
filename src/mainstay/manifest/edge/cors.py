"""The section `cors` of the edge: what web pages of other origins may do (cross-origin requests, CORS)."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.edge.headers import HeaderName
from mainstay.manifest.scalars import Duration, shown
from mainstay.model.cors import Cors

_DEFAULT = Cors(())
_ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?")
_USUAL_PORTS = {"http": "80", "https": "443"}
_METHOD = re.compile(r"[A-Z]{1,20}")


def _origin(value: str) -> str:
    """Return *value* if it is `*`, or an origin exactly as browsers send it."""
    found = _ORIGIN.fullmatch(value)
    if value == "*" or (found and found[3] != _USUAL_PORTS[found[1]]):
        return value
    # The nearest origin: lower case, without path and usual port.
    near = re.match(r"(https?)://([^/?#@\s:]+)(?::(\d+))?", value.lower())
    port = f":{near[3]}" if near and near[3] and near[3] != _USUAL_PORTS[near[1]] else ""
    meant = f"{near[1]}://{near[2]}{port}" if near else ""
    remedy = f"write {meant}" if _ORIGIN.fullmatch(meant) else "write https://shop.example, with :PORT if it has one"
    raise rule_error("bad-origin", f"{shown(value)} is not an origin as browsers send it", remedy)


def _method(value: str) -> str:
    if not _METHOD.fullmatch(value):
        raise rule_error("bad-method", f"{shown(value)} is not a method", "write it in upper case, like GET")
    return value


Origin = Annotated[str, AfterValidator(_origin), WithJsonSchema({"type": "string"})]
Method = Annotated[str, AfterValidator(_method), WithJsonSchema({"type": "string", "pattern": f"^{_METHOD.pattern}$"})]


class CorsSection(Section):
    """What web pages of other origins may do. The edge answers preflight requests itself: 204 for the listed origins,
    403 for others. The edge replaces CORS headers that services set."""

    origins: tuple[Origin, ...] = Field(min_length=1, examples=[["https://shop.example"]])
    """Origins exactly as browsers send them: scheme, host in lower case, and the port if it is not the usual one.
    `["*"]` allows every origin, without credentials."""

    methods: tuple[Method, ...] = Field(default=_DEFAULT.methods, min_length=1, examples=[["GET"]])
    """HTTP methods that a page may use."""

    headers: tuple[HeaderName, ...] = Field(default=_DEFAULT.headers, examples=[["Content-Type", "X-Token"]])
    """Request headers that a page may set."""

    expose: tuple[HeaderName, ...] = Field(default=_DEFAULT.expose, examples=[["X-Request-Id"]])
    """Response headers that a page may read."""

    credentials: bool = Field(default=_DEFAULT.credentials, examples=[True])
    """Whether a page may send cookies and authentication."""

    max_age: Duration = Field(default=_DEFAULT.max_age_s, examples=["1h"])
    """Time for which a browser may keep the response to a preflight request."""

    @model_validator(mode="after")
    def _every_origin_is_alone(self) -> Self:
        if "*" in self.origins and self.credentials:
            what = "with '*' and 'credentials', the pages of every origin could act as the user"
            raise rule_error("cors-for-everyone", what, "list the origins, or leave 'credentials' out")
        if "*" in self.origins and len(self.origins) > 1:
            raise rule_error(
                "cors-for-everyone", "'*' already contains the other origins", 'write ["*"], or remove "*"'
            )
        return self

    def to_cors(self) -> Cors:
        """Return the rules for the edge."""
        return Cors(self.origins, self.methods, self.headers, self.expose, self.credentials, self.max_age)
