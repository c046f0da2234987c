"""Alembic's entry: the same metadata and engine as the application, on SQLite and PostgreSQL."""

from alembic import context
from flask import current_app

target = current_app.extensions["migrate"].db


def include_object(_item, name, kind, reflected, _compare_to):
    """Leave alone what the models do not describe by design: full-text tables and their shadows."""
    return not (kind == "table" and reflected and name.startswith("search_"))


def run() -> None:
    with target.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target.metadatas[None],
            render_as_batch=True,
            compare_type=True,
            include_object=include_object,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("migrations need a database to look at: there is no offline mode")
run()
