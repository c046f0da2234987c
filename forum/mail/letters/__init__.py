"""What came by mail, as those see it who take it; pure: no database, no settings, nothing that waits."""

from forum.mail.letters.answers import ANSWER_ABOVE, ANSWER_ABOVE_ENGLISH, answer_in
from forum.mail.letters.attached import LetterFile
from forum.mail.letters.bounces import Bounce
from forum.mail.letters.reading import SIZE_LIMIT, Letter, LetterKind, read_letter

__all__ = [
    "ANSWER_ABOVE", "ANSWER_ABOVE_ENGLISH", "SIZE_LIMIT", "Bounce", "Letter", "LetterFile", "LetterKind", "answer_in",
    "read_letter",
]  # fmt: skip
