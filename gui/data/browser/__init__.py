"""The data browser: every sample of the data set, what is in its columns, and what the network gets of it."""
