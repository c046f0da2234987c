"""Plumbing of the web: access, errors, forms, languages, security headers, static files."""
