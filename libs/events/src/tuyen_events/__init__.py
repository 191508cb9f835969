"""The events that Tuyến's services share, their topics and their contracts."""
