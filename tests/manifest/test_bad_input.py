"""What cannot be meant is refused with its place, its path, what to do and a stable code; each text is golden."""

from pathlib import Path

import pytest

from mainstay.manifest.base import Section
from mainstay.manifest.other_tools import INSTEAD
from tests.manifest.written import HELLO, mistakes, write

REST = "services: {web: {command: [x], port: 80}}\n"
HEAD = "system: shop\nversion: 1.0.0\n"


def bad(number: str, text: str | bytes, said: str, name: str) -> object:
    """A row of the catalogue."""
    return pytest.param(text, said, id=name, marks=pytest.mark.bad_input(number))


def service(body: str) -> str:
    """A manifest with one service that has *body*."""
    return f"{HEAD}services: {{web: {{command: [x], {body}}}}}\n"


ROWS = [
    bad("B2", b"", "1:1: the file is empty; mainstay init in an empty folder writes the smallest one [empty-file]",
        "an empty file"),
    bad("B3", "- a\n", "1:1: expected keys at the top, found a list; begin with system: NAME [not-a-mapping]",
        "a list"),
    bad("B3", "just text\n", "1:1: expected keys at the top, found a text; begin with system: NAME [not-a-mapping]",
        "a text"),
    bad("B4", "system: shop\n\tversion: 1\n", "2:1: line 2 is indented with a tab; use spaces [tab]", "a tab"),
    bad("B5", f"{HEAD}{REST}---\n{HEAD}",
        "4:1: found a second document; put each system in its own file [two-documents]",
        "two documents"),
    bad("B6", f"{HEAD}services:\n  web:\n    command: [x]\n    port: 80\n    port: 81\n",
        "7:5: 'port' is given twice (lines 6 and 7) (services.web.port); keep one [given-twice]", "a key given twice"),
    bad("B7", service("replcas: 2"),
        "3:32: unknown key 'replcas' (services.web.replcas); did you mean 'replicas'? [unknown-key]", "an unknown key"),
    bad("B8", f"{HEAD}services:\n  web:\n",
        "4:3: is empty (services.web); write its keys below 'web:', or leave it out [empty]", "a service without body"),
    bad("B10", f"system: shop\nversion: 1.10\n{REST}",
        '2:10: YAML reads 1.10 as the number 1.1 (version); write "1.10" with quotes [version-is-a-number]',
        "a version that is a number"),
    bad("B13", service("port: 65536"),
        "3:38: a port is a whole number from 1 to 65535, found 65536 (services.web.port); write 8080 [bad-port]",
        "a port too high"),
    bad("B13", service("port: true"),
        "3:38: a port is a whole number from 1 to 65535, found true (services.web.port); write 8080 [bad-port]",
        "a port that is true"),
    bad("B14", service("drain: .inf"),
        "3:39: cannot read .inf as a duration (services.web.drain); use 500ms, 30s, 5m, 2h or 7d [bad-duration]",
        "an endless duration"),
    bad("B15", service("drain: 5 minutes"),
        "3:39: cannot read '5 minutes' as a duration (services.web.drain); use 500ms, 30s, 5m, 2h or 7d [bad-duration]",
        "a duration in words"),
    bad("B15", service("drain: 30"), "3:39: 30 has no unit (services.web.drain); write 30s [bad-duration]",
        "a duration without unit"),
    bad("B16", service("replicas: 0"),
        "3:42: must be at least 1, found 0 (services.web.replicas); write 1 [out-of-range]", "no replicas"),
    bad("B17", service("resources: {memory: 1gb}"),
        "3:52: '1gb' is ambiguous (services.web.resources.memory); write 1Gi (powers of 1024) or 1GB (powers of 1000) "
        "[bad-size]", "a size that is ambiguous"),
    bad("B17", service("resources: {memory: lots}"),
        "3:52: 'lots' is not a size (services.web.resources.memory); use 512Mi, 4Gi or 10MB [bad-size]", "no size"),
    bad("B4", f"{HEAD}services:\n  web:\n    \tcommand: [x]\n",
        "5:5: line 5 is indented with a tab; use spaces [tab]", "a tab after spaces"),
    bad("B4", f"{HEAD}services:\n  web:\n\t    command: [x]\n",
        "5:1: line 5 is indented with a tab; use spaces [tab]", "a tab before spaces"),
    bad("B8", service("port: 80, health: /health"),
        "3:50: expected a mapping, found '/health' (services.web.health); write health: {ready: /health} "
        "[not-a-mapping]", "a health check that is a path"),
    bad("B7", f"{HEAD}{REST}datastores: {{db: {{kind: redis}}}}\n",
        "4:25: kind redis does not work in this version (datastores.db.kind); use postgres [not-yet]",
        "a kind that comes later"),
    bad("B7", f"{HEAD}{REST}datastores: {{db: {{kind: mysql}}}}\n",
        "4:25: 'mysql' is not a kind of datastore (datastores.db.kind); the kinds are postgres, mongodb, rabbitmq, "
        "redis and files [not-one-of]", "a kind that does not exist"),
    bad("B18", service("image: shop:latest"),
        "3:39: 'shop:latest' has no fixed tag or digest, and a release must be repeatable (services.web.image); "
        "write web:{version} [image-not-fixed]", "an image that moves"),
    bad("B21", service("needs: [redsi], port: 80") + "datastores: {redis: {kind: postgres}}\n",
        "3:40: web needs redsi, which is not in the manifest (services.web.needs[0]); did you mean 'redis'? "
        "[unknown-need]", "a need that is nowhere"),
    bad("B22", f"{HEAD}services:\n  a: {{command: [x], needs: [b]}}\n  b: {{command: [x], needs: [a]}}\n",
        "4:28: services need each other in a circle: a → b → a (services.a.needs); leave one of these needs out "
        "[circle]", "a circle"),
    bad("B24", f"{HEAD}services: {{'-rf': {{command: [x]}}}}\n",
        "3:12: '-rf' is not a name (services.-rf); use a-z, 0-9 and '-', start with a letter, end with a letter "
        "or digit, at most 63 characters [bad-name]", "a name that is an option"),
    bad("B25", "system: na\u202eme\n", "1:11: hidden character U+202E; remove it [hidden-character]", "a hidden turn"),
    bad("B26", "system: a\0b\n", "1:10: control character U+0000; remove it [control-character]", "a NUL"),
    bad("B27", "system: shop\n".encode("utf-16"),
        "1:1: the file is not UTF-8 (looks like UTF-16); save it as UTF-8 [not-utf8]", "UTF-16"),
    bad("B28", f"{HEAD}services: !!python/object {{}}\n",
        "3:11: the tag !!python/object is not allowed (services); leave it out [tag]", "a tag"),
    bad("B29", f"{HEAD}services: {{web: &a {{command: [x]}}, other: *a}}\n",
        "3:17: aliases are not allowed here (services.other); repeat the value [alias]", "an alias"),
    bad("B30", "[" * 20_000, "1:1: nested deeper than 32 levels; a manifest needs fewer [too-deep]", "20,000 levels"),
    bad("B31", f"{HEAD}services:\n" + "".join(f"  s{n}: {{command: [x]}}\n" for n in range(501)),
        "3:1: the manifest has 501 services, the limit is 500 (services); split it into systems [too-many-services]",
        "501 services"),
    bad("B31", b"#" * 1_000_001, "1:1: the file has 1,000,001 bytes, the limit is 1,000,000; split it into systems "
        "[too-large]", "a file too large"),
    bad("B32", service(f"port: {'9' * 5000}"),
        "3:38: the number is too long (services.web.port); shorten it [long-number]",
        "5,000 digits"),
    bad("B33", f"{HEAD}variables: {{URL: {{default: 'postgres://u:hunter2@db/x'}}}}\n{REST}",
        "3:18: URL holds an address with a password (variables.URL); write URL: {secret: true}; its value is not shown "
        "[secret-in-clear]", "a password in an address"),
    bad("B33", f"{HEAD}variables: {{DB_PASSWORD: {{default: hunter2}}}}\n{REST}",
        "3:26: DB_PASSWORD holds a credential, by its name (variables.DB_PASSWORD); write DB_PASSWORD: {secret: true}; "
        "its value is not shown [secret-in-clear]", "a password by its name"),
    bad("B34", service("variables: [TOKEN]"),
        "3:44: web reads TOKEN, which 'variables' does not declare (services.web.variables[0]); none is declared "
        "[unknown-variable]", "a variable that is nowhere"),
    bad("B38", service("port: 80, health: {ready: healthz}"),
        "3:58: a path starts with '/', found 'healthz' (services.web.health.ready); write /healthz [bad-path]",
        "a health path without a slash"),
    bad("B39", service("port: 80, health: {within: 1s, interval: 5s}"),
        "3:50: within 1s is shorter than one interval of 5s (services.web.health); lengthen 'within' [limit-too-short]",
        "a limit under one interval"),
    bad("B44", f"{HEAD}{REST}datastores:\n  db: {{kind: postgres, backup: none}}\n",
        "5:7: holds data and has no backup (datastores.db); add because: REASON, or declare a backup [no-backup]",
        "no backup without a reason"),
    bad("B55", service("volumes: ['up:../../etc']"),
        "3:42: '../../etc' leaves the service's folder (services.web.volumes[0]); name a folder inside it "
        "[path-leaves]",
        "a volume that leaves"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), ROWS)
