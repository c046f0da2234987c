"""`python -m forum.files.reader TASK INPUT OUTDIR [OPTIONS]`: one task with one file; see the package."""

import errno
import json
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from forum.files.reader.codes import Fault, Unreadable
from forum.files.reader.limits import MIB, Limits, confine

#: Where a task is (loaded only when asked for), and what it may use of the machine.
TASKS = {
    "inspect": ("inspecting.task", Limits(cpu=50)),
    "strip": ("stripping.task", Limits(cpu=100)),
    "pages": ("paging.task", Limits(cpu=200, file=600 * MIB)),
    "ocr": ("ocr", Limits(cpu=250)),
    "stamp": ("stamp", Limits(cpu=100)),
}


def main(arguments: list[str]) -> int:
    """Bind the process, carry out the task, say what came of it; 0 unless the reader itself failed."""
    task, source, target = arguments[:3]
    options: dict[str, Any] = json.loads(arguments[3]) if len(arguments) > 3 else {}
    where, limits = TASKS[task]
    confine(replace(limits, **options.get("limits", {})))
    try:
        for line in _carry_out(where, Path(source), Path(target), options):
            _say(line)
        _say({"done": True})
    except Unreadable as refusal:
        _say({"fault": refusal.fault.value})
    except MemoryError:
        _say({"fault": Fault.MEMORY.value})
    except RecursionError:
        _say({"fault": Fault.BROKEN.value})
    except BrokenPipeError:
        return 1  # nobody listens any more
    except Exception as error:
        traceback.print_exc()
        is_too_large = isinstance(error, OSError) and error.errno in {errno.EFBIG, errno.ENOSPC}
        _say({"fault": (Fault.TOO_LARGE if is_too_large else Fault.CRASH).value})
        return 1
    return 0


def _carry_out(where: str, source: Path, target: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    task = import_module(f"forum.files.reader.{where}")
    yield from task.run(source, target, options)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
