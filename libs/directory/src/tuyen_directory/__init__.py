"""What organizations have set up: folded from the directory's records, one definition for all."""
