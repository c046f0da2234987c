"""Spaces (network, regions, groups) and who belongs to them; the key to all content."""
