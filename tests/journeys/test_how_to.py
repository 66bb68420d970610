"""The how-to pages show the outputs that the same commands print on real systems."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.journeys.caller_and_callee import CallerAndCallee
from tests.journeys.documentation import DOCS, Shown, pages, require_shown, shown_on, type_command
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox, use_any_port

LICENCE = 's/^def main():/def main():\\n    sys.exit("the licence has run out")/'


class Session:
    """A terminal in the folder of a system; `shows` compares an output with that of a page."""

    def __init__(self, sandbox: Sandbox, page: str, folder: str = "hello") -> None:
        self.sandbox, self.page = sandbox, f"how-to/{page}.md"
        self.folder = sandbox.home / folder
        self.folder.mkdir()
        sandbox.explicit_state = False
        sandbox.extra_environments = [(self.folder, ())]

    def type(self, command: str, *, typed: str = "", code: int | None = 0) -> str:
        return type_command(self.sandbox, command, folder=str(self.folder), typed=typed, code=code)

    def shows(self, command: str, *, typed: str = "", code: int | None = 0) -> None:
        require_shown(self.page, command, self.type(command, typed=typed, code=code))

    def init(self) -> None:
        """Write the system of `mainstay init`, at a free port."""
        self.type("mainstay init")
        use_any_port(self.manifest)

    def ship_starter(self) -> None:
        """Deploy the system that `mainstay init` writes."""
        self.init()
        self.type("mainstay up")

    def write_manifest_of_page(self) -> None:
        """Write the first manifest of the page, and the application that `mainstay init` writes."""
        self.type("mainstay init")
        text = (DOCS / self.page).read_text()
        found = re.search(r"^```yaml\n(system: .*?)^```", text, re.MULTILINE | re.DOTALL)
        assert found is not None
        self.manifest.write_text(found[1])
        use_any_port(self.manifest)

    @property
    def manifest(self) -> Path:
        return self.folder / "mainstay.yaml"

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


def test_ship_and_go_back(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "ship-and-go-back")
    hello.ship_starter()
    hello.type("sed -i 's/It runs/It still runs/' app.py; mainstay deploy")
    hello.type("mainstay rollback")
    hello.shows("mainstay up")
    hello.type("mainstay deploy")
    hello.type("sed -i 's/still //' app.py")
    hello.shows("mainstay deploy | cat")
    hello.replace("mainstay.yaml", "version: 1.0.0", "version: 1.1.0")
    hello.type("mainstay deploy")
    hello.shows("mainstay deploy")
    hello.type(f"sed -i '{LICENCE}' app.py; mainstay deploy", code=1)
    hello.shows("mainstay up")


def test_ship_a_reviewed_plan_to_production(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "ship-and-go-back")
    hello.init()
    hello.replace("mainstay.yaml", "services:", "environments: {production: {target: process}}\nservices:")
    hello.replace("mainstay.yaml", "    port: 8000", "    port: 8000\n    steady: 1s\n    strategy: {settle: 0s}")
    # For root, every checkout shares one state of `production`.
    sandbox.explicit_state, sandbox.extra_environments = True, []
    hello.type("mainstay -e production up --yes")
    for version in ("1.0.1", "1.1.0"):
        hello.type(f"sed -i 's/^version: .*/version: {version}/' mainstay.yaml; echo >> app.py")
        if version == "1.0.1":
            hello.type("mainstay -e production deploy --yes")
    hello.shows("mainstay -e production plan")


def test_a_live_release_that_does_not_start(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "ship-and-go-back")
    hello.init()
    (sandbox.home / "licence").write_text("valid")
    hello.replace(
        "app.py",
        "def main():\n",
        f'def main():\n    if not os.path.exists("{sandbox.home}/licence"): sys.exit("the licence has run out")\n',
    )
    hello.type("mainstay up")
    hello.type("mainstay down")
    (sandbox.home / "licence").unlink()
    hello.shows("mainstay up", code=1)
    hello.type("sed -i '/licence/d' app.py")
    hello.shows("mainstay up")


def test_headers_and_error_pages(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "headers-and-error-pages")
    hello.write_manifest_of_page()
    first, *rest = shown_on(hello.page)
    hello.type(first.command)
    door = re.search(r"http://127\.0\.0\.1:\d+", hello.type("mainstay up"))
    assert door is not None
    for shown in rest:
        if shown.command.startswith("curl"):
            output = hello.type(shown.command.replace("http://127.0.0.1:8080", door[0]))
            require_shown(hello.page, shown.command, output)


def test_take_out_of_service(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "take-out-of-service")
    hello.init()
    door = re.search(r"http://127\.0\.0\.1:\d+", hello.type("mainstay up"))
    assert door is not None
    first, page, allowed, *rest = shown_on(hello.page)
    hello.shows(first.command)
    require_shown(hello.page, page.command, hello.type(page.command.replace("http://127.0.0.1:8080", door[0])))
    hello.shows(allowed.command)
    assert "It runs" in hello.type(f"curl -s {door[0]}/")
    assert "maintenance is on since" in hello.type("mainstay status")
    for shown in rest:
        hello.shows(shown.command)


def test_serve_static_files(sandbox: Sandbox) -> None:
    gallery = Session(sandbox, "serve-static-files", "gallery")
    gallery.write_manifest_of_page()
    gallery.replace("mainstay.yaml", "settle: 1m", "settle: 5s")
    files, page, up, header, change, _, old, new, gone = shown_on(gallery.page)
    for shown in (files, page):
        gallery.type(shown.command)
    door = re.search(r"http://127\.0\.0\.1:\d+", gallery.type(up.command))
    assert door is not None

    def require(shown: Shown) -> None:
        output = gallery.type(shown.command.replace("http://127.0.0.1:8080", door[0]))
        require_shown(gallery.page, shown.command, output)

    require(header)
    gallery.type(change.command)
    running = sandbox.start("--output", "json", "deploy", "--yes", checkout=gallery.folder)
    running.wait_for_event("done", "100 %")
    require(old)
    require(new)
    assert not running.has_exited
    assert running.wait().code == 0
    require(gone)


def test_go_live_shows_what_other_machines_reach(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "go-live")
    hello.init()
    server = 'import socket; debugger = socket.create_server(("0.0.0.0", 0))'
    hello.replace("app.py", "def main():\n", f"{server}\n\n\ndef main():\n")
    hello.type("mainstay up")
    hello.shows("mainstay edge listens")
    assert "only_front_doors_are_reachable" in hello.type("mainstay check", code=3)


def test_smoke_test_a_release(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "smoke-test-a-release")
    hello.init()
    hello.manifest.write_text(hello.manifest.read_text() + "smoke: smoke/\n")
    first, *_ = shown_on(hello.page)
    hello.type(first.command)
    hello.type("mainstay up")
    hello.shows("mainstay smoke")
    hello.type("sed -i 's/It runs/It fails/' app.py")
    hello.shows("mainstay deploy", code=1)


def test_the_order_of_a_rollback(sandbox: Sandbox) -> None:
    caller_and_callee = Session(sandbox, "ship-and-go-back", "caller-and-callee")
    for version in (1, 2):
        CallerAndCallee(version).write(caller_and_callee.folder)
        caller_and_callee.type("mainstay up")
    caller_and_callee.shows("mainstay rollback --dry-run")


def test_a_stream_that_is_cut(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "ship-and-go-back")
    hello.init()
    hello.replace("mainstay.yaml", "    port: 8000", "    port: 8000\n    drain: 1s\n    stop_grace_period: 1s")
    hello.replace("app.py", '        elif self.path.partition("?")[0] == "/":', STREAM)
    hello.replace(
        "app.py", "def main():\n", "def main():\n    signal.signal = lambda *ignored: None\n    block_sigterm()\n"
    )
    (hello.folder / "app.py").write_text(BLOCK_SIGTERM + (hello.folder / "app.py").read_text())
    hello.type("mainstay up")
    url = sandbox.query("status", checkout=hello.folder)["url"]
    streams = [subprocess.Popen(["curl", "-sN", f"{url}/stream"], stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for stream in streams:
            assert stream.stdout is not None
            assert stream.stdout.read(2) == b"go"
        hello.type("echo >> app.py")
        hello.shows("mainstay deploy")
    finally:
        for stream in streams:
            stream.kill()
            stream.communicate()


BLOCK_SIGTERM = """import signal as _signal


