"""The field for files (templates/files/field.html): what it offers and what it carries, with and without script."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask, render_template_string
from lxml import html

from forum.files.kinds import FACTS, FileKind
from forum.files.models import FileState


def field(context: Flask, *cards: SimpleNamespace, **options: object) -> html.HtmlElement:
    with context.test_request_context("/"):
        page = render_template_string(
            '{% from "files/field.html" import file_field %}<form>{{ file_field("topic:1", cards, **options) }}</form>',
            cards=cards,
            options=options,
        )
    return html.fromstring(page)


def card(state: FileState, **about: object) -> SimpleNamespace:
    facts = {
        "id": 7,
        "key": uuid4(),
        "name": "Plan.pdf",
        "size": 1000,
        "received": 1000,
        "refusal": "",
        "findings": [],
    }
    return SimpleNamespace(**facts | about, state=state)


def test_it_offers_every_kind_that_is_taken_and_pictures_of_a_camera(context):
    (plain,) = field(context).xpath("//input[@type='file']")
    offered = plain.get("accept").split(",")
    taken = {
        f".{ending}" for kind, facts in FACTS.items() if kind is not FileKind.ZIP for ending in facts.endings
    }
    assert set(offered) - {".zip"} == taken | {"image/*"}
    assert plain.get("multiple") is not None


def test_where_one_file_is_due_only_one_can_be_picked(context):
    (plain,) = field(context, most=1, id="version").xpath("//input[@type='file']")
    assert plain.get("multiple") is None
    assert plain.get("id") == "version"


@pytest.mark.parametrize("state", [FileState.CHECKING, FileState.ASKS, FileState.READY])
def test_what_has_arrived_goes_with_the_form_unless_it_is_unticked(context, state):
    (box,) = field(context, card(state)).xpath("//li[@data-key]//input[@name='file_ids']")
    assert box.get("value") == "7"
    assert box.get("checked") is not None
    assert box.get("disabled") is None


@pytest.mark.parametrize("state", [FileState.RECEIVING, FileState.REFUSED])
def test_what_is_not_there_or_not_taken_does_not_go_with_the_form(context, state):
    page = field(context, card(state, received=600, refusal="Das ist ein Programm."))
    (box,) = page.xpath("//li[@data-key]//input[@name='file_ids']")
    assert box.get("disabled") is not None
    said = page.xpath("string(//li[@data-key]//p[@class='upload-state'])")
    assert said == (
        "Das ist ein Programm."
        if state is FileState.REFUSED
        else "Nicht ganz angekommen: Diese Datei geht nicht mit."
    )


def test_a_name_cannot_become_markup(context):
    page = field(context, card(FileState.READY, name='"><img src=x>.pdf'))
    assert not page.xpath("//img")
    assert page.xpath("//li[@data-key]/@data-name") == ['"><img src=x>.pdf']
