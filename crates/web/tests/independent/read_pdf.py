"""Reads receipts with a reader that is not ours, and fails when a word of theirs is missing.

usage: read_pdf.py FOLDER

The folder holds the files that `cargo run -p almoner-web --example receipts -- FOLDER` wrote: beside
each PDF a list of the texts that it shows. pypdf reads them back by the table that says which letter
stands behind each number, so that a letter which the font lacks is found as well. A text may be
broken into lines, so blanks are not compared. At the end a broken file is read, so that a reader
that finds nothing is found out.
"""

import sys
from pathlib import Path

import pypdf

# One sheet of US letter paper, in points.
SHEET = (612, 792)


def letters(text):
    """A text without its blanks."""
    return "".join(text.split())


def read(path):
    """The text, the number of sheets and the title of a file."""
    reader = pypdf.PdfReader(path, strict=True)
    for page in reader.pages:
        size = (float(page.mediabox.width), float(page.mediabox.height))
        if size != SHEET:
            sys.exit(f"{path.name}: a sheet of {size}")
    text = "".join(page.extract_text() for page in reader.pages)
    return letters(text), len(reader.pages), reader.metadata.title


def missing(path):
    """The texts of the list that the file does not show."""
    found, sheets, title = read(path)
    wanted = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    if sheets != 1:
        return [f"one sheet: there are {sheets}"]
    if not title or not title.startswith(wanted[0]):
        return [f"the title {wanted[0]}: it is {title}"]
    # Labels and values stand side by side, so a value that is broken is not in one piece.
    words = [word for text in wanted for word in text.split()]
    return [word for word in words if len(word) < 40 and letters(word) not in found]


def main(folder):
    files = sorted(Path(folder).glob("*.pdf"))
    if len(files) < 5:
        sys.exit(f"{folder} holds {len(files)} files")
    for path in files:
        lost = missing(path)
        if lost:
            sys.exit(f"{path.name} lacks {lost}")
    name = letters("O'Brien & Søn <b>")
    if name not in read(Path(folder, "longest.pdf"))[0]:
        sys.exit("the hard name is not in one piece")
    other = Path(folder, "plain.pdf")
    other.with_suffix(".txt").write_text("Receipt\nRCP-9999", encoding="utf-8")
    if missing(other) != ["RCP-9999"]:
        sys.exit("a word that is missing was not missed")
    print(f"{len(files)} receipts were read")


if __name__ == "__main__":
    main(sys.argv[1])
