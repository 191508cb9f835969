"""The CRM's views in MongoDB."""
