"""What keeps the stack from starting, in one sentence for the person at the terminal."""


class CannotStart(Exception):
    """Something outside of this program has to change first; the message says what."""
