"""Work for later: a row in the business transaction, done by a process of its own after the commit."""
