"""Files: bytes kept once by what they are, their upload, and what a process of its own reads out of them."""
