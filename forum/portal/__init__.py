"""Pages gathered from several capabilities: start, region, member, the legal pages."""
