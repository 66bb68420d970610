"""Random moments that can be repeated: the seed is printed, and read from the environment if it is set there."""

import os
import random

SEED = "MAINSTAY_JOURNEY_SEED"


def random_moments(part: int) -> random.Random:
    """Return a generator with a different series for each *part*; pytest shows the seed if the test fails."""
    seed = int(os.environ.get(SEED) or random.randrange(10**6))
    print(f"{SEED}={seed}")
    return random.Random(seed * 10 + part)
