"""What the gateway needs beside the log (`tuyen_platform.kafka.ports`) and a clock."""
