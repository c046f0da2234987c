"""What members do on boards; each verb takes the viewer first and decides before it acts."""

from forum.boards.service import boards, drafts, posts, readings, topics, writing

__all__ = ["boards", "drafts", "posts", "readings", "topics", "writing"]
