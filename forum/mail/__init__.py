"""Outgoing mail: a row in the business transaction, delivered after the commit."""
