"""Mitteilungen: what staff tells the network or parts of it, and who has taken note."""
