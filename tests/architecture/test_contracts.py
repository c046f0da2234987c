"""The house keeps its shape: tiers, floors, names, and who may do what in the code."""

import ast
import re
from collections import Counter

import pytest
from flask import Flask
from importlinter.application.use_cases import lint_imports
from importlinter.cli import configuration

from tests.architecture import house

#: Imports inside functions, each with its reason.
LATE_IMPORTS: dict[str, str] = {
    "forum/notifications/tasks/push_line.py": "12 MiB that only the process needs which sends pushes",
}
#: Pages that several endpoints answer with, so that they bear no endpoint's name.
SHARED_PAGES = {
    "accounts/show_void_invitation.html": "a code that opens nothing",
    "accounts/show_void_link.html": "a mailed link that is too old, of whatever kind",
    "notifications/mail.html": "a mail, not a page",
}
#: The only places that call a piece of text safe HTML.
MAKERS_OF_HTML = {
    "forum/accounts/views/invitations.py": "a QR code, drawn by segno",
    "forum/web/languages.py": "<time>, by Markup.format, which escapes",
}
#: What a protocol asks for, beside the two methods of forms.
OTHER_METHODS = {"files.update_upload": {"PATCH", "POST"}, "files.delete_upload": {"DELETE"}}
VERBS = "show|list|new|create|edit|update|delete|print"


def endpoints(app: Flask) -> dict[str, object]:
    """The endpoints of our own blueprints with their views."""
    return {name: view for name, view in app.view_functions.items() if "." in name}


def test_the_import_contracts_hold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house.ROOT)
    configuration.configure()
    assert lint_imports(no_logo=True), capsys.readouterr().out


def test_no_contract_has_an_exception() -> None:
    assert [one["name"] for one in house.contracts() if "ignore_imports" in one] == []


def test_every_package_has_its_tier() -> None:
    tiers = house.contract("layers", "Tiers")
    assert tiers["exhaustive"]
    assert set(house.packages()) - house.places(tiers["layers"]) == set()


def test_every_package_with_floors_is_held_to_them() -> None:
    contract = house.contract("layers", "Floors")
    assert contract["exhaustive"]
    floors = house.places(contract["layers"])
    # Plumbing below the tiers of nouns has rooms of its own kind; `web` and `core` know no floors.
    plumbing = {"core", "web", "config", "mail", "realtime", "jobs", "files", "app", "cli", "seeds"}
    missing = [
        package
        for package in house.packages()
        if package not in plumbing
        and house.floors_of(package) & floors
        and f"forum.{package}" not in contract["containers"]
    ]
    assert missing == [], f"add to the floors contract in pyproject.toml: {missing}"


def test_overseers_are_kept_from_the_tables_of_every_capability() -> None:
    contract = house.contract("forbidden", "Overseers")
    tiers = [house.places([layer]) for layer in house.contract("layers", "Tiers")["layers"]]
    overseers = next(tier for tier in tiers if "portal" in tier)
    capabilities = next(tier for tier in tiers if "boards" in tier)
    here = set(house.packages())
    tables = {f"forum.{name}.models" for name in capabilities & here if "models" in house.floors_of(name)}
    assert tables - set(contract["forbidden_modules"]) == set()
    assert {f"forum.{name}" for name in overseers & here} - set(contract["source_modules"]) == set()


def test_nothing_is_called_utils_or_helpers() -> None:
    names = {path.stem for path in house.modules()} | {path.parent.name for path in house.modules()}
    assert names & {"utils", "util", "helpers", "helper", "misc", "common", "tools"} == set()


def test_only_the_database_module_commits() -> None:
    found = [
        place
        for place, path, node in house.nodes(ast.Call)
        if isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and path != house.FORUM / "core" / "db.py"
    ]
    assert found == [], "only unit_of_work commits"


def test_nobody_uses_the_legacy_query() -> None:
    found = [
        place
        for place, _path, node in house.nodes(ast.Attribute)
        if node.attr == "query"
        and (
            (isinstance(node.value, ast.Name) and node.value.id[:1].isupper())
            or (isinstance(node.value, ast.Attribute) and node.value.attr == "session")
        )
    ]
    assert found == [], "sa.select, not Model.query"


