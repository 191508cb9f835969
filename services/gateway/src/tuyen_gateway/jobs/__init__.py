"""Work that outlives HTTP requests: jobs on many conversations, and closing inactive ones."""