def test_says_where_what_and_what_to_do(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = write(tmp_path, text)
    assert mistakes(tmp_path, path.read_bytes())[0] == f"{path}:{said}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("scale: {min: 1}", "not-yet", id="scale does not work yet"),
        pytest.param("needs: [web]", "needs-itself", id="needs itself"),
        pytest.param("health: {ready: /x}", "no-address", id="asked without a port"),
        pytest.param("port: 80, overlap: true", "not-a-worker", id="overlap with a port"),
        pytest.param("strategy: canary", "not-served", id="a canary without traffic"),
        pytest.param("strategy: {revert_after: 2s}", "limit-too-short", id="a run that is slow counts as gone"),
        pytest.param("strategy: {percent: [5]}", "percent-without-canary", id="percentages without a canary"),
        pytest.param(
            "strategy: {kind: canary, percent: [50, 5]}", "percent-does-not-grow", id="percentages that shrink"
        ),
        pytest.param("stop_signal: SIGKILL", "bad-signal", id="a signal nobody answers"),
        pytest.param("source: nowhere", "no-folder", id="a source that is not there"),
        pytest.param("source: {git: .}", "half-a-source", id="git without ref"),
        pytest.param("health: {command: [x], file: y}", "two-healths", id="two ways to be well"),
        pytest.param("volumes: [uploads]", "bad-volume", id="a volume without a path"),
        pytest.param("build: [['https://u:pw@host/x']]", "secret-in-clear", id="a password in an argument"),
        pytest.param("command: ['{volume:up}']", "given-twice", id="a command given twice"),
        pytest.param("restart: sometimes", "not-one-of", id="a word that is not known"),
        pytest.param("resources: {cpus: none}", "not-a-number", id="no number"),
        pytest.param("read_only: 1", "not-a-bool", id="neither true nor false"),
    ],
)
def test_a_service_is_refused(tmp_path: Path, body: str, code: str) -> None:
    assert mistakes(tmp_path, service(body))[0].endswith(f"[{code}]")


