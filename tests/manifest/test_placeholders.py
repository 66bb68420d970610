"""Placeholders are accepted where they have a value and refused elsewhere; all other braces are left alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainstay.model.placeholders import PLACEHOLDERS, fill
from tests.manifest.written import loaded, mistakes


def shop(variables: Any = None, **web: object) -> str:
    """A manifest whose service web has *web* beside a command and a port."""
    service = {"command": ["x"], "port": 80, "variables": [*(variables or {})]} | web
    service = {key: value for key, value in service.items() if value is not None}
    return json.dumps({"system": "s", "version": "1", "variables": variables or {}, "services": {"web": service}})


def found_in(folder: Path, text: str) -> list[str]:
    """The mistakes without the file's name and the place."""
    return [each.partition(": ")[2] for each in mistakes(folder, text)]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("{pyton}", "{pyton} is not a placeholder (services.web.command[0]); did you mean '{python}'?"),
        ("--port={prot}", "{prot} is not a placeholder (services.web.command[0]); did you mean '{port}'?"),
        ("{volme:up}", "{volme:up} is not a placeholder (services.web.command[0]); did you mean '{volume:NAME}'?"),
        ("{volume}", "{volume} names no volume (services.web.command[0]); write {volume:NAME}"),
        (
            "{customer}",
            (
                "{customer} is not a placeholder (services.web.command[0]); "
                "use one of: {host}, {port}, {python}, {uv}, {version}, {volume:NAME}"
            ),
        ),
    ],
)
def test_an_unknown_placeholder_is_refused_with_the_nearest_known_one(tmp_path: Path, text: str, mistake: str) -> None:
    assert found_in(tmp_path, shop(command=[text])) == [f"{mistake} [unknown-placeholder]"]


@pytest.mark.parametrize(
    "text",
    ["${port}", "{{port}}", "{PORT}", '{"port": 1}', "{port:1}", "{a, b}", "{}", "%({x-real-ip}i)s", "$HOME", "{a:1}"],
)
def test_other_braces_and_every_dollar_are_left_alone(tmp_path: Path, text: str) -> None:
    assert found_in(tmp_path, shop({"A": {"default": text}}, command=[text], build=[[text]])) == []
    assert fill(text, {"port": "1", "a": "2"}, "/volumes") == text


def test_placeholders_are_replaced_inside_of_an_argument() -> None:
    text = '--bind={host}:{port} {"at":{port}} {volume:up}/x {{port}} ${port}'
    filled = '--bind=127.0.0.1:80 {"at":80} /volumes/up/x {{port}} ${port}'
    assert fill(text, {"host": "127.0.0.1", "port": "80"}, "/volumes") == filled


@pytest.mark.parametrize(
    ("web", "mistake"),
    [
        (
            {"build": [["make", "{port}"]]},
            (
                "{port} has no value in 'build': a build runs once for all instances and releases "
                "(services.web.build[0][1]); use it in 'command'"
            ),
        ),
        (
            {"build": [["{volume:up}"]], "volumes": ["up:up"]},
            (
                "{volume:up} has no value in 'build': a build runs once for all instances and releases "
                "(services.web.build[0][0]); use it in 'command'"
            ),
        ),
        (
            {"port": None, "command": ["x", "{host}"]},
            "{host} has no value: web has no port (services.web.command[1]); give web a port, or leave {host} out",
        ),
        (
            {"port": None, "health": {"command": ["{port}"]}},
            (
                "{port} has no value: web has no port (services.web.health.command[0]); "
                "give web a port, or leave {port} out"
            ),
        ),
        (
            {"image": "x:{python}"},
            (
                "{python} has no value in 'image': an image depends on the version only (services.web.image); "
                "use {version}"
            ),
        ),
    ],
    ids=["a port in a build", "a volume in a build", "a worker's host", "a worker's health", "an image"],
)
def test_a_placeholder_without_a_value_is_refused_with_the_reason(
    tmp_path: Path, web: dict[str, object], mistake: str
) -> None:
    assert found_in(tmp_path, shop(**web)) == [f"{mistake} [misplaced-placeholder]"]


def test_a_port_in_a_variable_is_refused_with_the_reason(tmp_path: Path) -> None:
    assert found_in(tmp_path, shop({"A": "{port}"})) == [
        (
            "{port} has no value in 'variables': a variable has one value for all services (variables.A); "
            "use it in 'command', or let the service read PORT [misplaced-placeholder]"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        shop(command=["{volume:uploads}"]),
        shop({"A": "{volume:uploads}"}),
        shop(health={"command": ["{volume:uploads}"]}),
    ],
    ids=["in a command", "in a variable", "in a health command"],
)
def test_a_volume_that_the_service_does_not_declare_is_refused(tmp_path: Path, text: str) -> None:
    (mistake,) = found_in(tmp_path, text)
    assert mistake.startswith("web has no volume 'uploads' (")
    assert mistake.endswith("); add volumes: [uploads:PATH] to web [unknown-volume]")


def test_a_declared_volume_is_accepted_everywhere_it_has_a_value(tmp_path: Path) -> None:
    text = shop({"A": "{volume:up}"}, command=["{volume:up}"], volumes=["up:up"], health={"command": ["{volume:up}"]})
    assert found_in(tmp_path, text) == []
    near = shop(command=["{volume:upp}"], volumes=["up:up"])
    assert found_in(tmp_path, near) == [
        "web has no volume 'upp' (services.web.command[0]); did you mean 'up'? [unknown-volume]"
    ]


def test_every_placeholder_is_accepted_where_the_reference_lists_it(tmp_path: Path) -> None:
    def written(key: str) -> str:
        return "".join(each.written.replace("NAME", "up") for each in PLACEHOLDERS if key in each.where)

    manifest = loaded(
        tmp_path,
        shop(
            {"A": written("variables")},
            command=[written("command")],
            build=[[written("build")]],
            health={"command": [written("health.command")]},
            volumes=["up:up"],
            source={"git": ".", "ref": written("source.ref")},
            image="x:" + written("image"),
        ),
    )
    assert manifest.services["web"].command[0].startswith("{host}{port}")
