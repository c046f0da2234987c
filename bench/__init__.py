"""`make bench`: how fast, how heavy, how hungry; against the figures that the house has set itself."""
