"""The words for the acts of the record."""

import re
from pathlib import Path

from flask import Flask

from forum.audit.queries import ACTIONS, action_text

_RECORDED = re.compile(r"""(?:record|_record|_note)\([^"@]*?"([a-z_]+\.[a-z_]+)\"""")
_CHOSEN = re.compile(r'action = "([a-z_]+\.[a-z_]+)" if .* else "([a-z_]+\.[a-z_]+)"')


def recorded_actions() -> set[str]:
    sources = [file.read_text() for file in Path("forum").rglob("*.py")]
    return {
        action
        for source in sources
        for pattern in (_RECORDED, _CHOSEN)
        for found in pattern.findall(source)
        for action in ([found] if isinstance(found, str) else found)
    }


def test_every_recorded_act_has_words_and_no_words_are_left_over() -> None:
    assert recorded_actions() == set(ACTIONS)


def test_acts_are_told_in_german(context: Flask) -> None:
    assert action_text("post.hidden") == "Beitrag verborgen"
    assert action_text("cake.eaten") == "cake.eaten"
