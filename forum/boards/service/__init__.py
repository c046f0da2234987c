"""What members do on boards; each verb takes the viewer first and decides before it acts."""

from forum.boards.models import POST_LIMIT, TITLE_LIMIT
from forum.boards.service import boards, drafts, news, posts, readings, topics, watching, writing

__all__ = [
    "POST_LIMIT",
    "TITLE_LIMIT",
    "boards",
    "drafts",
    "news",
    "posts",
    "readings",
    "topics",
    "watching",
    "writing",
]
