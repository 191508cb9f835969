"""The double of the Graph API and of its login dialog."""
