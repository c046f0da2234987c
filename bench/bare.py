"""What Flask and Jinja cost by themselves: the same twenty posts from memory, a page of the same size.

No database, no session, no languages, no compression. `/` is written as Flask's own tutorial would, with
`url_for` for the links; every figure of the product is set against it. `/static` has its links typed in: the
least that a page of this size can cost.
"""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, render_template

TEMPLATE = """<!doctype html>
<html lang="de">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body>
<nav><ul>
{% for place in places %}
<li><a href="SPACE">{{ place }}</a></li>
{% endfor %}
</ul></nav>
<main>
<h1>{{ title }}</h1>
{% for post in posts %}
<article class="post" id="{{ post.number }}">
<header>
<a class="name" href="MEMBER">{{ post.name }}</a>
<a class="permalink" href="POST#{{ post.number }}">
<time datetime="{{ post.created_at.isoformat() }}">{{ post.created_at.strftime("%d.%m.%Y, %H:%M") }}</time>
#{{ post.number }}</a>
</header>
<div class="text">{{ post.html|safe }}</div>
<footer><a href="QUOTE">Zitieren</a><a href="EDIT">Bearbeiten</a></footer>
</article>
{% endfor %}
</main>
FILLING
</body>
</html>
"""
#: Each link of the page by endpoint, argument, value, and typed in.
LINKS = {
    "SPACE": ("space", "space_id", "loop.index", "/spaces/{{ loop.index }}"),
    "MEMBER": ("member", "member_id", "post.number", "/members/{{ post.number }}"),
    "POST": ("post", "post_id", "post.number", "/posts/{{ post.number }}"),
    "QUOTE": ("quote", "post_id", "post.number", "/posts/{{ post.number }}/quote"),
    "EDIT": ("edit", "post_id", "post.number", "/posts/{{ post.number }}/edit"),
}
PLACES = (
    "Rathenow",
    "Prenzlau",
    "Frankfurt (Oder)",
    "Finsterwalde",
    "Wildau-Fürstenwalde",
    "Gesamtes Netzwerk",
)
FILLING = '<p class="muted">Ein Rahmen aus festem Text.</p>\n'


def create_bare_app(posts: list[dict[str, Any]], size: int) -> Flask:
    """Two pages of `size` bytes: what the posts leave is filled with fixed text, as a frame of a page is."""
    app = Flask("bare")
    for post in posts:
        post["created_at"] = datetime.fromisoformat(post["created_at"])
    called = typed = TEMPLATE
    for sign, (endpoint, name, value, link) in LINKS.items():
        called = called.replace(sign, f"{{{{ url_for('{endpoint}', {name}={value}) }}}}")
        typed = typed.replace(sign, link)
        app.add_url_rule(link.replace(f"{{{{ {value} }}}}", f"<int:{name}>"), endpoint, lambda **_: "")
    app.add_url_rule("/", "page", _page(app, called, posts, size))
    app.add_url_rule("/static", "static_page", _page(app, typed, posts, size))
    return app


def _page(app: Flask, text: str, posts: list[dict[str, Any]], size: int) -> Callable[[], str]:
    def render(template: str) -> str:
        return render_template(compiled[template], title="Vier-Schicht-Modell", places=PLACES, posts=posts)

    compiled = {"empty": app.jinja_env.from_string(text.replace("FILLING", ""))}
    with app.test_request_context():
        missing = size - len(render("empty").encode())
    filling = FILLING * max(0, missing // len(FILLING))
    compiled["full"] = app.jinja_env.from_string(text.replace("FILLING", filling))
    return lambda: render("full")


def write_recipe(file: Path, posts: list[dict[str, Any]], size: int) -> dict[str, str]:
    """Note what the pages show; the environment in which `bench.bare:app` finds it."""
    file.write_text(json.dumps({"posts": posts, "size": size}))
    return {"BENCH_BARE": str(file)}


if "BENCH_BARE" in os.environ:
    app = create_bare_app(**json.loads(Path(os.environ["BENCH_BARE"]).read_text()))
