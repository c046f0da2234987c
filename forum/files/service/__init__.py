"""What members do with files: send them, give them to what they write, decide what they may tell."""
