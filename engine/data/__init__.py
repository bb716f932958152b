"""Data sets on the user's disk, from raw files to prepared arrays. numpy only: no torch, and polars and Pillow are
imported where they are used.

    sources      which kinds of files are understood: one `SourceSpec` each; `inspect` looks at a path
    trees        the files of a folder, or of a ZIP or tar archive that is read in place
    contents     what a file holds, by its first bytes; layouts: what folders and names say of its class and split
    media        pictures, masks, recordings and texts, read when they are asked for
    tables       CSV, Parquet and Excel as frames; separated: the text ones; cells: what a cell says, for whole columns;
                 inference and roles: what columns are and what for; table_source and series: data sets of them
    opened       what a source hands on: typed columns with raw values, read when they are asked for
    splits       training, validation and test rows
    dataset      all of it together: `load`, what training reads
    encoding     a column's rows from raw to stored, some at a time
    cache        prepared data on the disk: whole entries, a limit, `clear`
    browse       rows found, sorted and shown to people; filters, statistics of columns
    doctor       what is wrong with a data set, and what can be done
"""
