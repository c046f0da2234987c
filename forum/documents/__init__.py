"""Ablage: folders and documents of a space, each document with its versions."""
