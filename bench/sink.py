"""The bare handler that uploads are set against: what comes is written to disk, and nothing else is done."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

_CHUNK = 256 * 1024


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """PUT: the body becomes a file in the folder that `BENCH_SINK` names."""
    left = int(environ.get("CONTENT_LENGTH") or 0)
    stream = environ["wsgi.input"]
    path = Path(os.environ["BENCH_SINK"]) / uuid4().hex
    if left:
        with path.open("wb", buffering=0) as file:
            while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
                file.write(chunk)
                left -= len(chunk)
        path.unlink()
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
