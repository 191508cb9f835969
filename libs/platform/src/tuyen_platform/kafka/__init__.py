"""The log, as the services see it: ports, Kafka behind them, and an in-memory twin."""
