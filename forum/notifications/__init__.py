"""Being told, not flooded: the bell, mails and pushes about what others wrote, each thing once."""
