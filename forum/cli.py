"""Commands: `flask --app wsgi prepare`, `serve`, `work`; `files check`, `mail key` and others of the packages."""

import os
import sys

import click
from flask import Flask, current_app
from flask_migrate import upgrade

from forum.accounts.service.invitations import ensure_setup_code
from forum.config import ROOT, Settings
from forum.core.db import unit_of_work
from forum.documents.commands import documents
from forum.files.commands import files
from forum.jobs.process import run_jobs
from forum.jobs.server import run_server
from forum.mail.commands import mail
from forum.seeds.base import plant_base
from forum.seeds.demo import PASSWORD, plant_demo, sign_ins
from forum.seeds.library import plant_library
from forum.web.application import this_application


def init_commands(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(prepare)
    app.cli.add_command(serve)
    app.cli.add_command(work)
    app.cli.add_command(files)
    app.cli.add_command(documents)
    app.cli.add_command(mail)


@click.command()
def prepare() -> None:
    """Bring the database up to date and plant what a new house needs; a second run changes nothing."""
    settings = _settings()
    upgrade()
    with unit_of_work():
        plant_base()
        if settings.demo:
            plant_demo()
    if settings.demo:
        plant_library()
        _print_sign_ins(settings)
        return
    with unit_of_work():
        code = ensure_setup_code()
    if code is not None:
        click.echo("\n  Erste Administration einrichten / make the first administrator:")
        click.echo(f"  {settings.public_url}/setup/{code}\n")


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to listen on.")
def serve(bind: str) -> None:
    """Run the whole product on this machine: pages, sockets, and jobs in a process beside them."""
    settings = _settings()
    click.echo(f"  {settings.public_url}")
    sys.stdout.flush()
    run_server(this_application(), server_arguments(settings, bind))


@click.command()
def work() -> None:
    """Do the jobs, and only those: for machines where a web server runs `wsgi:app` by itself."""
    run_jobs(this_application())


def server_arguments(settings: Settings, bind: str) -> list[str]:
    """How gunicorn runs the application on one machine."""
    return [
        "wsgi:app", "--chdir", str(ROOT), "--bind", bind, "--workers", "1", "--worker-class", "gthread",
        "--threads", str(settings.server_threads), "--no-control-socket", "--graceful-timeout", "10",
        "--keep-alive", "30", "--log-level", "warning", "--worker-tmp-dir", _memory_folder(settings),
    ]  # fmt: skip


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _memory_folder(settings: Settings) -> str:
    """Where the worker's heartbeat goes: a disk that stalls must not look like a worker that died."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(settings.instance)  # noqa: S108 (gunicorn makes its own file there)


def _print_sign_ins(settings: Settings) -> None:
    click.echo(f"\n  Demo: {settings.public_url}")
    for label, address in sign_ins():
        click.echo(f"  {label:16} {address:40} {PASSWORD}")
    click.echo("")
