"""The sections of a file with a smoke flow: the flow itself and its steps."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import HttpPath, Text, shown
from mainstay.manifest.smoke.expectation import ExpectSection, JsonPath, plain
from mainstay.model.flow import Flow, FlowStep
from mainstay.model.placeholders import found_in

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
GENERATED = ("unique", "password", "version")
"""The names of the placeholders whose values Mainstay provides for each run of a flow."""


def _kept_name(name: str) -> str:
    written = f"{{{name}}}"
    if [found.written for found in found_in(written)] != [written]:
        what = f"{shown(name)} is not a name that {{NAME}} can use"
        raise rule_error("bad-name", what, "use lower-case letters, digits and '_', and start with a letter")
    if name in GENERATED:
        raise rule_error("name-taken", f"{{{name}}} is generated for each run", "give it another name")
    return name


class FlowStepSection(Section):
    """One request, written as its method with its path, and what the response must be."""

    get: HttpPath | None = Field(default=None, examples=["/api/search?query=ocean"])
    """The path, with its query, of a GET request."""

    post: HttpPath | None = Field(default=None, examples=["/api/orders"])
    """The path of a POST request."""

    put: HttpPath | None = Field(default=None, examples=["/api/orders/1"])
    """The path of a PUT request."""

    patch: HttpPath | None = Field(default=None, examples=["/api/orders/1"])
    """The path of a PATCH request."""

    delete: HttpPath | None = Field(default=None, examples=["/api/orders/1"])
    """The path of a DELETE request."""

    head: HttpPath | None = Field(default=None, examples=["/"])
    """The path of a HEAD request."""

    options: HttpPath | None = Field(default=None, examples=["/"])
    """The path of an OPTIONS request."""

    headers: dict[str, Text] = Field(default={}, examples=[{"Authorization": "Bearer {token}"}])
    """Headers of the request."""

    json_: object = Field(default=None, alias="json", examples=[{"email": "smoke-{unique}@example.com"}])
    """The body of the request: any value, sent as JSON. Default: no body."""

    expect: ExpectSection = Field(default=ExpectSection(), examples=[{"status": 200}])
    """What the response must be. Without it, every response is accepted."""

    keep: dict[Annotated[str, AfterValidator(_kept_name)], JsonPath] = Field(
        default={}, examples=[{"token": "$.token"}]
    )
    """Values that later steps use as `{NAME}`: each NAME with the JSONPath of its value in the response."""

    @model_validator(mode="after")
    def _one_request(self) -> Self:
        written = [method for method in METHODS if getattr(self, method) is not None]
        if len(written) != 1:
            what = f"a step has one request, found {' and '.join(written) or 'none'}"
            raise rule_error("bad-step", what, "write one of: " + ", ".join(f"{each}: /path" for each in METHODS[:5]))
        return self

    def to_step(self) -> FlowStep:
        method = next(each for each in METHODS if getattr(self, each) is not None)
        return FlowStep(
            method=method.upper(),
            path=getattr(self, method),
            headers=dict(self.headers),
            json=plain(self.json_),
            expect=self.expect.to_expectation(),
            keep=dict(self.keep),
        )


class FlowSection(Section):
    """A smoke flow: requests that test a release. Each of the files that the key `smoke` names contains one flow."""

    flow: Text = Field(min_length=1, max_length=100, examples=["register and search"])
    """The name of the flow, different from that of every other flow."""

    writes: bool = Field(default=False, examples=[True])
    """Whether the flow changes data. If so, it runs only through the front door, unless `smoke` has
    `writes: preview`."""

    host: Text = Field(default="", examples=["shop.example"])
    """The `Host` header of the requests. Default: the host of the route that a request takes."""

    steps: tuple[FlowStepSection, ...] = Field(min_length=1, examples=[[{"get": "/", "expect": {"status": 200}}]])
    """The requests, in order. The first unexpected response ends the flow."""

    finally_: tuple[FlowStepSection, ...] = Field(
        default=(), alias="finally", examples=[[{"delete": "/api/auth/me", "expect": {"status": 204}}]]
    )
    """Requests that Mainstay sends after `steps` in any case, also after an unexpected response or an interruption. It
    leaves out a request that uses a value that no step has kept."""

    def to_flow(self) -> Flow:
        return Flow(
            name=self.flow,
            steps=tuple(step.to_step() for step in self.steps),
            finally_=tuple(step.to_step() for step in self.finally_),
            writes=self.writes,
            host=self.host,
        )
