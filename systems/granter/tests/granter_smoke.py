"""Smoke flows: carries out `smoke/*.yaml` against running services and tells what was not as expected."""

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
AGAIN_AFTER = 0.1
NOTHING = object()


class NotAsExpected(AssertionError):
    """A step was not answered as the flow says; the message tells which and how."""


@dataclass
class Flow:
    """`{unique}` and `{password}` are new for each run; what a step keeps, later steps may name."""

    addresses: Mapping[str, str]  # by the path that leads there; the longest counts, as at the edge
    known: dict[str, object] = field(default_factory=dict)

    def run(self, path: Path) -> None:
        told = yaml.safe_load(path.read_text())
        steps, after = told["steps"], told.get("finally", [])
        if not any(step.get("expect") for step in steps):
            raise NotAsExpected(f"{path.name} expects nothing")
        self.known = {"unique": uuid.uuid4().hex[:12], "password": secrets.token_urlsafe(18)}
        with httpx2.Client(trust_env=False, timeout=60) as client:
            try:
                for step in steps:
                    self._take(client, step)
            finally:
                for step in after:
                    self._take(client, step)

    def _take(self, client: httpx2.Client, step: Mapping[str, object]) -> None:
        """What only reads may be asked again until it is as expected, or its time is over."""
        method = next(name for name in METHODS if name in step)
        expected = self._filled(step.get("expect", {}))
        assert isinstance(expected, dict)
        within = _seconds(str(expected.get("within", "10s")))
        end = time.monotonic() + within
        while True:
            answer, wrong = self._ask(client, method, step, expected)
            if not wrong:
                break
            if method != "get" or time.monotonic() + AGAIN_AFTER > end:
                raise NotAsExpected(f"{method.upper()} {step[method]}: {'; '.join(wrong)}: {answer.text[:300]}")
            time.sleep(AGAIN_AFTER)
        keep = step.get("keep", {})
        assert isinstance(keep, dict)
        for name, path in keep.items():
            self.known[name] = value_at(answer.json(), path)

    def _ask(
        self, client: httpx2.Client, method: str, step: Mapping[str, object], expected: Mapping[str, object]
    ) -> tuple[httpx2.Response, list[str]]:
        headers = self._filled(step.get("headers", {}))
        assert isinstance(headers, dict)
        path = str(self._filled(step[method]))
        said = self._filled(step.get("json"))
        door = max((start for start in self.addresses if path.startswith(start)), key=len)
        began = time.monotonic()
        answer = client.request(method, self.addresses[door] + path, headers=headers, json=said)
        took = time.monotonic() - began
        wrong = list(differences(answer, expected))
        if took > _seconds(str(expected.get("within", "60s"))):
            wrong.append(f"took {took:.1f} s")
        return answer, wrong

    def _filled(self, value: object) -> object:
        if isinstance(value, str):
            return NAME.sub(lambda found: str(self.known[found[1]]), value)
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return value


def differences(answer: httpx2.Response, expected: Mapping[str, object]) -> list[str]:
    """What of *answer* is not as expected."""
    wrong = []
    if "status" in expected and answer.status_code != expected["status"]:
        wrong.append(f"status is {answer.status_code}, not {expected['status']}")
    headers, body = expected.get("header", {}), expected.get("body", {})
    assert isinstance(headers, dict)
    assert isinstance(body, dict)
    for name, value in headers.items():
        if not answer.headers.get(name, "").startswith(str(value)):
            wrong.append(f"{name} is {answer.headers.get(name)!r}, not {value!r}")
    if "contains" in body and str(body["contains"]).casefold() not in answer.text.casefold():
        wrong.append(f"the body does not contain {body['contains']!r}")
    if "matches" in body and not re.search(str(body["matches"]), answer.text):
        wrong.append(f"the body does not match {body['matches']!r}")
    paths = expected.get("json", {})
    assert isinstance(paths, dict)
    if paths:
        try:
            document = answer.json()
        except json.JSONDecodeError:
            return [*wrong, "the body is not JSON"]
        wrong += [f"{path} {why}" for path, value in paths.items() if (why := _unlike(value_at(document, path), value))]
    return wrong


def value_at(document: object, path: str) -> object:
    """What a path like `$.grants[0].title` leads to; NOTHING where it leads nowhere."""
    for name, index in STEP.findall(path.removeprefix("$")):
        if name and isinstance(document, dict) and name in document:
            document = document[name]
        elif index and isinstance(document, list) and -len(document) <= int(index) < len(document):
            document = document[int(index)]
        else:
            return NOTHING
    return document


def _unlike(value: object, expected: object) -> str:
    """How *value* differs from what is expected of it; empty when it does not."""
    if not isinstance(expected, dict):
        return "" if value == expected else f"is {_shown(value)}, not {expected!r}"
    for word, wanted in expected.items():
        match word:
            case "exists":
                fine = (value is not NOTHING) == wanted
            case "at_least":
                fine = isinstance(value, int | float) and value >= wanted
            case "at_most":
                fine = isinstance(value, int | float) and value <= wanted
            case "matches":
                fine = isinstance(value, str) and re.search(wanted, value) is not None
            case "count":
                fine = isinstance(value, list) and not _unlike(len(value), wanted)
            case _:
                return f"cannot be compared by {word!r}"
        if not fine:
            return f"is {_shown(value)}, not {word} {wanted!r}"
    return ""


def _shown(value: object) -> str:
    return "nothing" if value is NOTHING else repr(value)[:80]


def _seconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m)", text).groups()  # type: ignore[union-attr]  # a test says so aloud
    return float(number) * {"ms": 0.001, "s": 1, "m": 60}[unit]
