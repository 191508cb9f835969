"""The adapters: HTTP, and what the service reads of pages, their credentials and files."""
