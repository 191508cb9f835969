"""The two stages of routing: what each reads, decides by the domain, and writes."""