def block_sigterm():
    _signal.pthread_sigmask(_signal.SIG_BLOCK, {_signal.SIGTERM})
"""
STREAM = """        elif self.path == "/stream":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"go")
            self.wfile.flush()
            import threading
            threading.Event().wait()
        elif self.path.partition("?")[0] == "/":"""


def test_settings_and_secrets(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "settings-and-secrets")
    hello.write_manifest_of_page()
    hello.shows("mainstay up", code=2)
    hello.shows('mainstay set SENDER=team@hello.example FOOTER="made in Lisbon"')
    hello.shows("mainstay secrets set MAIL_KEY", typed="a-long-mail-key\n")
    hello.type("mainstay up")
    hello.shows("mainstay set SENDER=ops@hello.example")
    hello.shows("mainstay plan")
    hello.type("mainstay secrets set MAIL_KEY", typed="another-mail-key\n")
    hello.shows("mainstay secrets list")
    hello.shows("mainstay config web")
    hello.shows("MAIL_KEY=another-long-key LOG_LEVEL=debug mainstay deploy")
    (hello.folder / "production.env").write_text("# of production\nSENDER=x@hello.example\nFOTER=x\nLOG_LEVEL=debug\n")
    sandbox.explicit_state = True
    hello.shows("mainstay -e production set --from production.env", code=2)
    sandbox.explicit_state = False


def test_read_the_journal(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "read-the-journal")
    hello.ship_starter()
    hello.type("sed -i 's/It runs/It still runs/' app.py; mainstay deploy")
    hello.type(f"sed -i '{LICENCE}' app.py; mainstay deploy", code=1)
    hello.type("sed -i '/licence/d; s/still //' app.py; mainstay deploy")
    hello.type("mainstay rollback")
    hello.shows("mainstay history")
    hello.shows("mainstay journal show r-0003")
    hello.shows("mainstay journal verify")


def test_read_logs(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "read-logs")
    hello.ship_starter()
    url = sandbox.query("status", checkout=hello.folder)["url"]
    assert sandbox.get("/hi", url=url)[0] == 404
    hello.shows("mainstay logs web")
    assert [sandbox.get("/", url=url)[0], sandbox.get("/hi", url=url)[0]] == [200, 404]
    assert sandbox.get("/orders", url=url, method="POST")[0] == 501
    wait_until(
        lambda: "/orders" in hello.type("mainstay logs edge -n 1"), within=10, what="the request in the access log"
    )
    hello.shows("mainstay logs edge -n 3")


def test_resume_and_abort(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "resume-and-abort")
    hello.ship_starter()
    hello.type("echo >> app.py")
    interrupted = sandbox.start("--output", "json", "deploy", checkout=hello.folder)
    interrupted.wait_for_event("progress", "Start web@2")
    interrupted.kill()
    hello.shows("mainstay status", code=1)
    hello.type("mainstay abort")
    hello.replace("mainstay.yaml", "    port: 8000", "    port: 8000\n    steady: 20s")
    running = sandbox.start("--output", "json", "deploy", checkout=hello.folder)
    running.wait_for_event("progress", "Start web@3")
    hello.shows("mainstay deploy", code=4)
    hello.shows("mainstay abort")
    assert running.wait().code == 1


def test_versions_from_git(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "versions-from-git")
    hello.write_manifest_of_page()
    git = "git -c user.name=ann -c user.email=ann@hello.example"
    hello.type(f"git init -q && git add app.py && {git} commit -qm one && git tag v1.0.0 && mainstay up")
    hello.type(f"echo >> app.py && {git} commit -qam two && git tag v1.1.0")
    hello.shows("mainstay deploy 1.1.0")
    hello.shows("mainstay up")


def test_add_a_database(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "add-a-database")
    hello.write_manifest_of_page()
    (hello.folder / "migrations").mkdir()
    hello.replace("mainstay.yaml", 'version: "18"', 'version: "9.6"')
    hello.replace("mainstay.yaml", "  http: auto\n", "")
    hello.shows("mainstay validate", code=2)
    hello.replace("mainstay.yaml", 'version: "9.6"', 'version: "18"')
    use_any_port(hello.manifest)
    (hello.folder / "migrations" / "0001_visits.sql").write_text("create table visits (number int);")
    (hello.folder / "migrations" / "0002_browser.sql").write_text("alter table visits add column browser text;")
    hello.type("mainstay up")
    hello.shows("mainstay status")


def test_move_keys(sandbox: Sandbox) -> None:
    hello = Session(sandbox, "move-keys")
    hello.init()
    manifest = yaml.safe_load(hello.manifest.read_text())
    manifest["variables"] = {"TOKEN": {"secret": True, "generate": True}}
    manifest["services"]["web"]["variables"] = ["TOKEN"]
    hello.manifest.write_text(yaml.safe_dump(manifest, sort_keys=False))
    hello.type("mainstay up && echo >> app.py")
    (key,) = sandbox.folder.rglob("secrets.key")
    moved = key.rename(sandbox.home / "secrets.key")
    hello.shows("mainstay deploy", code=2)
    moved.rename(key)
    hello.type("mainstay deploy")


SHOWN_BY_A_TEST: dict[str, Callable[[Sandbox], None]] = {
    "add-a-database": test_add_a_database,
    "go-live": test_go_live_shows_what_other_machines_reach,
    "headers-and-error-pages": test_headers_and_error_pages,
    "move-keys": test_move_keys,
    "read-logs": test_read_logs,
    "read-the-journal": test_read_the_journal,
    "resume-and-abort": test_resume_and_abort,
    "serve-static-files": test_serve_static_files,
    "settings-and-secrets": test_settings_and_secrets,
    "ship-and-go-back": test_ship_and_go_back,
    "smoke-test-a-release": test_smoke_test_a_release,
    "take-out-of-service": test_take_out_of_service,
    "versions-from-git": test_versions_from_git,
}


def test_every_page_that_shows_an_output_has_a_test() -> None:
    with_output = {shown.page for page in pages() for shown in shown_on(page) if shown.output.strip()}
    assert with_output == {f"how-to/{name}.md" for name in SHOWN_BY_A_TEST} | {
        "how-to/serve-https.md",  # By test_certificates.py
        "tutorial/first-release.md",
        "tutorial/when-things-go-wrong.md",
        "tutorial/database.md",
    }
