"""Takes signed webhooks and puts what they say into Kafka."""
