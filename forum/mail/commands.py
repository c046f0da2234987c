"""Commands: `flask --app wsgi mail key` and `mail receive`."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from forum.config import Settings
from forum.mail.composing import domain_of
from forum.mail.dkim import KINDS, BadKey, load_signer, make_key
from forum.mail.lmtp import run_intake
from forum.web.application import this_application

mail = AppGroup("mail", help="Mail that leaves and mail that comes in.")

#: The name of the key where none is set.
_SELECTOR = "netzwerk"


@mail.command("key")
@click.option("--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True)
def make_mail_key(kind: str) -> None:
    """Make the key that signs mail (DKIM), unless there is one, and print its record for the DNS."""
    settings: Settings = current_app.extensions["settings"]
    file = Path(settings.dkim_key or settings.instance / "dkim.pem").resolve()
    try:
        if not file.exists():
            make_key(file, kind)
            click.echo(f"\n  {file}: made")
        signer = load_signer(settings.dkim_selector or _SELECTOR, domain_of(settings.mail_from), file)
    except (OSError, BadKey) as fault:
        raise click.ClickException(f"{file}: {fault}") from fault
    click.echo(f"\n  Eintrag fürs DNS / record for the DNS (TXT):\n  {signer.place}\n  {signer.record}")
    click.echo(f"\n  NETWORK_DKIM_SELECTOR={signer.selector}\n  NETWORK_DKIM_KEY={file}\n")


@mail.command("receive")
@click.option("--bind", help="unix:/path/to/socket or host:port; else NETWORK_LMTP_BIND.")
@click.option("--smtp", is_flag=True, help="Speak SMTP, for mail servers that do not speak LMTP.")
def receive_mail(bind: str | None, smtp: bool) -> None:
    """Take in answers and bounces from our own mail server by LMTP until the process is told to end."""
    settings = current_app.extensions["settings"]
    place = bind or settings.lmtp_bind
    if not settings.mail_reply_address:
        sys.exit("NETWORK_MAIL_REPLY_ADDRESS is not set: no address would be ours.")
    if not place:
        sys.exit("Say where: --bind or NETWORK_LMTP_BIND.")
    run_intake(this_application(), place, speaks_smtp=smtp, begun=lambda: click.echo(f"  {place}"))
