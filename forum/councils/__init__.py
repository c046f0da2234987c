"""Works councils and the mandates in them."""
