import subprocess
import sys
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from kit.tests.test_metrics import environment
from mainstay_kit import Misconfigured, Rule, Secret, VariablesInvalid, read_variables, secrets_of

STRONG = "q8Zr2vKxw1TfYb7NcD4mHs9LpGjE3uAo"
OTHER = "Wm5tRz0QeXk8VbNy2LcPh7JdSgF4aUi1"


@dataclass(frozen=True)
class Settings:
    database_url: Annotated[Secret, Rule(url_schemes=("postgresql",))]
    jwt_secret: Annotated[Secret, Rule(min_length=32)]
    port: int = 8000
    origins: tuple[str, ...] = ()
    debug: bool = False
    folder: Path = Path("/tmp")
    log_level: Annotated[str, Rule(choices=("info", "debug"))] = "info"
    service_token: Secret | None = None


GOOD = {"DATABASE_URL": "postgresql://app:s3cr3t-word@db/app", "JWT_SECRET": STRONG}


def problems(**changed: str) -> list[str]:
    with pytest.raises(VariablesInvalid) as raised:
        read_variables(Settings, {**GOOD, **changed})
    return raised.value.problems


def test_values_have_their_declared_types() -> None:
    settings = read_variables(Settings, {**GOOD, "PORT": "3000", "ORIGINS": "https://a, https://b", "DEBUG": "true"})
    assert (settings.port, settings.origins, settings.debug) == (3000, ("https://a", "https://b"), True)
    assert read_variables(Settings, {**GOOD, "FOLDER": "/var/shop"}).folder == Path("/var/shop")
    assert settings.jwt_secret.reveal() == STRONG


def test_missing_variables_have_their_default() -> None:
    made = make_dataclass("S", [("shops", list, field(default_factory=lambda: ["one"]))])
    assert read_variables(made, {}).shops == ["one"]
    settings = read_variables(Settings, GOOD)
    assert (settings.port, settings.folder, settings.service_token) == (8000, Path("/tmp"), None)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        *((bool, text, True) for text in ("true", "1", "yes", "on", "On")),
        *((bool, text, False) for text in ("false", "0", "no", "off", "NO")),
        (float, "2.5", 2.5),
        (int | None, "3", 3),
        (None | int, "3", 3),
        (tuple[str, ...], "a, ,b,", ("a", "b")),
        (str, "test", "test"),
        (Annotated[str, Rule(min_length=8)], "a" * 8, "a" * 8),
        (Annotated[str, "a comment", Rule(min_length=3)], "abc", "abc"),
    ],
    ids=str,
)
def test_each_type_accepts_its_common_spellings(kind: object, text: str, value: object) -> None:
    assert read_variables(make_dataclass("S", [("it", kind)]), {"IT": text}).it == value


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(min_length=32), "ab" * 16),
        (Rule(min_length=8), "Password"),
        (Rule(), "PostgreS"),
        (Rule(), "the-Change-Me-of-all"),
        (Rule(url_schemes=("postgresql",)), "postgresql:///db"),
        (Rule(url_schemes=("postgresql",)), "postgresql://db:0/app"),
        (Rule(url_schemes=("postgresql",)), "postgresql://db:99999/app"),
        (Rule(url_schemes=("postgresql",)), "postgresql://db/app#rest"),
        (Rule(url_schemes=("postgresql",)), "postgresql://app:Postgres@db/app"),
    ],
)
def test_a_weak_secret_or_invalid_url_is_refused(rule: Rule, text: str) -> None:
    with pytest.raises(VariablesInvalid):
        read_variables(make_dataclass("S", [("it", Annotated[Secret, rule])]), {"IT": text})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(min_length=32), "5f2b8c0e9d4a7163" * 2),
        (Rule(min_length=32), "40719382654918273604958172630495"),
        (Rule(min_length=8, url_schemes=("postgresql",)), "postgresql://a@b"),
        (Rule(), "k-1"),
    ],
    ids=["hex", "digits", "a url", "one without a rule"],
)
def test_a_secret_that_could_be_random_is_accepted(rule: Rule, text: str) -> None:
    made: type[Any] = make_dataclass("S", [("it", Annotated[Secret, rule])])
    assert read_variables(made, {"IT": text}).it.reveal() == text


def test_all_errors_of_a_value_are_reported() -> None:
    rule = Rule(choices=("one",), url_schemes=("https",))
    with pytest.raises(VariablesInvalid) as raised:
        read_variables(make_dataclass("S", [("it", Annotated[Secret, rule])]), {"IT": "your-url"})
    assert len(raised.value.problems) == 3


