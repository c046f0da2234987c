"""A job process with works made for tests: `python -m tests.jobs.house INSTANCE DATABASE_URL [REDIS_URL]`."""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from forum.app import create_app
from forum.config import load_settings
from forum.core.db import unit_of_work
from forum.jobs import process, registry
from forum.jobs.registry import job, periodic
from tests.jobs.effects import leave_mail

LEASE = timedelta(seconds=2)
SECRET = "for tests only"


def register(folder: Path) -> None:
    """Works whose effects lie in the database (mails) and, where told, in the folder."""

    @job("test.write")
    def write(recipient: str) -> None:
        leave_mail(recipient)

    @job("test.slow", lease=LEASE)
    def slow() -> None:
        leave_mail("slow@betrieb.example")
        _begin(folder)

    @job("test.steps", lease=LEASE, atomic=False)
    def steps() -> None:
        with unit_of_work():
            leave_mail("steps@betrieb.example")
        _begin(folder)


def _begin(folder: Path) -> None:
    """Say that it has begun, then wait until it may end."""
    (folder / f"begun-{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)


def main(instance: str, database_url: str, redis_url: str = "") -> None:
    """Do jobs until told to end."""
    settings = load_settings(
        Path("no-such-file"),
        instance=Path(instance),
        database_url=database_url,
        redis_url=redis_url,
        secret_key=SECRET,
    )
    app = create_app(settings, publish_assets=False)
    registry._known.clear()  # nothing of the product's own
    register(Path(instance))

    @periodic("test.tick", every=timedelta(seconds=1))
    def tick() -> None:
        with open(Path(instance) / "ticks", "a") as file:
            file.write("x")

    process.ROUND = 0.2
    process.run_jobs(app)


if __name__ == "__main__":
    main(*sys.argv[1:])
