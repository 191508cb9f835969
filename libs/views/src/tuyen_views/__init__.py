"""The views that one service writes and another reads: one definition of each for both.

A module for each entity holds the document, its collection and its indexes, and the questions that
more than one place asks. `view` says what a view is.
"""
