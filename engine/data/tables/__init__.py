"""Tables as typed columns.

    reading     a file as a frame; separated: the text ones (CSV); frames: what is the same for all
    cells       what a cell says, for whole columns at once
    inference   what kind a column is, and why; roles: what it is for
    table       the data set of a table; series: windows of one that goes by time; held_files: files inside cells
"""
