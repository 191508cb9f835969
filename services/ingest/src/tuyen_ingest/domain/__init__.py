"""What ingest knows of the directory, without any I/O."""
