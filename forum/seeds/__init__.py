"""What a new house contains: the network, the five regions with their boards; for the demo, people and talk."""
