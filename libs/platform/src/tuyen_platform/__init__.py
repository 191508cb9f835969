"""What every service needs once: logs, metrics, health, Kafka and MongoDB."""
