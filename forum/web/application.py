"""The application itself, for what goes on after the context it was asked in."""

from flask import Flask, current_app


def this_application() -> Flask:
    """The application at work, to be kept by a server, a thread, or an answer sent in parts.

    `current_app` is no application but a look at the context, and finds nothing once that has ended.
    """
    # Flask tells the type checker that the proxy is a `Flask`; the method is the proxy's own, and documented.
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return application
