"""Mails as programs really write them, by invented people: what is taken of each stands in `samples/outcomes.toml`."""

import tomllib
from pathlib import Path

import pytest

from forum.mail.letters import read_letter
from forum.mail.letters.bounces import Bounce

SAMPLES = Path(__file__).parent.parent / "samples"
OUTCOMES = tomllib.loads((SAMPLES / "outcomes.toml").read_text())
PETRA = "petra.linse@optik.example"


def test_every_sample_has_its_outcome():
    assert {file.stem for file in SAMPLES.glob("*.eml")} == set(OUTCOMES)
    assert len(OUTCOMES) >= 60


@pytest.mark.parametrize("name", OUTCOMES)
def test_of_each_mail_the_right_thing_is_taken(name):
    expected = OUTCOMES[name]
    letter = read_letter((SAMPLES / f"{name}.eml").read_bytes())
    assert letter.kind.value == expected.get("kind", "reply")
    assert letter.text == expected.get("text", "")
    assert [file.name for file in letter.files] == expected.get("files", [])
    assert letter.sender == expected.get("sender", PETRA)
    if "subject" in expected:
        assert letter.subject == expected["subject"]
    assert (letter.bounce is not None) == ("bounce" in expected)
    if letter.bounce is not None:
        told = {key: getattr(letter.bounce, key) for key in ("recipient", "is_final", "status", "message_id")}
        assert told == expected["bounce"]
        assert isinstance(letter.bounce, Bounce)
        assert letter.bounce.words
