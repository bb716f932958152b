"""Data sets on the user's disk, from raw files to prepared arrays. numpy only: no torch, and polars and Pillow are
imported where they are used.

    sources      which kinds of files are understood: one `SourceSpec` each; `inspect` looks at a path
    opened       what a source hands on: typed columns with raw values, read when they are asked for
    splits       training, validation and test rows
    preparation  raw values to what the network reads; fitted on the training rows, kept with the run and the export
    dataset      all of it together: `load`
    samples      raw samples, class counts and splits for the data panel
"""