@pytest.mark.parametrize("port", ['"8000"', "99999", "[80, 443]"])
def test_a_port_that_is_wrong_is_not_also_missing(tmp_path: Path, port: str) -> None:
    text = HELLO.replace("port: 8000", f"port: {port}").replace("app.py]", 'app.py, "{port}"]')
    assert [each.rpartition(" [")[2] for each in mistakes(tmp_path, text)] == ["bad-port]"]


def test_a_misspelt_key_is_not_also_missing(tmp_path: Path) -> None:
    found = mistakes(tmp_path, HELLO.replace("command:", "comand:"))
    assert [each.rpartition(" [")[2] for each in found] == ["unknown-key]"]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        pytest.param("edge: {routes: [{path: /, service: wev}]}", "unknown-service", id="a route to nowhere"),
        pytest.param("edge: {routes: [{path: /, service: work}]}", "no-address", id="a route to a worker"),
        pytest.param(
            "edge: {routes: [{path: /, service: web}, {path: /, service: web}]}", "given-twice", id="one path twice"
        ),
        pytest.param("edge: {tls: {mode: internal}}", "not-yet", id="tls does not work yet"),
        pytest.param("smoke: smoke/", "not-yet", id="smoke flows do not work yet"),
        pytest.param("variables: {A: {from: work}}", "no-address", id="an address of a worker"),
        pytest.param("variables: {A: {from: nobody}}", "unknown-source", id="an address of nobody"),
        pytest.param("variables: {PORT: {default: '1'}}", "name-taken", id="a name that Mainstay tells"),
        pytest.param("variables: {A: {default: a, secret: true}}", "secret-in-clear", id="a secret with a default"),
        pytest.param("variables: {A: {generate: true}}", "generated-in-clear", id="generated but shown"),
        pytest.param("variables: {A: {default: a, generate: true}}", "two-sources", id="two sources"),
        pytest.param("variables: {A: {default: c, one_of: [a, b]}}", "not-one-of", id="a default that is not allowed"),
        pytest.param("variables: {A: {default: c, min_length: 9}}", "too-short", id="a default too short"),
        pytest.param("datastores: {web: {kind: postgres}}", "name-taken", id="one name for two things"),
        pytest.param("datastores: {db: {kind: mongodb}}", "not-yet", id="a kind that does not work yet"),
        pytest.param("datastores: {db: {}}", "missing", id="no kind"),
        pytest.param("environments: {local: {window: {}}}", "not-yet", id="a window that nobody keeps"),
        pytest.param("environments: {local: {target: docker}}", "not-yet", id="a target that does not work yet"),
    ],
)
def test_a_system_is_refused(tmp_path: Path, part: str, code: str) -> None:
    text = f"{HEAD}services: {{web: {{command: [x], port: 80}}, work: {{command: [x]}}}}\n{part}\n"
    assert mistakes(tmp_path, text)[0].endswith(f"[{code}]")


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
system: shop
version: 1.10
services:
  web: {command: x, replcas: 2, needs: [wrker], port: 80}
  worker: {command: [x], drain: 5, health: {ready: /x}}
