"""Applications that are not written for Mainstay: the starter of `init`, and a server without signal handling."""

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.sandbox import Sandbox, use_any_port

MINIMAL = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"VERSION")

    def log_message(self, *_):
        pass

HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_the_starter_goes_live_and_is_deployed_again_under_load(any_sandbox: Sandbox) -> None:
    any_sandbox.run("init")
    manifest = any_sandbox.checkout / "mainstay.yaml"
    use_any_port(manifest)
    any_sandbox.run("validate")
    any_sandbox.run("up")
    with Load(any_sandbox.url, rate=300) as load:
        application = any_sandbox.checkout / "app.py"
        application.write_text(application.read_text().replace("It runs.", "It runs on."))
        manifest.write_text(manifest.read_text().replace("1.0.0", "1.1.0"))
        any_sandbox.run("deploy")
    assert load.stop().not_ok == [], load.tally
    assert "It runs on." in any_sandbox.get()[1]
    assert assert_consistent(any_sandbox)["release"]["version"] == "1.1.0"


def test_an_application_without_signals_threads_or_lengths_loses_no_request(sandbox: Sandbox) -> None:
    sandbox.run("init")
    use_any_port(sandbox.checkout / "mainstay.yaml")
    application = sandbox.checkout / "app.py"
    application.write_text(MINIMAL.replace("VERSION", "one"))
    sandbox.run("up")
    with Load(sandbox.url, rate=100) as load:
        application.write_text(MINIMAL.replace("VERSION", "two"))
        sandbox.run("deploy")
        sandbox.run("rollback")
    assert load.stop().not_ok == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}
