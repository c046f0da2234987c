"""Who did what that others may need to account for."""
