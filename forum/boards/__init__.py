"""Boards, topics and posts, and what of them is new to whom."""
