"""Folders, arrays and binary files as typed columns: one module a kind of data set, declared in `engine.data.sources`.

    layouts        what folders and names say of a file's class and split
    image_columns  the shape of pictures; large_arrays: rows of files too large for memory
"""
