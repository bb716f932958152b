"""The same projects and runs without a window: `neuroloom check`, `train`, `export` and the rest.

Data goes to stdout, everything said to people to stderr. Exit codes: 0 success, 1 a failed operation, 2 wrong use,
130 interrupted. Importing the room costs milliseconds: a command imports what it needs when it runs.
"""
