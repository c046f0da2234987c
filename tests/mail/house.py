"""A process that delivers and is killed at one point: `python -m tests.mail.house POINT INSTANCE DATABASE_URL PORT`."""

import os
import signal
import smtplib
import sys
from pathlib import Path
from typing import Any

from forum.app import create_app
from forum.config import load_settings
from forum.mail.delivery import Postman, postman_of
from forum.mail.journal import Journal

SECRET = "for tests only"


def die(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: type, name: str) -> None:
    setattr(owner, name, die)


def after(owner: type, name: str) -> None:
    step = getattr(owner, name)
    setattr(owner, name, lambda *args, **kwargs: (step(*args, **kwargs), die()))


def before_the_dot() -> None:
    speak = smtplib.SMTP.send

    def send(self: smtplib.SMTP, words: Any) -> None:
        if isinstance(words, bytes) and words.endswith(b"\r\n.\r\n"):
            speak(self, words[:-3])
            die()
        speak(self, words)

    smtplib.SMTP.send = send  # type: ignore[method-assign]


POINTS = {
    "before the connection": lambda: before(smtplib.SMTP, "connect"),
    "after MAIL FROM": lambda: after(smtplib.SMTP, "mail"),
    "after DATA, before the dot": before_the_dot,
    "after the yes, before the journal": lambda: before(Journal, "take"),
    "after the journal, before the note": lambda: after(Journal, "take"),
    "after the note": lambda: after(Postman, "_deliver"),
}


def main(point: str, instance: str, database_url: str, port: str) -> None:
    settings = load_settings(
        Path("no-such-file"),
        instance=Path(instance),
        database_url=database_url,
        secret_key=SECRET,
        smtp_host="127.0.0.1",
        smtp_port=int(port),
        smtp_security="none",
        mail_from="netz@werk.example",
    )
    app = create_app(settings, publish_assets=False)
    POINTS[point]()
    postman_of(app).deliver_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
