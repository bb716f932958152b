"""Files on the disk, wherever they lie.

    trees      the files of a folder or an archive, or one file with what lies beside it; their fingerprint
    archives   ZIP and tar, read in place; scanning: large folders listed quickly
    contents   what a file holds, by its first bytes; headers: sizes and durations without decoding
    media      pictures, masks, recordings and texts, read when they are asked for
"""
