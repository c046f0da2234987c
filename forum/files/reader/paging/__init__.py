"""The pages of files: their text, and what shows them."""
