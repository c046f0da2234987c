"""The application for a WSGI server: `gunicorn wsgi:app`."""

from forum.app import create_app

app = create_app()
