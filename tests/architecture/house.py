"""The house as files: what the rule tests look through."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, meta

Node = TypeVar("Node", bound=ast.AST)

ROOT = Path(__file__).resolve().parents[2]
FORUM = ROOT / "forum"
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


def packages() -> list[str]:
    """The packages and modules directly below `forum`."""
    found = [path.name for path in FORUM.iterdir() if (path / "__init__.py").exists()]
    found += [path.stem for path in FORUM.glob("*.py") if path.stem != "__init__"]
    return sorted(found)


def floors_of(package: str) -> set[str]:
    """The modules of a package that could be floors."""
    folder = FORUM / package
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def floor_of(module: Path) -> str:
    """`views` for `forum/boards/views/topics.py`, `app` for `forum/app.py`."""
    parts = module.relative_to(FORUM).with_suffix("").parts
    return parts[1] if len(parts) > 1 else parts[0]


@lru_cache(maxsize=1)
def modules() -> dict[Path, ast.Module]:
    """Every Python file of the product, read."""
    return {path: ast.parse(path.read_text()) for path in sorted(FORUM.rglob("*.py"))}


def nodes(*kinds: type[Node]) -> Iterator[tuple[str, Path, Node]]:
    """Every node of these kinds in every module, with a place to point to: `forum/app.py:12`."""
    for path, found in _walked().items():
        place = path.relative_to(ROOT)
        for node in found:
            if isinstance(node, kinds):
                yield f"{place}:{getattr(node, 'lineno', 0)}", path, node


@lru_cache(maxsize=1)
def _walked() -> dict[Path, list[ast.AST]]:
    """All nodes by module: walking is what takes the time, and nine rules look through them."""
    return {path: list(ast.walk(tree)) for path, tree in modules().items()}


@lru_cache(maxsize=1)
def contracts() -> list[dict[str, Any]]:
    """The import contracts as written in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def contract(kind: str, start: str) -> dict[str, Any]:
    """The contract of this type whose name begins so."""
    return next(one for one in contracts() if one["type"] == kind and one["name"].startswith(start))


def places(layers: list[str]) -> set[str]:
    """The names in the layers of a contract."""
    return {name.strip(" ()") for layer in layers for name in layer.split("|")}


def templates() -> list[str]:
    """The names of all templates: `boards/show_topic.html`."""
    return sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))


def template(name: str) -> str:
    """The source of a template."""
    return (TEMPLATES / name).read_text()


def macro(name: str, macro: str) -> str:
    """What stands between the tags of a macro."""
    found = re.search(rf"{{%-? macro {macro}\(.*?{{%-? endmacro", template(name), re.DOTALL)
    assert found is not None, f"{name} has no macro {macro}"
    return found[0]


def used_templates(name: str) -> set[str]:
    """The templates that the template extends, includes, imports or takes a remembered piece from."""
    text = template(name)
    found = meta.find_referenced_templates(Environment(extensions=["jinja2.ext.i18n"]).parse(text))
    return {other for other in found if other} | set(re.findall(r"remembered\(['\"]([^'\"]+)", text))


def rendered_templates() -> dict[str, set[str]]:
    """The templates named in Python, each with the files that name it."""
    known = set(templates())
    found: dict[str, set[str]] = {}
    for _place, path, node in nodes(ast.Constant):
        if node.value in known:
            found.setdefault(node.value, set()).add(str(path.relative_to(FORUM)))
    return found
