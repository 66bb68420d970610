"""Applications that were not made for us: the one that `init` writes, and one that takes no care of anything."""

import pytest
import yaml

from tests.journeys.load import Load
from tests.journeys.place import Place
from tests.journeys.whole import assert_whole

pytestmark = pytest.mark.slow

CARELESS = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"VERSION")

    def log_message(self, *_):
        pass

HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"""


def test_the_starter_goes_live_and_changes_under_load(anyones: Place) -> None:
    anyones.run("init")
    manifest = anyones.checkout / "mainstay.yaml"
    with_any_port(anyones)
    anyones.run("validate")
    anyones.run("up")
    with Load(anyones.url, rate=300) as load:
        application = anyones.checkout / "app.py"
        application.write_text(application.read_text().replace("It runs.", "It runs on."))
        manifest.write_text(manifest.read_text().replace("1.0.0", "1.1.0"))
        anyones.run("deploy")
    assert load.stop().lost == [], load.tally
    assert "It runs on." in anyones.get()[1]
    assert assert_whole(anyones)["release"]["version"] == "1.1.0"


def test_an_application_without_signals_threads_or_lengths_loses_nothing(place: Place) -> None:
    place.run("init")
    with_any_port(place)
    application = place.checkout / "app.py"
    application.write_text(CARELESS.replace("VERSION", "one"))
    place.run("up")
    with Load(place.url, rate=100) as load:
        application.write_text(CARELESS.replace("VERSION", "two"))
        place.run("deploy")
        place.run("rollback")
    assert load.stop().lost == [], load.tally
    assert set(load.tally.releases) == {"1", "2"}


def with_any_port(place: Place) -> None:
    manifest = place.checkout / "mainstay.yaml"
    declared = yaml.safe_load(manifest.read_text())
    declared["edge"]["http"] = "auto"
    manifest.write_text(yaml.safe_dump(declared, sort_keys=False))
