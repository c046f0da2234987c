"""`make test` needs Chromium, Node and its packages: get them where we may, else say in one line what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).parent.parent / "frontend"


def main() -> None:
    """Install what is missing; exits with one line for what only a person can."""
    _package("chromium", "chromium")
    _package("npm", "npm")
    if not (FRONTEND / "node_modules" / ".package-lock.json").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=FRONTEND, check=True)


def _package(program: str, package: str) -> None:
    if shutil.which(program):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True, **quiet)
    if not shutil.which(program):
        sys.exit(f"The tests need {program}: install it (Debian: apt-get install {package}) and run again.")


if __name__ == "__main__":
    main()
