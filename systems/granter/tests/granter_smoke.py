"""Smoke flows: runs `smoke/*.yaml` against running services and reports unexpected responses."""

import json
import re
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import yaml

METHODS = ("get", "post", "put", "patch", "delete")
STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(-?\d+)\]")
NAME = re.compile(r"\{(\w+)\}")
RETRY_SECONDS = 0.1
MISSING = object()


class UnexpectedResponse(AssertionError):
    """The response to a step differs from the flow's expectation; the message describes how."""


@dataclass
class Flow:
    """`{unique}` and `{password}` are new for each run; later steps may use the values that earlier steps keep."""

    addresses: Mapping[str, str]  # base URL by path prefix; the longest matching prefix applies, as at the edge
    variables: dict[str, object] = field(default_factory=dict)

    def run(self, path: Path) -> None:
        flow_document = yaml.safe_load(path.read_text())
        steps, after = flow_document["steps"], flow_document.get("finally", [])
        if not any(step.get("expect") for step in steps):
            raise UnexpectedResponse(f"{path.name} expects nothing")
        self.variables = {"unique": uuid.uuid4().hex[:12], "password": secrets.token_urlsafe(18)}
        with httpx2.Client(trust_env=False, timeout=60) as client:
            try:
                for step in steps:
                    self._take(client, step)
            finally:
                for step in after:
                    self._take(client, step)

    def _take(self, client: httpx2.Client, step: Mapping[str, object]) -> None:
        """Run one step. A GET is retried until its response is as expected, or its timeout expires."""
        method = next(name for name in METHODS if name in step)
        expected = self._substituted(step.get("expect", {}))
        assert isinstance(expected, dict)
        timeout = _seconds(str(expected.get("within", "10s")))
        end = time.monotonic() + timeout
        while True:
            response, problems = self._send(client, method, step, expected)
            if not problems:
                break
            if method != "get" or time.monotonic() + RETRY_SECONDS > end:
                raise UnexpectedResponse(
                    f"{method.upper()} {step[method]}: {'; '.join(problems)}: {response.text[:300]}"
                )
            time.sleep(RETRY_SECONDS)
        keep = step.get("keep", {})
        assert isinstance(keep, dict)
        for name, path in keep.items():
            self.variables[name] = value_at(response.json(), path)

    def _send(
        self, client: httpx2.Client, method: str, step: Mapping[str, object], expected: Mapping[str, object]
    ) -> tuple[httpx2.Response, list[str]]:
        headers = self._substituted(step.get("headers", {}))
        assert isinstance(headers, dict)
        path = str(self._substituted(step[method]))
        body = self._substituted(step.get("json"))
        prefix = max((start for start in self.addresses if path.startswith(start)), key=len)
        started = time.monotonic()
        response = client.request(method, self.addresses[prefix] + path, headers=headers, json=body)
        seconds = time.monotonic() - started
        problems = list(differences(response, expected))
        if seconds > _seconds(str(expected.get("within", "60s"))):
            problems.append(f"took {seconds:.1f} s")
        return response, problems

    def _substituted(self, value: object) -> object:
        if isinstance(value, str):
            return NAME.sub(lambda found: str(self.variables[found[1]]), value)
        if isinstance(value, dict):
            return {name: self._substituted(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._substituted(item) for item in value]
        return value


def differences(response: httpx2.Response, expected: Mapping[str, object]) -> list[str]:
    """Return the differences between the response and the expectation."""
    problems = []
    if "status" in expected and response.status_code != expected["status"]:
        problems.append(f"status is {response.status_code}, not {expected['status']}")
    headers, body = expected.get("header", {}), expected.get("body", {})
    assert isinstance(headers, dict)
    assert isinstance(body, dict)
    for name, value in headers.items():
        if not response.headers.get(name, "").startswith(str(value)):
            problems.append(f"{name} is {response.headers.get(name)!r}, not {value!r}")
    if "contains" in body and str(body["contains"]).casefold() not in response.text.casefold():
        problems.append(f"the body does not contain {body['contains']!r}")
    if "matches" in body and not re.search(str(body["matches"]), response.text):
        problems.append(f"the body does not match {body['matches']!r}")
    paths = expected.get("json", {})
    assert isinstance(paths, dict)
    if paths:
        try:
            document = response.json()
        except json.JSONDecodeError:
            return [*problems, "the body is not JSON"]
        problems += [
            f"{path} {problem}"
            for path, value in paths.items()
            if (problem := _difference(value_at(document, path), value))
        ]
    return problems


def value_at(document: object, path: str) -> object:
    """Return the value at a path like `$.grants[0].title`; MISSING if there is none."""
    for name, index in STEP.findall(path.removeprefix("$")):
        if name and isinstance(document, dict) and name in document:
            document = document[name]
        elif index and isinstance(document, list) and -len(document) <= int(index) < len(document):
            document = document[int(index)]
        else:
            return MISSING
    return document


def _difference(value: object, expected: object) -> str:
    """Return how *value* differs from *expected*; empty if it does not."""
    if not isinstance(expected, dict):
        return "" if value == expected else f"is {_shown(value)}, not {expected!r}"
    for comparison, expected_value in expected.items():
        match comparison:
            case "exists":
                matches = (value is not MISSING) == expected_value
            case "at_least":
                matches = isinstance(value, int | float) and value >= expected_value
            case "at_most":
                matches = isinstance(value, int | float) and value <= expected_value
            case "matches":
                matches = isinstance(value, str) and re.search(expected_value, value) is not None
            case "count":
                matches = isinstance(value, list) and not _difference(len(value), expected_value)
            case _:
                return f"cannot be compared by {comparison!r}"
        if not matches:
            return f"is {_shown(value)}, not {comparison} {expected_value!r}"
    return ""


def _shown(value: object) -> str:
    return "nothing" if value is MISSING else repr(value)[:80]


def _seconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m)", text).groups()  # type: ignore[union-attr]  # a malformed flow fails the test
    return float(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]
