"""What a manifest declares and nothing acts on: `validate` warns."""

from pathlib import Path

import pytest

from tests.manifest.written import HELLO, warnings


def said(folder: Path, text: str) -> list[str]:
    return [f"{each.what}; {each.remedy}" for each in warnings(folder, text)]


def test_an_image_is_not_used_on_the_process_target(tmp_path: Path) -> None:
    text = HELLO.replace("port: 8000", "port: 8000\n    image: nginx:1")
    assert said(tmp_path, text) == ["the image of web is not used: the target process runs its command; it may stay"]


@pytest.mark.parametrize(("argument", "shown"), [("--key=$KEY", "$KEY"), ("${KEY}", "${KEY}")])
def test_a_variable_of_a_shell_is_named_once(tmp_path: Path, argument: str, shown: str) -> None:
    text = HELLO.replace("app.py]", f'app.py, "{argument}", "$TWO"]')
    assert said(tmp_path, text) == [
        (
            f"no shell expands {shown}: web gets it as it is written; let the program read its environment, "
            "write {port} for its port, or run [sh, -c, …]"
        )
    ]


def test_a_script_after_c_may_contain_variables(tmp_path: Path) -> None:
    assert said(tmp_path, HELLO.replace('["{python}", app.py]', '[sh, -c, "exec app $KEY"]')) == []


def test_a_port_that_neither_the_edge_nor_a_service_uses_is_named(tmp_path: Path) -> None:
    lonely = HELLO.replace("edge:\n  routes: [{path: /, service: web}]\n", "")
    assert said(tmp_path, lonely) == [
        (
            "no request reaches web: no route and no variable leads to its port; "
            "add edge: {routes: [{path: /, service: web}]}, or a variable {from: web}"
        )
    ]
    assert said(tmp_path, f"{lonely}  work: {{command: [x], needs: [web]}}\n") == []
