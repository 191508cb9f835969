"""The two stages of routing: what each of them reads, decides by the domain, and writes."""
