"""What the reader may use of the machine; set before anything is opened."""

import os
import resource
import signal
import time
from dataclasses import dataclass
from types import FrameType

from forum.files.reader.codes import Fault, Unreadable

MIB = 1 << 20
#: So many seconds may pass for one of computing; whoever waits (`files.reading`) gives up not much later.
_PATIENCE = 1.5
_BEGAN = time.monotonic()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of computing, bytes of address space, bytes per written file, number of open files.

    `beneath` are the bytes of address space for programs that this one starts, as LibreOffice takes hold of much
    more than it uses.
    """

    cpu: int = 60
    memory: int = 2048 * MIB
    beneath: int = 4096 * MIB
    file: int = 1024 * MIB
    files: int = 256


def confine(limits: Limits) -> None:
    """Bind this process, and all it starts, to `limits`; never to more than it was bound to before."""
    _at_most(resource.RLIMIT_CORE, 0, 0)
    _at_most(resource.RLIMIT_AS, limits.memory, max(limits.memory, limits.beneath))
    _at_most(resource.RLIMIT_FSIZE, limits.file, limits.file)
    _at_most(resource.RLIMIT_NOFILE, limits.files, limits.files)
    # The soft limit lets Python say what happened; code that does not return to Python is ended by the hard one.
    signal.signal(signal.SIGXCPU, _out_of_time)
    _at_most(resource.RLIMIT_CPU, limits.cpu, limits.cpu + 5)
    os.umask(0o077)


def stretch() -> None:
    """Let the program that is about to take the place of this process have the memory that is meant for it."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def seconds_used() -> float:
    """Seconds of computing that this process has used, or could have used had nobody else kept the machine busy."""
    return max(sum(os.times()[:2]), (time.monotonic() - _BEGAN) / _PATIENCE)


def _out_of_time(_signum: int, _frame: FrameType | None) -> None:
    raise Unreadable(Fault.TIMEOUT)


def _at_most(what: int, soft: int, hard: int) -> None:
    bound = resource.getrlimit(what)[1]
    if bound != resource.RLIM_INFINITY:
        soft, hard = min(soft, bound), min(hard, bound)
    resource.setrlimit(what, (soft, hard))
