"""One function for each kind of thing."""

from collections.abc import Callable

import pytest

from forum.core.kinds import one_for


def test_a_kind_has_one_function_and_a_second_one_is_refused() -> None:
    known: dict[str, Callable[[], int]] = {}

    @one_for("topic", known)
    def first() -> int:
        return 1

    assert known == {"topic": first}
    with pytest.raises(ValueError, match="topic"):
        one_for("topic", known)(first)
