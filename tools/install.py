"""Create `.venv` with the locked dependencies, Mainstay and its kit. Idempotent.

Needs only Python 3.11 and its standard library. The stamp is written last, so a virtual environment without a
stamp is incomplete and is installed again.
"""

import compileall
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
OLDEST = (3, 11)
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11", "/usr/bin/python3")
# An empty folder still counts as a package, so a module counts only if it has a file of its own.
PROBE = """
import importlib.util, json, sys
there = [bool(getattr(importlib.util.find_spec(name), "origin", None)) for name in ("venv", "ensurepip", "pip")]
print(json.dumps([sys._base_executable, sys.version_info[:2], *there]))
"""
DEBIAN_PACKAGES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "pebble": ("pebble",),
    "libnss3-tools": ("certutil",),
}
# The pip settings that uv has under another name.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
    "find-links": "UV_FIND_LINKS",
}


class NotInstalled(Exception):
    """The installation is impossible. The message gives the reason and what to type."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python interpreter and its properties."""

    path: str
    version: tuple[int, int]
    venv: bool
    ensurepip: bool
    pip: bool

    @property
    def reachable_by_all(self) -> bool:
        """Whether every user can execute it: services run as users of their own, and `{python}` is this interpreter."""
        place = Path(self.path).resolve()
        return all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents))


