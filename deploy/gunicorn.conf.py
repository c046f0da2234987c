"""How gunicorn runs one web process of several: `gunicorn --config deploy/gunicorn.conf.py --bind 127.0.0.1:8001`.

One worker to a port, never more: long polling must come back to the process where it began, and only a port can be
chosen from outside. More processes are more ports.
"""

import os
from pathlib import Path

from forum.config import load_settings

_root = Path(__file__).resolve().parent.parent

wsgi_app = "wsgi:app"
chdir = str(_root)
workers = 1
worker_class = "gthread"
threads = load_settings().server_threads
control_socket_disable = True
graceful_timeout = 10
keepalive = 30
loglevel = "warning"
_memory = "/dev/shm"  # noqa: S108 (gunicorn makes its own file there)
if os.access(_memory, os.W_OK):
    worker_tmp_dir = _memory
