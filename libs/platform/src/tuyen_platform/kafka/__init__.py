"""The log that services read and write: its ports, with an implementation in Kafka and one in
memory."""
