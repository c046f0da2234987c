"""What a file is, and what it tells about its makers."""