def main(arguments: list[str]) -> int:
    # Without bytecode files, every start would compile all modules again and be slow.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        with only_one():
            key = wanted()
            if installed(key):
                result = "nothing to do" if "--report" in arguments else ""
            else:
                started = time.monotonic()
                install(key)
                result = f"done in {time.monotonic() - started:.0f} s"
            compile_ours()
            if result:
                next_command = "; next: make up" if "--report" in arguments else ""
                print(f"make install: {result}{next_command}", flush=True)
            if "--test" in arguments:
                provide_debian_packages()
    except NotInstalled as problem:
        print(f"make install: {problem}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as problem:
        print(f"make install: {shown(problem.cmd)} ended with {problem.returncode}", file=sys.stderr)
        return 1
    except PermissionError as problem:
        print(f"make install: {problem.filename} belongs to another user; type: sudo make install", file=sys.stderr)
        return 1
    return 0


@contextmanager
def only_one() -> Iterator[None]:
    """Let concurrent installs take turns, by locking the file of locked dependencies."""
    with LOCK.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wanted() -> str:
    """Return a digest of everything `.venv` is made from, including its path, which its scripts contain."""
    digest = hashlib.sha256(f"{VENV}\n{os.environ.get('PYTHON', '')}\n".encode())
    for path in (LOCK, ROOT / "pyproject.toml", ROOT / "kit" / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


def installed(key: str) -> bool:
    whole = PYTHON.exists() and UV.exists() and (VENV / "bin" / "mainstay").exists()
    return whole and STAMP.exists() and STAMP.read_text() == stamp(key)


def stamp(key: str) -> str:
    """Return the stamp's text. It names the interpreter, because a newer one at that path cannot use the packages."""
    return f"{key}\n{PYTHON.resolve()}\n"


def install(key: str) -> None:
    stamped = STAMP.read_text() if STAMP.exists() else ""
    again = stamped.endswith(stamp("")) and PYTHON.exists() and UV.exists() and not os.environ.get("PYTHON")
    STAMP.unlink(missing_ok=True)
    ours = ["--editable", str(ROOT)]
    if (ROOT / "kit" / "pyproject.toml").exists():
        ours += ["--editable", str(ROOT / "kit")]
    if not again:
        make_from_nothing(best_interpreter())
    print("make install: installing the locked dependencies (20 s or more on a new machine)", flush=True)
    try:
        run(UV, "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", LOCK, uv=True)
    except subprocess.CalledProcessError:
        # Fall back to pip, which may have settings and certificates of this machine that uv does not know.
        print("make install: uv could not; trying with pip", flush=True)
        run(*ensure_pip(best_interpreter()), "install", "-qq", "--require-hashes", "--requirement", LOCK)
    run(UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation", *ours, uv=True)
    STAMP.write_text(stamp(key))


def make_from_nothing(interpreter: Interpreter) -> None:
    print(f"make install: creating .venv with {interpreter.path}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    run(interpreter.path, "-m", "venv", "--without-pip", VENV)
    try:
        pip = ensure_pip(interpreter)
    except NotInstalled:
        uv = shutil.which("uv")
        if uv is None:
            raise
        pip = [uv, "pip"]
    with tempfile.TemporaryDirectory() as folder:
        requirement = Path(folder) / "uv.txt"
        requirement.write_text(locked("uv"))
        options = ["-qq", "--no-deps", "--require-hashes", "--requirement", str(requirement)]
        run(*pip, "install", *options, uv=pip[-1] == "pip" and pip[0].endswith("uv"))


def ensure_pip(interpreter: Interpreter) -> list[str]:
    """Return the command of a pip that installs into `.venv`. Debian removes the bundled pip from Python."""
    if not interpreter.ensurepip and not interpreter.pip and os.geteuid() == 0 and shutil.which("apt-get"):
        install_debian("python3-venv")
        interpreter = ask(interpreter.path) or interpreter
    if interpreter.ensurepip:
        run(PYTHON, "-m", "ensurepip", "--default-pip", quiet=True)
        return [str(PYTHON), "-m", "pip"]
    if interpreter.pip:
        return [interpreter.path, "-m", "pip", "--python", str(PYTHON)]
    raise NotInstalled(
        f"{interpreter.path} has neither ensurepip nor pip; type: apt-get install python3-venv (as root),"
        " or name another interpreter: make install PYTHON=/path/to/python3"
    )


def best_interpreter() -> Interpreter:
    """Return the newest interpreter, preferring those that every user can execute, then those that have `venv`."""
    named = os.environ.get("PYTHON")
    names = [named] if named else [*NAMES, sys.executable]
    found = [one for one in map(ask, names) if one and one.version >= OLDEST]
    if not found:
        raise NotInstalled(
            f"{named or 'no Python found'} is not Python {OLDEST[0]}.{OLDEST[1]} or newer;"
            " install one, or name it: make install PYTHON=/path/to/python3"
        )
    return max(found, key=lambda one: (one.reachable_by_all, one.venv, one.version))


def ask(name: str) -> Interpreter | None:
    path = shutil.which(name)
    if path is None:
        return None
    # Run the program, because a version manager has shims for versions that it cannot run.
    answer = subprocess.run([path, "-I", "-c", PROBE], capture_output=True, text=True, check=False)
    if answer.returncode:
        return None
    base, version, venv, ensurepip, pip = json.loads(answer.stdout)
    return Interpreter(base, (version[0], version[1]), venv, ensurepip, pip)


def locked(name: str) -> str:
    """Return the lines of one package in the lock file, hashes included."""
    lines = LOCK.read_text().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = start + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return "".join(lines[start:end])


def settings_for_uv() -> dict[str, str]:
    """Return the environment variables for uv, with this machine's pip settings."""
    settings = dict(os.environ, VIRTUAL_ENV=str(VENV), UV_INDEX_STRATEGY="unsafe-best-match")
    settings |= {"UV_LINK_MODE": settings.get("UV_LINK_MODE", "hardlink"), "UV_NO_CONFIG": "1"}
    pip = next((name for name in ("pip", "pip3") if shutil.which(name)), None)
    command = [pip] if pip else [str(PYTHON), "-m", "pip"]
    listed = subprocess.run([*command, "config", "list"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        variable = SETTINGS.get(name.rpartition(".")[2])
        value = value.strip("'\"").replace("\\n", " ").strip()
        if variable == "UV_FIND_LINKS":
            value = " ".join(one for one in value.split() if "://" in one or Path(one).exists())
        if variable and value:
            settings.setdefault(variable, value)
    return settings


def provide_debian_packages() -> None:
    """Install the Debian packages that some tests need. Tried once; on failure those tests skip with a reason."""
    tried, wanted = VENV / "packages-tried", " ".join(DEBIAN_PACKAGES)
    if os.geteuid() != 0 or not shutil.which("apt-get") or (tried.exists() and tried.read_text() == wanted):
        return
    for name, programs in DEBIAN_PACKAGES.items():
        if not any(map(shutil.which, programs)):
            try:
                install_debian(name)
            except subprocess.CalledProcessError:
                print(f"make test: {name} could not be installed; tests that need it skip", flush=True)
    tried.write_text(wanted)


def install_debian(*packages: str) -> None:
    print(f"running as root: apt-get install {' '.join(packages)}", flush=True)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    patience = ["-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=300", "-qq", "-y"]
    run("apt-get", *patience, "update", quiet=True, check=False)
    run("apt-get", *patience, "install", "--no-install-recommends", *packages, quiet=True)


def compile_ours() -> None:
    """Compile Mainstay's modules with the interpreter that will import them."""
    folders = [str(path) for path in (ROOT / "src", ROOT / "kit" / "src") if path.exists()]
    if sys.prefix == str(VENV):
        for folder in folders:
            compileall.compile_dir(folder, quiet=2)
    else:
        run(PYTHON, "-m", "compileall", "-qq", *folders, check=False)


def run(*command: str | Path, uv: bool = False, quiet: bool = False, check: bool = True) -> None:
    """Run *command*; with *quiet*, its output is printed only when it fails."""
    environment = settings_for_uv() if uv else None
    output = subprocess.PIPE if quiet else None
    words = [str(part) for part in command]
    ended = subprocess.run(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, check=False
    )
    if check and ended.returncode:
        sys.stderr.buffer.write((ended.stdout or b"") + (ended.stderr or b""))
        ended.check_returncode()


def shown(command: list[str]) -> str:
    return " ".join(command[:5])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
