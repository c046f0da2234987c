"""Chat: rooms of a space, conversations of two, small groups; and what is said there."""
