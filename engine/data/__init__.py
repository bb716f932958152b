"""Data sets on the user's disk, from raw files to prepared arrays. numpy only: no torch, and polars and Pillow are
imported where they are used.

    disk/        files of a folder, or of a ZIP or tar that is read in place; what they hold; pictures, recordings and
                 texts read when they are asked for
    readers/     folders, arrays and binary files as typed columns: one module a kind of data set
    tables/      CSV, Parquet and Excel: what their cells say, what their columns are; series
    sources      the declarations of all kinds of data sets: one `SourceSpec` each; `inspect` looks at a path
    unrecognised why nothing could be made of a file
    opened       what a source hands on: typed columns with raw values, read when they are asked for
    splits       training, validation and test rows
    dataset      all of it together: `load`, what training reads
    encoding     a column's rows from raw to stored, some at a time; cache: prepared data on the disk
    browse       rows found, sorted and shown to people; filters, statistics of columns
    doctor/      what is wrong with a data set, and what can be done
"""