edge:
  routes: [{path: x, service: web}, {path: /, service: wev}]
"""
    codes = [said.rpartition("[")[2].rstrip("]") for said in mistakes(tmp_path, text)]
    assert codes == ["version-is-a-number", "not-a-list", "unknown-key", "unknown-need", "bad-duration", "no-address",
                     "bad-path", "unknown-service"]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("port: '8000'", "a port is a whole number from 1 to 65535, found '8000' (services.web.port); write 8000"),
        ("port: '80000'", "a port is a whole number from 1 to 65535, found '80000' (services.web.port); write 8080"),
        ("replicas: '4'", "a whole number is needed, found '4' (services.web.replicas); write 4"),
        ("read_only: 'false'", "true or false is needed, found 'false' (services.web.read_only); write false"),
    ],
)
def test_a_number_in_quotes_is_to_be_written_without_them(tmp_path: Path, body: str, told: str) -> None:
    (said,) = mistakes(tmp_path, service(body))
    assert told in said


@pytest.mark.parametrize(
    "part",
    ["datastores: {db: {kind: postgress}}", "edge: {routes: [{path: x, service: web}]}", "variables: {A: {from: 1}}"],
    ids=["a kind", "a path", "a name"],
)
def test_a_wrong_value_is_one_mistake_and_not_also_missing(tmp_path: Path, part: str) -> None:
    text = f"{HEAD}services: {{web: {{command: [x], port: 80, variables: [A], needs: [db]}}}}\n{part}\n"
    codes = [said.rpartition("[")[2] for said in mistakes(tmp_path, text)]
    assert "missing]" not in codes
    (kind,) = mistakes(tmp_path, f"{HEAD}{REST}datastores: {{db: {{kind: postgress}}}}\n")
    assert kind.endswith("'postgress' is not known (datastores.db.kind); did you mean 'postgres'? [not-one-of]")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("depends_on: [db]", "unknown key 'depends_on' (services.web.depends_on); in Mainstay: 'needs'"),
        ("environment: {A: b}", "in Mainstay: declare each one under 'variables' at the top"),
        ("env_file: .env", "set their values with mainstay set --from FILE"),
        ("ports: ['80:80']", "in Mainstay: 'port' here, and a route under 'edge' at the top"),
        ("healthcheck: {test: x}", "in Mainstay: 'health'"),
        ("health: {test: x}", "in Mainstay: 'command', or 'ready: /PATH'"),
        ("container_name: x", "leave it out"),
    ],
)
def test_a_key_of_compose_is_told_mainstays_word(tmp_path: Path, body: str, told: str) -> None:
    (said,) = mistakes(tmp_path, service(body))
    assert told in said
    assert said.endswith("[unknown-key]")


def test_no_word_of_another_tool_is_a_key_of_mainstay() -> None:
    models = {model.__name__: model for model in Section.__subclasses__()}
    for name, words in INSTEAD.items():
        assert not set(words) & {*models[name].model_fields, *models[name].later}


@pytest.mark.bad_input("B33")
def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    text = (
        HELLO
        + "variables: {URL: 'postgres://u:hunter2@db/x', API_TOKEN: hunter2, A: {default: hunter2, secret: true}}\n"
    )
    said = mistakes(tmp_path, text)
    assert len(said) == 3
    assert not any("hunter2" in each for each in said)
