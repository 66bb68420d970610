"""How soon a bad release is rolled back when users send few requests, and how often an unchanged one is.

`python -m benchmarks.quiet_verdict` prints the table of `docs/explanation/verdict.md` and writes
`benchmarks/results/quiet_verdict.json`. The releases are simulated with fixed seeds, so the figures do not depend on
the machine.
"""

import statistics
from collections.abc import Iterator, Mapping

from benchmarks.machine import write
from tests.judging.quiet_release import UNCHANGED, Errors, observe, unchanged

RELEASES = 40
WORSE = {
    "every request fails": (Errors(new=1.0), 60.0),
    "one path of three always fails": (Errors(first_path=1.0), 60.0),
    "30 % of requests fail": (Errors(new=0.3), 60.0),
    "10 % fail, `settle: 2m`": (Errors(new=0.1), 120.0),
}
"""How each release is worse, and the seconds for which it is observed."""


def main() -> None:
    after_s = {name: median_s(errors, hold_s) for name, (errors, hold_s) in WORSE.items()}
    measured = {
        "rolled_back_after_s": after_s,
        "unchanged_rolled_back": sum(not each.kept for each in unchanged()),
    }
    print("\n".join(table(measured)))
    write("quiet_verdict", {"measured": measured})


def median_s(errors: Errors, hold_s: float) -> float:
    """Return the median of the seconds until a release with *errors* is rolled back."""
    found = [observe(seed, errors, hold_s=hold_s) for seed in range(RELEASES)]
    assert not any(each.kept for each in found)
    return statistics.median(each.at_s for each in found)


def table(measured: Mapping[str, object]) -> Iterator[str]:
    """Yield the table in Markdown."""
    yield "| the new release, at 3 users' requests a minute | rolled back after |"
    yield "|---|---:|"
    after_s = measured["rolled_back_after_s"]
    assert isinstance(after_s, dict)
    yield from (f"| {name} | {seconds:.0f} s |" for name, seconds in after_s.items())
    yield f"| unchanged, up to 10 % errors | {measured['unchanged_rolled_back']} of {UNCHANGED:,} rolled back |"


if __name__ == "__main__":
    main()
