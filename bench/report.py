"""The table people read, and `results.json` that other tools read."""

import json
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from forum.config import ROOT

RESULTS = ROOT / "bench" / "results.json"
PAGES = ("start", "board", "topic", "topic_last")

#: What each figure must at least (>=) or may at most (<=) be.
TARGETS: dict[str, tuple[str, float]] = {
    **{f"{page}.c1.p50_ms": ("<=", 4) for page in PAGES},
    **{f"{page}.c1.of_bare": (">=", 0.5) for page in PAGES},
    **{f"{page}.c16.of_bare": (">=", 0.5) for page in PAGES},
    "start.c16.rps": (">=", 300),
    "board.c16.rps": (">=", 300),
    "topic.c16.rps": (">=", 250),
    "topic_last.c16.rps": (">=", 250),
    **{f"{page}.first_visit_kb": ("<=", 110) for page in PAGES},
    **{f"{page}.js_kb": ("<=", 45) for page in PAGES},
    **{f"{page}.css_kb": ("<=", 35) for page in PAGES},
    **{f"{page}.fonts_kb": ("<=", 25) for page in PAGES},
    **{f"{page}.requests": ("<=", 12) for page in PAGES},
    **{f"{page}.later_kb": ("<=", 20) for page in PAGES},
    **{f"{page}.failed_requests": ("<=", 0) for page in PAGES},
    "reply.p50_ms": ("<=", 8),
    "reply.p99_ms": ("<=", 25),
    "memory.idle_mb": ("<=", 150),
    "memory.loaded_mb": ("<=", 200),
    "topic.two_workers_ratio": (">=", 1.7),
    "chat200.p50_ms": ("<=", 10),
    "chat200.p99_ms": ("<=", 25),
    "chat1000.p50_ms": ("<=", 45),
    "chat1000.p99_ms": ("<=", 90),
    **{f"{part}.{fault}": ("<=", 0) for part in ("chat200", "chat1000") for fault in ("lost", "doubled")},
    "socket.kb": ("<=", 120),
    "sockets1000.page_p99_ratio": ("<=", 2),
    "sockets.refused_politely": (">=", 1),
    "livetopic200.p99_ms": ("<=", 100),
    "livetopic200.lost": ("<=", 0),
    "upload.of_bare": (">=", 0.6),
    "upload.memory_growth_mb": ("<=", 20),
    "library.many_of_few": ("<=", 1.5),
    "preview.first_page_worst_s": ("<=", 3),
    "import.files": (">=", 1000),
    "announce.job_s": ("<=", 2),
    "announce.job_growth_mb": ("<=", 20),
    "announce.mails_s": ("<=", 30),
    "announce.mails_growth_mb": ("<=", 20),
    "digest.s": ("<=", 180),
    "digest.growth_mb": ("<=", 20),
    "watchers.more_ms": ("<=", 5),
}


def print_table(figures: dict[str, float], faults: list[str]) -> None:
    """Every figure with its target; `short` marks what is not reached."""
    width = max(map(len, figures), default=10)
    print(f"\n{'figure':{width}}  {'measured':>9}  {'target':>8}")
    for name, value in figures.items():
        sign, bound = TARGETS.get(name, ("", 0.0))
        target = f"{sign} {bound:g}" if sign else ""
        word = "" if not sign else "ok" if reaches(name, value) else "short"
        print(f"{name:{width}}  {value:>9.{_digits(value)}f}  {target:>8}  {word}".rstrip())
    short = [name for name, value in figures.items() if not reaches(name, value)]
    print(f"\n{sum(name in TARGETS for name in figures) - len(short)} reached, {len(short)} short")
    for fault in faults:
        print(f"not measured: {fault}")


def reaches(name: str, value: float) -> bool:
    """Whether the figure is as good as it should be; figures without a target always are."""
    sign, bound = TARGETS.get(name, ("", 0.0))
    return not sign or (value >= bound if sign == ">=" else value <= bound)


def write_results(figures: dict[str, float], faults: list[str]) -> Path:
    """Leave the figures of this run, and only of this run, in `bench/results.json`."""
    content = {
        "machine": _machine(),
        "commit": _commit(),
        "figures": {name: round(value, 3) for name, value in figures.items()},
        "faults": faults,
    }
    RESULTS.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return RESULTS


def _digits(value: float) -> int:
    return 0 if value == int(value) or value >= 1000 else 1 if value >= 20 else 2


def _machine() -> dict[str, Any]:
    model = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    return {
        "cpu": model[1] if model else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory[1]) / 1024**2, 1) if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }


def _commit() -> str:
    """The commit that was measured, with `-dirty` if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _read(file: str) -> str:
    return Path(file).read_text() if Path(file).exists() else ""
