"""What the gateway folds from the log into MongoDB: the inbox, its threads, its history."""