def test_imports_stand_at_the_top_of_their_module() -> None:
    found = [
        f"{path.relative_to(house.ROOT)}:{inner.lineno}"
        for path, tree in house.modules().items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert [place for place in found if place.rpartition(":")[0] not in LATE_IMPORTS] == []


def test_time_enters_through_the_clock_only() -> None:
    clocks = {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("time", "time"),
    }
    found = [
        place
        for place, path, node in house.nodes(ast.Call)
        if isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in clocks
        and path != house.FORUM / "core" / "clock.py"
    ]
    assert found == [], "ask forum.core.clock.now"


def test_services_and_queries_neither_begin_nor_end_a_transaction() -> None:
    """A verb joins the unit of work of its caller; who opens one inside a verb would commit half of another."""
    found = [
        place
        for place, path, node in house.nodes(ast.Name, ast.alias)
        if getattr(node, "id", getattr(node, "name", "")) == "unit_of_work"
        and house.floor_of(path) in {"models", "policy", "queries", "service"}
    ]
    assert found == []


def test_html_is_called_safe_in_few_known_places() -> None:
    found = {
        place.rpartition(":")[0]
        for place, _path, node in house.nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "Markup"
    }
    assert found - set(MAKERS_OF_HTML) == set()


def test_templates_trust_nothing_but_rendered_text() -> None:
    """`|safe` stands only behind what `core.html` rendered: `html`, `post.html`, `profile.contacts_html`."""
    rendered = re.compile(r"(\w+\.)*(\w+_)?html")
    found = [
        f"{name}: {expression}"
        for name in house.templates()
        for expression in re.findall(r"([\w.()\[\]'\"]+)\s*\|\s*safe\b", house.template(name))
        if not rendered.fullmatch(expression)
    ]
    assert found == []
    assert [name for name in house.templates() if "autoescape false" in house.template(name)] == []


def test_templates_name_endpoints_in_full() -> None:
    """Addresses are remembered by endpoint and arguments: `.show_topic` would mean another thing elsewhere."""
    found = [name for name in house.templates() if re.search(r"url_for\(\s*['\"]\.", house.template(name))]
    assert found == []


def test_what_is_remembered_for_many_readers_knows_none_of_them() -> None:
    """A remembered piece is shown to everybody for whom its arguments are the same: no token, no viewer in it."""
    pieces = {
        piece
        for name in house.templates()
        for piece in re.findall(r"remembered\(['\"]([^'\"]+)['\"], ['\"](\w+)", house.template(name))
    }
    personal = re.compile(
        r"csrf_token|current_user|\bviewer\b|\bme\b|\brequest\b|\bsession\b|get_flashed|\|\s*ago\b"
    )
    found = {piece: words for piece in pieces if (words := personal.findall(house.macro(*piece)))}
    assert pieces
    assert found == {}


@pytest.mark.parametrize("folder", [house.TEMPLATES, house.STATIC], ids=["templates", "static"])
def test_templates_and_static_files_mirror_the_packages(folder) -> None:
    allowed = set(house.packages()) | ({"vendor"} if folder is house.STATIC else set())
    assert {path.name for path in folder.iterdir()} - allowed == set()


def test_every_template_is_a_page_or_a_part_of_one(app: Flask) -> None:
    rendered = house.rendered_templates()
    used = {found for name in house.templates() for found in house.used_templates(name)}
    dead = [name for name in house.templates() if name not in rendered and name not in used]
    assert dead == [], "nobody renders, extends, includes or imports these"


def test_a_page_bears_the_name_of_an_endpoint_of_its_package(app: Flask) -> None:
    names = {endpoint.replace(".", "/") + ".html" for endpoint in endpoints(app)}
    rendered = {name for name in house.rendered_templates() if not name.startswith("web/")}
    assert rendered - names - set(SHARED_PAGES) == set()
    assert set(SHARED_PAGES) <= rendered, "no longer rendered: take it off the list"


def test_a_page_is_rendered_by_its_own_package() -> None:
    foreign = {
        name: files
        for name, files in house.rendered_templates().items()
        if not name.startswith("web/")
        # An expired session shows the sign-in page from any address.
        and name != "accounts/new_session.html"
        and any(not file.startswith(name.split("/")[0] + "/") for file in files)
    }
    assert foreign == {}


def test_endpoints_are_a_verb_and_a_noun(app: Flask) -> None:
    form = re.compile(rf"[a-z]+\.({VERBS})_[a-z]+(_[a-z]+)*")
    assert [name for name in endpoints(app) if not form.fullmatch(name)] == []


def test_what_a_verb_says_is_what_the_method_does(app: Flask) -> None:
    """`show_`, `list_`, `new_`, `edit_`, `print_` are read; `create_`, `update_`, `delete_` are sent."""
    wrong = []
    for rule in app.url_map.iter_rules():
        reads = re.match(r"[a-z]+\.(show|list|new|edit|print)_", rule.endpoint)
        methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        if methods != OTHER_METHODS.get(rule.endpoint, {"GET"} if reads else {"POST"}):
            wrong.append(f"{rule.endpoint}: {sorted(methods)}")
    assert wrong == []


def test_every_view_lives_on_the_floor_of_views_of_its_blueprint(app: Flask) -> None:
    wrong = [
        name
        for name, view in endpoints(app).items()
        if not re.match(rf"forum\.{name.split('.')[0]}\.views(\.|$)", view.__module__)
    ]
    assert wrong == []


def test_no_two_addresses_answer_the_same_way(app: Flask) -> None:
    """One rule for each address and method; only an endpoint with defaults may have two addresses."""
    seen = Counter(
        (re.sub(r"<[^>]+>", "<>", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    assert [address for address, times in seen.items() if times > 1] == []
