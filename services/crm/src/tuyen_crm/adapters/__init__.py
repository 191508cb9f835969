"""What the CRM reads beside its own topics."""
