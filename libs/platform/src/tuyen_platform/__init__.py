"""What every service needs: logs, metrics, health, Kafka and MongoDB."""
