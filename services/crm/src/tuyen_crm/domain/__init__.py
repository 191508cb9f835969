"""What the decisions of all entities have in common; each entity's rules are in its own folder."""
