"""Lists for pages: explicit columns, filtered by policy, a constant number of statements."""

from forum.boards.queries import boards, posts, topics, unread

__all__ = ["boards", "posts", "topics", "unread"]
