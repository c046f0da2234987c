"""Static files: an address that changes with the content, kept for ever, compressed once."""

import gzip
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.config import ROOT
from forum.web.assets import publish, tree_hash
from tests.cast import Person

Browse = Callable[[Person | None], FlaskClient]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "web").mkdir(parents=True)
    (folder / "web" / "app.css").write_text("body { color: black }\n" * 200)
    (folder / "web" / "picture.png").write_bytes(b"\x89PNG" * 500)
    return folder


def test_the_address_changes_with_names_and_contents_and_with_nothing_else(tree: Path) -> None:
    first = tree_hash(tree)
    assert first == tree_hash(tree)
    assert len(first) == 12
    (tree / "web" / "app.css").touch()
    assert tree_hash(tree) == first
    (tree / "web" / "app.css").write_text("body { color: white }")
    changed = tree_hash(tree)
    (tree / "web" / "app.css").rename(tree / "web" / "other.css")
    assert len({first, changed, tree_hash(tree)}) == 3


def test_two_files_are_not_mistaken_for_one(tmp_path: Path) -> None:
    for name, files in {"a": {"x": "yz"}, "b": {"xy": "z"}, "c": {"x": "y", "z": ""}}.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_text(content)
    assert len({tree_hash(tmp_path / name) for name in "abc"}) == 3


def test_published_files_lie_compressed_beside_themselves(tree: Path, tmp_path: Path) -> None:
    folder = publish(tree, tmp_path / "published" / "v1")
    plain = (tree / "web" / "app.css").read_bytes()
    assert gzip.decompress((folder / "web" / "app.css.gz").read_bytes()) == plain
    assert brotli.decompress((folder / "web" / "app.css.br").read_bytes()) == plain
    assert not (folder / "web" / "picture.png.gz").exists()
    assert [path.name for path in (tmp_path / "published").iterdir()] == ["v1"]


def test_what_is_published_stays_as_it_is_also_when_two_publish_at_once(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "v1"
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda _: publish(tree, target), range(4))) == [target] * 4
    assert [path.name for path in tmp_path.iterdir() if path != tree] == ["v1"]
    stamp = (target / "web" / "app.css.br").stat().st_mtime_ns
    publish(tree, target)
    assert (target / "web" / "app.css.br").stat().st_mtime_ns == stamp


def test_files_are_kept_for_ever_and_come_compressed(app_with: Callable[..., Flask]) -> None:
    published = app_with(publish_assets=True)
    client = published.test_client()
    address = published.jinja_env.globals["asset"]("web/app.css")
    for coding in ("br", "gzip"):
        answer = client.get(address, headers={"Accept-Encoding": coding})
        assert answer.headers["Content-Encoding"] == coding
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert client.get(address).data == (ROOT / "static" / "web" / "app.css").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "../forum/config.py",
        "..%2fforum/config.py",
        "%2e%2e/forum/config.py",
        "web/../../wsgi.py",
        "web/..\\..\\wsgi.py",
        "/etc/passwd",
        "web/",
        "",
        "web/app.css%00.png",
    ],
)
def test_nothing_outside_the_folder_is_served(app: Flask, browse: Browse, path: str) -> None:
    address = app.jinja_env.globals["asset"](path)
    assert browse(None).get(address).status_code == 404


def test_every_file_that_a_page_asks_for_is_there(app: Flask, browse: Browse) -> None:
    page = browse(None).get("/sign-in").text
    for address in set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page)):
        assert browse(None).get(address).status_code == 200, address
