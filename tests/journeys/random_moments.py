"""Random moments that can be had again: the seed is printed, and taken from the environment where it is given."""

import os
import random

SEED = "MAINSTAY_JOURNEY_SEED"


def random_moments(part: int) -> random.Random:
    """Another series for each *part* of a test; pytest shows the seed where the test fails."""
    seed = int(os.environ.get(SEED) or random.randrange(10**6))
    print(f"{SEED}={seed}")
    return random.Random(seed * 10 + part)
