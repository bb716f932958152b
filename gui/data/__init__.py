"""The panel of the data set."""
