"""Two versions of a text: nothing may be lost, and a reader must see at a glance what changed."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.core.textdiff import Change, word_diff

TEXTS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(["der ", "die ", "Rat ", "tagt", ", ", ".", "\n", "\n\n", "10 "]), max_size=60
    ).map("".join),
)


def marked(old: str, new: str) -> str:
    signs = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(signs[change.kind].format(change.text) for change in word_diff(old, new))


@given(TEXTS, TEXTS)
def test_the_pieces_give_both_texts_back(old: str, new: str) -> None:
    changes = word_diff(old, new)
    assert "".join(change.text for change in changes if change.kind != "added") == old
    assert "".join(change.text for change in changes if change.kind != "removed") == new
    assert all(change.text for change in changes)
    assert all(first.kind != second.kind for first, second in pairwise(changes))


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert word_diff(text, text) == ([Change("same", text)] if text else [])


def test_one_word_changed_is_one_word_marked() -> None:
    assert (
        marked("Der Rat tagt am Montag.", "Der Rat tagt am Dienstag.")
        == "Der Rat tagt am [-Montag-][+Dienstag+]."
    )


def test_an_added_line_is_added_whole() -> None:
    assert marked("eins\nzwei\n", "eins\nneu\nzwei\n") == "eins\n[+neu\n+]zwei\n"


def test_words_are_compared_within_changed_lines_only() -> None:
    old = "Wir tagen um neun.\nOrt: Kantine\nEnde offen"
    new = "Wir tagen um zehn.\nOrt: Kantine\nEnde um zwölf"
    assert marked(old, new) == "Wir tagen um [-neun-][+zehn+].\nOrt: Kantine\nEnde [-offen-][+um zwölf+]"


def test_a_tiny_word_between_two_changes_is_read_with_them() -> None:
    assert (
        marked("alte und graue Worte", "neue und bunte Worte") == "[-alte und graue-][+neue und bunte+] Worte"
    )


def test_paragraphs_are_not_run_together() -> None:
    assert marked("eins\n\nzwei", "drei\n\nvier") == "[-eins-][+drei+]\n\n[-zwei-][+vier+]"


def drawn(words: list[str], count: int, between: str = " ") -> str:
    chance = random.Random(7)
    return between.join(chance.choice(words) for _ in range(count))[:60_000]


MANY = [f"wort{number}" for number in range(5_000)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (drawn(MANY, 9_000), drawn([word.upper() for word in MANY], 9_000)),
        (drawn(MANY, 9_000), drawn(MANY[::-1], 9_000)),
        (drawn(["a", "b", "c"], 30_000), drawn(["b", "c", "a"], 30_000)),
        (drawn(["a", "b", "c"], 30_000, "\n"), drawn(["b", "c", "a"], 30_000, "\n")),
        (drawn(MANY[:200], 9_000), drawn(MANY[200:0:-1], 9_000)),
        (" ".join(MANY), " ".join(MANY[::-1])),
        ("!?" * 30_000, "?!!" * 20_000),
        ("a" * 60_000, "b" * 60_000),
    ],
    ids=["all other", "shuffled", "three words", "three lines", "200 words", "reversed", "signs", "one word"],
)
def test_long_texts_that_differ_everywhere_do_not_take_long(old: str, new: str) -> None:
    start = time.process_time()
    changes = word_diff(old, new)
    assert time.process_time() - start < 5
    assert "".join(change.text for change in changes if change.kind != "added") == old


def test_an_agreement_of_which_many_sentences_changed_is_still_read_word_by_word() -> None:
    chance = random.Random(3)
    words = [
        "die",
        "der",
        "und",
        "Arbeitszeit",
        "beginnt",
        "endet",
        "Uhr",
        "Pause",
        "Minuten",
        "im",
        "Betrieb",
    ]
    lines = [f"§ {number} " + " ".join(chance.choices(words, k=40)) for number in range(1, 200)]
    changed = [line.replace("Pause", "Ruhezeit", 1) for line in lines]
    changes = word_diff("\n".join(lines), "\n".join(changed))
    assert {change.text for change in changes if change.kind == "removed"} == {"Pause"}
    assert {change.text for change in changes if change.kind == "added"} == {"Ruhezeit"}


def test_what_was_made_to_be_slow_is_not() -> None:
    old, new = (
        " ".join(
            f"w{place} " + " ".join(random.Random(seed + place).choices("abcdefgh", k=38))
            for place in range(1_200)
        )
        for seed in (0, 7_777)
    )
    start = time.process_time()
    word_diff(old[:100_000], new[:100_000])
    assert time.process_time() - start < 3
