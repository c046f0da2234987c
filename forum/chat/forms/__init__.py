"""What is typed around rooms, as checked data."""
