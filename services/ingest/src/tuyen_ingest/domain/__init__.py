"""What ingest knows of the world, without any I/O."""
