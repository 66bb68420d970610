"""An application whose bodies must arrive within half a second and 2,000 bytes a second."""

from kit.tests.driving import answering
from mainstay_kit import BodyLimit, protect

LIMIT_SECONDS = 0.5

app = protect(answering(), BodyLimit(limit_seconds=LIMIT_SECONDS, bytes_per_second=2_000))
