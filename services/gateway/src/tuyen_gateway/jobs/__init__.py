"""Work that outlives requests: jobs on many conversations, and closing those that went quiet."""
