"""What is under the bell, what was chosen, and to whom mails go."""

from forum.notifications.queries import bell, choices, readers

__all__ = ["bell", "choices", "readers"]
