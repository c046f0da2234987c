"""Commands: `flask --app wsgi files check`."""

import sys

import click

from forum.files.checking import Check
from forum.files.store import StoreAway


@click.group()
def files() -> None:
    """Files that people sent."""


@files.command("check")
@click.option("--repair", is_flag=True, help="Delete orphans, mark broken files, ask for lost work again.")
@click.option("--quick", is_flag=True, help="Compare sizes only; do not read every byte.")
def check_files(repair: bool, quick: bool) -> None:
    """Look whether every file is there and unharmed, and whether nothing else lies about.

    Prints a line for each fault. The exit code is 1 if something is wrong and not repaired, 2 if the store of
    files cannot be reached.
    """
    check = Check(mends=repair, reads=not quick)
    found = mended = 0
    try:
        for fault in check:
            found += 1
            mended += fault.is_mended
            click.echo(f"{'repaired' if fault.is_mended else 'FAULT'}  {fault.text}")
    except StoreAway:
        click.echo("The store of files cannot be reached, or is not the one that was used before.", err=True)
        sys.exit(2)
    count = check.count
    click.echo(f"{count.blobs} blobs with {count.bytes} bytes, {count.objects} objects: ", nl=False)
    click.echo(f"{found} faults, {mended} repaired." if found else "all well.")
    sys.exit(1 if found > mended else 0)
