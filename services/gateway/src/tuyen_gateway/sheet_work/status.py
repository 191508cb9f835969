"""What a process that carried out a task says to the gateway that started it."""

REFUSED = 3
"""Its status if the file cannot be read."""

TOO_MUCH = "The file takes too much time or memory: divide it into several."
