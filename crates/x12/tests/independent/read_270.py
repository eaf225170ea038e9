"""Reads 270s with readers that are not ours, and fails on anything that they object to.

usage: read_270.py FOLDER

The folder holds the files that `cargo run --example inquiries -- FOLDER` wrote. Two readers:

- linuxforhealth-x12 has a model of 005010X279A1: it checks loops, segments, elements, codes, dates
  and counts, and writes the transaction again, which must give the same text.
- pyx12 checks the envelopes, their numbers and counts, and the order of the levels. It has no map
  of this release's 270, but one of 004010X092A1, whose loops are the same: the files are checked
  against it with the release's name exchanged, and with 307 for the date that was 291 since.

At the end broken files are read as well, so that a reader that finds nothing is found out.
"""

import io
import logging
import sys
from pathlib import Path

import pyx12.error_handler
import pyx12.params
import pyx12.x12file
import pyx12.x12n_document
from linuxforhealth.x12.io import X12ModelReader

ENVELOPE = ("ISA", "GS", "GE", "IEA")

# What is broken, the readers that must notice, and the text before and after.
BREAKS = [
    ("the count of segments", {"envelope", "model"}, "SE*16*", "SE*15*"),
    ("the control number", {"envelope"}, "IEA*1*000000006", "IEA*1*000000007"),
    ("the parent of a level", {"envelope"}, "HL*4*3*23*0", "HL*4*9*23*0"),
    ("the relationship", {"model", "content"}, "INS*N*19", "INS*N*18"),
    ("the service type", {"model", "content"}, "EQ*30", "EQ*ZZZ"),
    ("the birth date", {"content"}, "DMG*D8*20150607", "DMG*D8*20151307"),
    ("the kind of id", {"content"}, "*MI*1EG4TE5MK73", "*QQ*1EG4TE5MK73"),
    ("the trace", {"model"}, "TRN*1*ALM-6*9000000001", "TRN*1*ALM-6*9"),
    ("the provider's level", {"model", "content"}, "NM1*1P*2*SAMPLE CLINIC*****XX*1234567893~", ""),
]


class Kept(logging.Handler):
    """Keeps what a reader logs."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def envelope(text):
    """pyx12: envelopes, counts, numbers, and which level is below which."""
    reader = pyx12.x12file.X12Reader(io.StringIO(text))
    found = []
    for _ in reader:
        found += reader.pop_errors()
    reader.cleanup()
    return [str(error) for error in found + reader.pop_errors()]


def content(text):
    """pyx12: segments, elements and codes, by the map of the release before."""
    older = text.replace("*^*00501*", "*U*00401*").replace("DTP*291*", "DTP*307*")
    older = older.replace("*005010X279A1~\nBHT", "~\nBHT").replace("005010X279A1", "004010X092A1")
    kept = Kept()
    logger = logging.getLogger("pyx12")
    logger.handlers, logger.propagate = [kept], False
    parameters = pyx12.params.params()
    valid = pyx12.x12n_document.x12n_document(parameters, io.StringIO(older), None, None)
    return kept.lines if kept.lines or valid else ["it is not valid"]


def model(text):
    """linuxforhealth-x12: the model of this release, and its own text of what it read."""
    try:
        with X12ModelReader(text) as reader:
            models = list(reader.models())
    except Exception as error:  # whatever it raises is what it found
        return [f"{type(error).__name__}: {error}"]
    if len(models) != 1:
        return [f"{len(models)} transactions instead of one"]
    if not type(models[0]).__module__.endswith("x12_270_005010X279A1.transaction_set"):
        return [f"it was read as {type(models[0]).__module__}"]
    read = [line.strip() for line in models[0].x12().split("~") if line.strip()]
    ours = [line.strip() for line in text.split("~") if line.strip()]
    ours = [line for line in ours if line.split("*")[0] not in ENVELOPE]
    return [f"{mine} was read as {its}" for mine, its in zip(ours, read) if mine != its] + (
        [] if len(ours) == len(read) else [f"{len(read)} segments were read instead of {len(ours)}"]
    )


READERS = {"envelope": envelope, "content": content, "model": model}


def main():
    files = sorted(Path(sys.argv[1]).glob("*.270"))
    findings = 0
    texts = {path.stem: path.read_text(encoding="ascii").replace("~", "~\n") for path in files}
    for name, text in texts.items():
        for reader, read in READERS.items():
            for finding in read(text):
                findings += 1
                print(f"{name}: {reader}: {finding}")
    for what, readers, before, after in BREAKS:
        broken = texts["child"].replace(before, after)
        assert broken != texts["child"], f"{before} is not in the file to be broken"
        for reader in readers:
            if not READERS[reader](broken):
                findings += 1
                print(f"{reader} did not notice that {what} is broken")
    print(f"{len(texts)} questions, {len(READERS)} readers, {len(BREAKS)} breaks, "
          f"{findings} findings")
    return 1 if findings or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