@pytest.mark.requirement("A11", "P11")
def test_all_missing_variables_are_reported_together() -> None:
    with pytest.raises(VariablesInvalid) as raised:
        read_variables(Settings, {"PORT": "many"})
    assert len(raised.value.problems) == 3
    for name in ("DATABASE_URL is missing", "JWT_SECRET is missing", "PORT is not an integer"):
        assert name in str(raised.value)


def test_uncaught_the_error_ends_the_process_without_a_traceback() -> None:
    code = (
        "from dataclasses import make_dataclass; from mainstay_kit import read_variables;"
        "read_variables(make_dataclass('S', [('shop_name', str)]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert ended.returncode == 1
    assert ended.stderr == "1 variable is missing or wrong:\n  SHOP_NAME is missing (or give SHOP_NAME_FILE)\n"


def test_an_unsupported_type_is_refused() -> None:
    with pytest.raises(Misconfigured, match="declare one of str, int"):
        read_variables(make_dataclass("S", [("when", complex)]), {"WHEN": "1j"})


def test_all_secrets_of_the_settings_can_be_masked() -> None:
    made: type[Any] = make_dataclass("S", [("empty", Secret, Secret(""))], bases=(Settings,), frozen=True)
    assert [secret.reveal() for secret in secrets_of(read_variables(made, GOOD))] == list(GOOD.values())


@pytest.mark.requirement("A14")
def test_a_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "jwt").write_text(f"{STRONG}\n")
    environment = {"DATABASE_URL": GOOD["DATABASE_URL"], "JWT_SECRET_FILE": str(tmp_path / "jwt")}
    assert read_variables(Settings, environment).jwt_secret.reveal() == STRONG
    (tmp_path / "jwt").write_text(f" {STRONG} \n\n")
    assert read_variables(Settings, environment).jwt_secret.reveal() == f" {STRONG} \n"


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    assert problems(JWT_SECRET_FILE=str(tmp_path)) == ["JWT_SECRET and JWT_SECRET_FILE are both given; keep one"]


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "jwt").write_bytes(b"\xff")
    with pytest.raises(VariablesInvalid, match="JWT_SECRET_FILE cannot be read: UnicodeDecodeError"):
        read_variables(Settings, {"DATABASE_URL": GOOD["DATABASE_URL"], "JWT_SECRET_FILE": str(tmp_path / "jwt")})
    with pytest.raises(VariablesInvalid, match="JWT_SECRET_FILE cannot be read: FileNotFoundError"):
        read_variables(Settings, {"DATABASE_URL": GOOD["DATABASE_URL"], "JWT_SECRET_FILE": "/nowhere/jwt"})


@pytest.mark.requirement("A12")
def test_only_declared_variables_are_read() -> None:
    @dataclass(frozen=True)
    class NoVariables:
        pass

    assert read_variables(NoVariables, {}) == NoVariables()


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"JWT_SECRET": "short"}, "shorter than 32", id="too short"),
        pytest.param({"JWT_SECRET": "your-secret-key-your-secret-key-00"}, "placeholder", id="placeholder"),
        pytest.param({"JWT_SECRET": "a" * 64}, "too regular", id="one letter many times"),
        pytest.param({"SERVICE_TOKEN": "ccl-internal-2025"}, "well-known value", id="a published default"),
        pytest.param({"SERVICE_TOKEN": STRONG}, "the same value as JWT_SECRET", id="one secret for two purposes"),
        pytest.param({"DATABASE_URL": "mysql://a:b@c/d"}, "postgresql://", id="another database"),
        pytest.param({"DATABASE_URL": "postgresql://app:p@ss/w#rd?1@db/app"}, "percent-encoded", id="a raw password"),
        pytest.param({"DATABASE_URL": "postgresql://app:password@db/app"}, "well-known password", id="password"),
        pytest.param({"LOG_LEVEL": "loud"}, "is not one of info, debug", id="not on the list"),
        pytest.param({"DEBUG": "perhaps"}, "neither true nor false", id="not a boolean"),
    ],
)
def test_an_invalid_value_is_refused(changed: dict[str, str], message: str) -> None:
    assert [message in problem for problem in problems(**changed)] == [True]


@pytest.mark.threat("S12")
def test_error_messages_never_show_values() -> None:
    with pytest.raises(VariablesInvalid) as raised:
        read_variables(Settings, {"DATABASE_URL": "mysql://u:hunter2@h/d", "JWT_SECRET": "hunter2", "PORT": "hunter2"})
    assert "hunter2" not in str(raised.value)


def test_a_secret_is_shown_as_dots_and_cannot_be_pickled() -> None:
    settings = read_variables(Settings, {**GOOD, "SERVICE_TOKEN": OTHER})
    assert STRONG not in repr(settings)
    with pytest.raises(TypeError, match="cannot be pickled"):
        settings.jwt_secret.__reduce__()
    with pytest.raises(TypeError):
        vars(settings.jwt_secret)
