"""The composition root: the one place that knows every package."""

from typing import Any

from flask import Flask
from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import forum.announcements.targets
import forum.announcements.tasks
import forum.attachments.models
import forum.audit.models
import forum.boards.targets
import forum.boards.tasks
import forum.chat.targets
import forum.chat.tasks
import forum.documents.targets
import forum.documents.tasks
import forum.files.models
import forum.files.tasks
import forum.jobs.models
import forum.mail.models
import forum.mail.tasks
import forum.notifications.models
import forum.notifications.tasks  # noqa: F401  (tables and work that nobody else names)
from forum import cli
from forum.accounts import views as accounts
from forum.accounts.queries import signed_in_devices
from forum.announcements import views as announcements
from forum.attachments import views as attachments
from forum.boards import views as boards
from forum.boards.sockets import Boards
from forum.chat import views as chat
from forum.chat.sockets import Chat
from forum.config import ROOT, Settings, load_settings
from forum.core.db import db
from forum.documents import views as documents
from forum.files import views as files
from forum.files.store import init_files
from forum.jobs.worker import init_jobs
from forum.mail.delivery import init_mail
from forum.members import views as members
from forum.notifications import views as notifications
from forum.notifications.sockets import Notices
from forum.notifications.tasks.pushes import init_pushes
from forum.portal import views as portal
from forum.realtime.server import init_realtime
from forum.spaces import views as spaces
from forum.web import templating
from forum.web.access import init_access
from forum.web.addresses import init_addresses
from forum.web.assets import init_assets
from forum.web.errors import init_errors
from forum.web.forms import Request, init_forms
from forum.web.gate import PageGate
from forum.web.identity import Visitor
from forum.web.languages import init_languages
from forum.web.limits import limiter, storage
from forum.web.lines import init_lines
from forum.web.security import init_security, security_headers
from forum.workflows import views as workflows

NAMESPACES = (Boards, Chat, Notices)
BLUEPRINTS = (
    portal.bp,
    accounts.bp,
    boards.bp,
    chat.bp,
    documents.bp,
    announcements.bp,
    files.bp,
    spaces.bp,
    members.bp,
    notifications.bp,
    attachments.bp,
    workflows.bp,
)


def create_app(settings: Settings | None = None, *, publish_assets: bool = True) -> Flask:
    """The whole product as one WSGI application.

    `publish_assets` copies static files, compressed, into the instance folder; tests serve them as they are.
    """
    settings = settings or load_settings()
    app = Flask(
        "forum",
        root_path=str(ROOT / "forum"),
        instance_path=str(settings.instance),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    app.request_class = Request
    app.config.update(_flask_config(settings))
    app.extensions["settings"] = settings

    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    init_security(app, is_https=settings.is_https)
    init_errors(app)
    init_languages(app)
    init_mail(app, settings)
    init_jobs(app, settings)
    init_files(app, settings)
    _init_sign_in(app)
    init_lines(app, settings)  # before anything of a request is read
    init_access(app)  # before CSRF: a visitor's write is offered again after sign-in, whatever its token
    init_forms(app)  # and before it may read a form, how long that may be
    csrf = CSRFProtect(app)
    # Mail servers send it, knowing nothing but the ticket (RFC 8058).
    csrf.exempt(notifications.stops.create_stop)
    limiter.init_app(app)
    Compress(app)
    templating.init_templates(app)
    init_addresses(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_commands(app)
    app.wsgi_app = PageGate(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap it
    # Around the gate: who waits for news holds up no page.
    headers = security_headers(is_https=settings.is_https)
    init_realtime(app, settings, [namespace() for namespace in NAMESPACES], signed_in_devices, headers)
    published = settings.instance / "static" if publish_assets else None
    init_assets(app, ROOT / "static", published, headers)
    init_pushes(app, signed_in_devices)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as above
    return app


def _flask_config(settings: Settings) -> dict[str, Any]:
    is_sqlite = settings.database_url.startswith("sqlite")
    # A connection per server thread, so that no request waits for another's; the one used last has the warmest cache.
    pool = {"pool_size": settings.server_threads, "max_overflow": 4, "pool_use_lifo": True}
    # What people wrote and sent is in a statement's values: a fault is logged without them.
    engine = pool | {"hide_parameters": True}
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine if is_sqlite else engine | {"pool_pre_ping": True},
        "PERMANENT_SESSION_LIFETIME": settings.session_days * 24 * 3600,
        "WTF_CSRF_TIME_LIMIT": None,  # a form may stay open over a whole shift
        "MAX_CONTENT_LENGTH": 8 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "RATELIMIT_ENABLED": settings.rate_limits,
        **storage(settings.redis_url, settings.secret_key),
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 3,
        "COMPRESS_LEVEL": 3,
        "COMPRESS_MIN_SIZE": 1000,
    }


def _init_sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.anonymous_user = Visitor
    manager.session_protection = None  # devices are rows that can be revoked; addresses change in a pocket
    manager.user_loader(accounts.find_signed_in)
