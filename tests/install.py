"""`make test` needs Chromium, Node, nginx, Dovecot and ClamAV: get them where we may, else say in one line what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).parent.parent / "frontend"


def main() -> None:
    """Install what is missing; exits with one line for what only a person can. Some tests are skipped without a server."""
    _need("chromium", "chromium")
    _need("npm", "npm")
    if not _has("nginx", "nginx"):
        print("Without nginx the tests of several servers are skipped (Debian: apt-get install nginx).")
    if not _has("dovecot", "dovecot-imapd"):
        print("Without Dovecot the tests of the mailbox are skipped (Debian: apt-get install dovecot-imapd).")
    if not _has("clamd", "clamav-daemon"):
        print("Without ClamAV its tests are skipped (Debian: apt-get install clamav-daemon).")
    if not (FRONTEND / "node_modules" / ".package-lock.json").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=FRONTEND, check=True)


def _need(program: str, package: str) -> None:
    if not _has(program, package):
        sys.exit(f"The tests need {program}: install it (Debian: apt-get install {package}) and run again.")


def _has(program: str, package: str) -> bool:
    """Whether the program is there, installed if we may."""
    if not _found(program) and os.geteuid() == 0 and shutil.which("apt-get"):
        # Runlevel 1: what is installed for tests starts no service.
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", package]):
            subprocess.run(["apt-get", *arguments], env=quiet, stdout=subprocess.DEVNULL)
    return _found(program)


def _found(program: str) -> bool:
    """Debian keeps servers where only root looks."""
    return bool(shutil.which(program) or shutil.which(f"/usr/sbin/{program}"))


if __name__ == "__main__":
    main()
