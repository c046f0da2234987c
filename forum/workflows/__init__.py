"""Verbs that span two capabilities: what was worked out in a room becomes a topic."""
