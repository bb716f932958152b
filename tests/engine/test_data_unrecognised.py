"""Files that are no data: what is wrong with each is said; foreign files beside data are left alone."""

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from PIL import Image

from engine.data import sources
from engine.errors import DataError
from tests.engine.tables import inspected, kinds, opened, raw


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


WORD = zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"})
SENTENCES = b"The first sentence stands here.\nA second one, with a comma, follows.\nAnd the third is the last.\n" * 5


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "is empty"),
    (b" \n\n", "nothing but blanks"),
    (b"a,b,label\n", "has a header line but no rows"),
    (b"just a word\n", "has one line only"),
    (b"a\n1\n2\n3\n", "has one column only"),
    (SENTENCES, "is a text without classes"),
    (b"a,b,c\n1,2\n1,2,3,4\n1\n1,2,3,4,5\n", "3 in the first, 2 in line 2"),
    (b'{"a": 1}\n{"a": 2}\n', "a JSON object in each line"),
    (b'[{"a": 1}]', "holds JSON, which"),
    (b"<html><table></table></html>\n", "markup"),
    (b"%PDF-1.7\n" + bytes(range(256)), "a PDF document"),
    (b"\0\1\2\3" * 100, "of no kind that is known"),
    (zipped(**{"inner.zip": zipped(**{"a.csv": b"a,b\n1,2\n"})}), "an archive inside of it"),
], ids=["empty", "blank", "header only", "one line", "one column", "sentences", "ragged", "JSON lines", "JSON",
        "markup", "PDF", "bytes", "ZIP in ZIP"])
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "some.data").write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        sources.inspect(tmp_path / "some.data")
    assert "some.data" in caught.value.message
    assert caught.value.hint.startswith("What can be read: ")


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    with pytest.raises(DataError, match=r"All 2 files in .* are empty"):
        sources.inspect(tmp_path)
    for name in ("cat", "dog"):
        (tmp_path / name / "1.png").write_bytes(b"%PDF-1.7\n\0\0")
    with pytest.raises(DataError, match=r"of its 2 files each is a PDF document, which is not read \(cat/1.png\)"):
        sources.inspect(tmp_path)


def test_foreign_files_beside_pictures_are_left_alone(tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / ("cat", "dog")[number % 2]
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (number * 20, 0, 0)).save(folder / f"{number}.png")
    (tmp_path / "report.docx").write_bytes(WORD)
    (tmp_path / "cut.docx").write_bytes(WORD[:60])
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.7")
    data = sources.inspect(tmp_path)
    assert data.source == "image_folder"
    assert len(sources.open_data(data, None).names) == 12


@pytest.mark.parametrize("top", [0, 2])
@pytest.mark.parametrize("header", [True, False])
def test_titles_above_the_header_of_a_sheet(tmp_path: Path, top: int, header: bool) -> None:
    book = xlsxwriter.Workbook(tmp_path / "sales.xlsx")
    sheet = book.add_worksheet()
    sheet.write(top, 0, "Quarterly sales report")
    sheet.write(top + 1, 0, "by the office")
    begin = top + 3
    if header:
        sheet.write_row(begin, 0, ["region", "sold", "cost", "returned"])
        begin += 1
    for row in range(30):
        sheet.write_row(begin + row, 0, ["north" if row % 2 else "south", row * row, row / 7,
                                         "odd" if row == 3 and not header else ("yes", "no")[row % 3 == 0]])
    sheet.write(begin + 5, 2, "dear")
    book.close()
    data = inspected(tmp_path / "sales.xlsx")
    if header:
        assert kinds(data) == {"region": ("category", "input"), "sold": ("number", "input"),
                               "cost": ("number", "input"), "returned": ("category", "target")}
    found = opened(tmp_path / "sales.xlsx")
    name = "sold" if header else "column 2"
    assert raw(found, name)[:3].tolist() == [0, 1, 4]
    assert len(raw(found, name)) == 30
    assert any(f"row {begin + 6} says 'dear'" in finding for finding in found.findings)
