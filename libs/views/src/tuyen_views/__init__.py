"""The views that one service writes and another reads, each defined once for both.

There is one module for each entity, with the document, its collection, its indexes, and the queries
that are made in more than one place. `view` defines what a view is.
"""
