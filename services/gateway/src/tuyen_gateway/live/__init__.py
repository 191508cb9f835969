"""Live streams (I11): one feed for each organization that has any, shared by all of its streams."""
