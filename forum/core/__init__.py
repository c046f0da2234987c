"""Plumbing that knows nothing of the forum: database, access, errors, time, text."""
