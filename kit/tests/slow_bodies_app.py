"""An application whose bodies must arrive within half a second and 2,000 bytes a second."""

from kit.tests.driving import stub_app
from mainstay_kit import BodyLimit, protect

LIMIT_SECONDS = 0.5

app = protect(stub_app(), BodyLimit(limit_seconds=LIMIT_SECONDS, bytes_per_second=2_000))
