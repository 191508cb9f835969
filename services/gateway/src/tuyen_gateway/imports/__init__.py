"""What the rows of a file say about contacts (C9)."""
