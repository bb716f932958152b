"""A folder of pictures: a folder for each class, names that begin with it, a mask for each picture, or none of these.
Folders train, validation and test above decide the splits."""

from engine.data.disk.contents import content, is_mostly
from engine.data.disk.media import Pictures
from engine.data.disk.trees import File, Tree
from engine.data.opened import Asked, Opened
from engine.data.readers.image_columns import picture_column
from engine.data.readers.layouts import layout_of
from engine.data.readers.masks import open_masks, pairs_of
from engine.errors import DataError
from engine.params import Choice, Param
from engine.preparation import pictures

PARAMS: tuple[Param, ...] = (
    Choice(name="tiles", default="auto", choices=("auto", "none", "32", "64", "128", "256"),
           help="Cut pictures and their masks into squares of so many pixels. Auto: if there are only a few large "
                "ones."),
)


def recognise(tree: Tree) -> bool:
    """True for a folder or archive with pictures in it."""
    return not tree.single and is_mostly(tree, "picture")


def open_image_folder(asked: Asked) -> Opened:
    """Open a folder of pictures. Their shape is the one that is known, or decided by looking at some."""
    files = [file for file in asked.tree.files if _is_picture(file)]
    if not files:
        raise DataError(f"{asked.tree.root} holds no pictures.",
                        "Put the pictures of each class into a folder of its own: its name is the class.")
    if pairs := pairs_of(files):
        return open_masks(asked, files, pairs)
    layout = layout_of(asked.tree, {file.name for file in files})
    column, findings = picture_column("image", layout.files, asked)
    others, values = layout.columns("pictures")
    return Opened(
        columns=(column, *others),
        values={"image": Pictures(layout.files, column.shape, column.settings), **values},
        names=layout.names,
        files=layout.files,
        fixed=layout.fixed,
        findings=(*findings, *layout.findings("pictures")),
    )


def _is_picture(file: File) -> bool:
    """Damaged files with the name of a picture count, so that they can be listed."""
    return file.name[file.name.rfind(".") :].lower() in pictures.SUFFIXES or content(file) == "picture"
