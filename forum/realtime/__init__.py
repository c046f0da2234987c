"""Real time: a second door to the same verbs, over Socket.IO."""

from forum.realtime import lean_engineio  # noqa: F401  (before anything here loads it)
