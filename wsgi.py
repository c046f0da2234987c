"""The application for a WSGI server: `gunicorn wsgi:app`."""

import gc

from forum.app import create_app

app = create_app()

# What was made at start stays: the garbage collector need not look at it again with every hundredth page.
gc.collect()
gc.freeze()
