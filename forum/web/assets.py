"""Static files under one address that changes with their content, so browsers may keep them for ever."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor


def init_assets(app: Flask, source: Path, published: Path | None, headers: Mapping[str, str]) -> None:
    """Serve `source` below `/static/<hash>/`; templates get `asset(path)`.

    One hash for the whole tree keeps relative module imports inside the same version. With `published` (a folder
    the server may write) files are copied there once per version and compressed; without, as in tests, they are
    served as they are. Each file carries `headers`: it is answered before Flask would add them.
    """
    version = tree_hash(source)
    folder = publish(source, published / version) if published else source
    prefix = f"/static/{version}"
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # Flask's own way to wrap it
        app.wsgi_app,
        root=folder,
        prefix=prefix,
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
        add_headers_function=lambda given, _path, _url: [given.add_header(*pair) for pair in headers.items()],
    )
    app.jinja_env.globals["asset"] = lambda path: f"{prefix}/{path}"


def tree_hash(folder: Path) -> str:
    """Twelve hex digits that stand for the names and contents of all files below `folder`."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def publish(source: Path, target: Path) -> Path:
    """Copy `source` to `target` with gzip and brotli beside each file; a finished copy is kept as it is."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent))  # of its own: two processes may start at once
        shutil.copytree(source, draft, dirs_exist_ok=True)
        compressor = Compressor(quiet=True)
        for file in [path for path in draft.rglob("*") if path.is_file()]:
            if compressor.should_compress(file.name):
                list(compressor.compress(str(file)))
        try:
            draft.rename(target)
        except OSError:  # the other one was faster, and made the same
            shutil.rmtree(draft)
    return target
