"""What the pages of accounts take, a file per noun."""
