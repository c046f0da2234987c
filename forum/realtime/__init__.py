"""Real time: a second door to the same verbs, over Socket.IO."""
