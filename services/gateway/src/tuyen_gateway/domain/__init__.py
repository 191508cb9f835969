"""What a viewer may do and see, as pure functions."""
