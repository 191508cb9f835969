"""What the service decides: in which order, how often and how fast it calls. Pure."""
