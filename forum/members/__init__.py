"""Persons with an account: name, picture, display, standing."""
