"""Run the tests with pytest; print why each skipped test was skipped; end with one line of totals."""

import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TEST_FOLDERS = ("tests", "kit/tests", "systems/*/tests", "systems/*/*/tests", "systems/*/*/*/tests")


def main(arguments: list[str]) -> int:
    # A shell that starts this in the background ignores these signals, but tests depend on their default handling.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "3", "--dist", "loadgroup"]
        command += [f"--junit-xml={report}", *([] if names_a_path(arguments) else test_folders()), *arguments]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(summary(report) if report.exists() else f"pytest exited with code {code} before it wrote a report")
    # Code 5 (no test was collected) is also a failure, because nothing was tested.
    return code


def test_folders() -> list[str]:
    found = [path for pattern in TEST_FOLDERS for path in ROOT.glob(pattern) if path.is_dir()]
    return sorted(str(path.relative_to(ROOT)) for path in found if not hidden(path))


def hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts)


def names_a_path(arguments: list[str]) -> bool:
    return any((ROOT / argument.split("::")[0]).exists() for argument in arguments if argument[:1] != "-")


def summary(report: Path) -> str:
    """Return the reasons for skipped tests, most frequent first, and the totals as the last line."""
    passed = failed = 0
    reasons: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skip is not None:
            reasons[skip.get("message", "no reason given").strip()] += 1
        else:
            passed += 1
    lines = [f"skipped {count}: {reason}" for reason, count in reasons.most_common()]
    return "\n".join([*lines, f"{passed} passed, {failed} failed, {reasons.total()} skipped"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
