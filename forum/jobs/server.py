"""gunicorn with a job process beside its web workers, all forked from one loaded application.

Pages of memory that nobody writes to are there once for all of them, and one command starts and ends everything.
"""

import ctypes
import gc
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from forum.core.db import db
from forum.jobs.process import PATIENCE, run_jobs

#: A job process that ends at once is not started again more often than this, in seconds.
PAUSE = 2.0
#: glibc's number for "so many heaps at most" (M_ARENA_MAX).
_ARENAS = -8
_ENDING = {signal.SIGTERM, signal.SIGINT}


def run_server(app: Flask, arguments: list[str]) -> None:
    """Serve the application as gunicorn does with these arguments, and do its jobs; returns by `SystemExit`."""
    with app.app_context():
        db.engine.dispose()
    _wait_for_threads()
    _tidy_memory()
    _Server(app, arguments).run()


class _Server(BaseApplication):
    """gunicorn, given an application instead of its name."""

    def __init__(self, app: Flask, arguments: list[str]) -> None:
        self.app = app
        self._arguments = arguments
        super().__init__()

    def load_config(self) -> None:
        parser = self.cfg.parser()
        for given in (self.cfg.get_cmd_args_from_env(), self._arguments):
            for name, value in vars(parser.parse_args(given)).items():
                if value is not None and name != "args":
                    self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.app

    def run(self) -> None:
        _Arbiter(self).run()


class _Arbiter(Arbiter):
    """gunicorn's master process, which also keeps the job process running."""

    _job_process = 0
    _started_at = -PAUSE

    def manage_workers(self) -> None:
        """Called at the start and every second."""
        super().manage_workers()
        if not self._has_job_process() and time.monotonic() - self._started_at >= PAUSE:
            self._started_at = time.monotonic()
            self._job_process = self._fork_job_process()

    def stop(self, graceful: bool = True) -> None:
        """End the job process and the workers."""
        job_process, self._job_process = self._job_process, 0
        if job_process:
            _send(job_process, signal.SIGTERM)
        super().stop(graceful)
        if job_process:
            _see_off(job_process)

    def _has_job_process(self) -> bool:
        if self._job_process and _has_ended(self._job_process):
            self.log.error("The job process (pid:%s) ended; another one follows.", self._job_process)
            self._job_process = 0
        return self._job_process != 0

    def _fork_job_process(self) -> int:
        parent = os.getpid()
        # A signal that comes before the child listens would be taken for one to this process.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            child = os.fork()
            if child:
                return child
            self._be_job_process(parent)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        raise AssertionError("the job process never comes here")

    def _be_job_process(self, parent: int) -> None:
        status = 1
        try:
            for number in (*self.SIGNALS, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            for listener in self.LISTENERS:
                listener.close()  # else the port stays taken as long as this process lives
            for worker in self.WORKERS.values():
                worker.tmp.close()
            run_jobs(self.app.app, parent=parent)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _wait_for_threads() -> None:
    """A thread under way when the process forks would leave its locks closed for ever in the child."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(5)
    if threading.active_count() > 1:
        raise RuntimeError(f"threads before the fork: {[thread.name for thread in threading.enumerate()]}")


def _tidy_memory() -> None:
    """Give back what was only needed to load: what is kept now is what the processes share."""
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # another C library than glibc
        library = ctypes.CDLL(None)
        library.malloc_trim(0)
        # Else each thread that carries a file once keeps memory of its own for the next one.
        library.mallopt(_ARENAS, 2)


def _has_ended(process: int) -> bool:
    try:
        return os.waitpid(process, os.WNOHANG)[0] != 0
    except ChildProcessError:  # gunicorn clears away what it does not know
        return True


def _see_off(process: int) -> None:
    """Wait until the process has ended, not for ever."""
    deadline = time.monotonic() + PATIENCE + 1
    while not _has_ended(process):
        if time.monotonic() > deadline:
            _send(process, signal.SIGKILL)
        time.sleep(0.05)


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
