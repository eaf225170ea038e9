//! What a file is, judged by its content and never by its name.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use almoner_domain::document::DocumentKind;

use crate::archive::{self, Archive};
use crate::receive_file::Received;

/// How much of a file's beginning is looked at.
const HEAD_BYTES: u64 = 8 * 1024;
/// How much of a text is read at a time.
const STEP_BYTES: usize = 64 * 1024;
/// The parts of a JPEG that are passed over, at most, before the one that tells its size.
const MAX_SEGMENTS: usize = 1_000;
/// How many times as large as itself an archive may be unpacked …
const MAX_UNPACKED_TIMES: u64 = 100;
/// … when that is more than this …
const FREE_UNPACKED_BYTES: u64 = 50 * 1024 * 1024;
/// … and never more than this.
const MAX_UNPACKED_BYTES: u64 = 1024 * 1024 * 1024;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Its kind.
    pub(crate) kind: DocumentKind,
    /// Width and height, when it is an image that says so.
    pub(crate) size_px: Option<(i64, i64)>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// There is nothing in it.
    Empty,
    /// It is of a kind that is not taken, here in words.
    Kind(&'static str),
    /// It would unfold into very much more than it is.
    Bomb,
    /// It holds a program.
    Macros,
}

impl NotTaken {
    /// The stable name, and what people read.
    pub(crate) fn told(self) -> (&'static str, String) {
        let taken = "PDF, PNG, JPEG, HEIC, TIFF, TXT, CSV, DOCX and XLSX are taken.";
        match self {
            Self::Empty => ("empty", "The file is empty.".to_owned()),
            Self::Kind(what) => ("not_taken", format!("By its content, this is {what}. {taken}")),
            Self::Bomb => {
                let text = "The file would unfold into far more than it is; it is not taken.";
                ("unsafe", text.to_owned())
            }
            Self::Macros => {
                let text = "The file holds macros, which are programs. Save it without them.";
                ("unsafe", text.to_owned())
            }
        }
    }
}

/// Judges a file, and goes back to its beginning. The name only tells a table from other text.
pub(crate) fn judge(content: &mut Received, name: &str) -> io::Result<Result<Judged, NotTaken>> {
    let judged = judged(content, name);
    content.rewind()?;
    judged
}

fn judged(content: &mut Received, name: &str) -> io::Result<Result<Judged, NotTaken>> {
    let mut head = Vec::new();
    content.rewind()?;
    content.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(Err(NotTaken::Empty));
    }
    let plain = |kind| Ok(Judged { kind, size_px: None });
    if head.starts_with(b"PK\x03\x04") {
        return Ok(office(content)?.map(|kind| Judged { kind, size_px: None }));
    }
    Ok(match infer::get(&head).map(|found| found.mime_type()) {
        Some("application/pdf") => plain(DocumentKind::Pdf),
        Some("image/png") => match png_size(&head) {
            None => Err(NotTaken::Kind("a damaged PNG")),
            size_px => Ok(Judged { kind: DocumentKind::Png, size_px }),
        },
        Some("image/jpeg") => Ok(Judged { kind: DocumentKind::Jpeg, size_px: jpeg_size(content)? }),
        Some("image/heif") => plain(DocumentKind::Heic),
        Some("image/tiff") => plain(DocumentKind::Tiff),
        _ if is_markup(&head) => Err(NotTaken::Kind(words("text/html"))),
        Some(other) if is_language(other) => Err(NotTaken::Kind(words(other))),
        // A text may begin with the two letters that an image or a program begins with.
        _ if is_text(content)? => plain(DocumentKind::of_text(name)),
        Some(other) => Err(NotTaken::Kind(words(other))),
        None => Err(NotTaken::Kind("no document that is known here")),
    })
}

/// Whether a kind that is not taken is written as text.
fn is_language(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || matches!(media_type, "application/rtf" | "application/postscript")
}

/// What a kind that is not taken is called.
fn words(media_type: &str) -> &'static str {
    match media_type {
        "text/html" | "text/xml" => "a web page or other markup",
        "application/rtf" => "an RTF text",
        "application/msword" | "application/vnd.ms-excel" | "application/x-ole-storage" => {
            "an older or protected Office file"
        }
        "application/vnd.ms-powerpoint" => "a presentation",
        "text/x-shellscript"
        | "application/vnd.microsoft.portable-executable"
        | "application/x-executable"
        | "application/x-mach-binary"
        | "application/java"
        | "application/wasm" => "a program",
        other if other.starts_with("video/") => "a video",
        other if other.starts_with("audio/") => "a sound",
        other if other.starts_with("image/") => "an image of another kind",
        _ => "an archive or a file of another kind",
    }
}

/// A Word document or an Excel workbook, by the list of the archive that it is.
fn office(content: &mut Received) -> io::Result<Result<DocumentKind, NotTaken>> {
    let size = u64::try_from(content.size_bytes()).unwrap_or(u64::MAX);
    let Some(Archive { names, unpacked_bytes }) = archive::listed(content)? else {
        return Ok(Err(NotTaken::Kind("a damaged archive")));
    };
    let has = |begin: &str, end: &str| {
        names.iter().any(|name| name.starts_with(begin) && name.ends_with(end))
    };
    let times = size.saturating_mul(MAX_UNPACKED_TIMES);
    let most = times.clamp(FREE_UNPACKED_BYTES, MAX_UNPACKED_BYTES);
    Ok(if !has("[Content_Types].xml", "") {
        Err(NotTaken::Kind("an archive"))
    } else if unpacked_bytes > most {
        Err(NotTaken::Bomb)
    } else if has("", "vbaProject.bin") {
        Err(NotTaken::Macros)
    } else if has("word/document", ".xml") {
        Ok(DocumentKind::Word)
    } else if has("xl/workbook", ".xml") {
        Ok(DocumentKind::Excel)
    } else {
        Err(NotTaken::Kind("an Office file of another kind"))
    })
}

/// Width and height from the first part of a PNG, which must be there.
fn png_size(head: &[u8]) -> Option<(i64, i64)> {
    let number = |at: usize| {
        let four = head.get(at..at + 4)?.try_into().ok()?;
        Some(i64::from(u32::from_be_bytes(four)))
    };
    let is_header = head.get(12..16) == Some(b"IHDR");
    let size = number(16).zip(number(20)).filter(|_| is_header);
    size.filter(|&(width, height)| width > 0 && height > 0)
}

/// Width and height from the frame of a JPEG, when there is one.
fn jpeg_size(content: &mut Received) -> io::Result<Option<(i64, i64)>> {
    content.seek(SeekFrom::Start(2))?;
    for _ in 0..MAX_SEGMENTS {
        let mut begin = [0; 4];
        if !filled(content, &mut begin)? || begin[0] != 0xFF {
            return Ok(None);
        }
        let [_, marker, high, low] = begin;
        // C4, C8 and CC are no frames; DA begins the picture itself.
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            let mut frame = [0; 5];
            let is_whole = filled(content, &mut frame)?;
            let [_, high, low, right, left] = frame;
            let height = i64::from(u16::from_be_bytes([high, low]));
            let width = i64::from(u16::from_be_bytes([right, left]));
            return Ok((is_whole && width > 0 && height > 0).then_some((width, height)));
        }
        let length = u16::from_be_bytes([high, low]);
        if marker == 0xDA || length < 2 {
            return Ok(None);
        }
        content.seek(SeekFrom::Current(i64::from(length) - 2))?;
    }
    Ok(None)
}

fn filled(content: &mut Received, into: &mut [u8]) -> io::Result<bool> {
    match content.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a text begins as a page or an image does that a browser would run.
fn is_markup(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let tags = ["<!", "<?", "<html", "<svg", "<script", "<body", "<head", "<iframe", "<math"];
    let begin: Vec<u8> = head.trim_ascii_start().iter().take(10).copied().collect();
    let begin = begin.to_ascii_lowercase();
    tags.iter().any(|tag| begin.starts_with(tag.as_bytes()))
}

/// Whether everything in a file is text: one byte or two a letter, and nothing that controls a
/// machine besides tabs, line breaks and page breaks.
fn is_text(content: &mut Received) -> io::Result<bool> {
    content.rewind()?;
    let mut mark = [0; 2];
    let wide = filled(content, &mut mark)?.then_some(mark);
    let order = match wide {
        Some([0xFF, 0xFE]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        Some([0xFE, 0xFF]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if order.is_none() {
        content.rewind()?;
    }
    if order.is_some() && !content.size_bytes().is_multiple_of(2) {
        return Ok(false);
    }
    let mut step = vec![0; STEP_BYTES];
    loop {
        let read = read_step(content, &mut step)?;
        let bytes = &step[..read];
        if read == 0 {
            return Ok(true);
        }
        let is_well = match order {
            Some(order) => bytes.as_chunks::<2>().0.iter().all(|&pair| is_letter(order(pair))),
            None => bytes.iter().all(|&byte| is_letter(u16::from(byte))),
        };
        if !is_well {
            return Ok(false);
        }
    }
}

/// Fills a step, shorter only at the end of the file.
fn read_step(content: &mut Received, step: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < step.len() {
        match content.read(&mut step[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn is_letter(code: u16) -> bool {
    (code >= 0x20 && code != 0x7F) || matches!(code, 0x09 | 0x0A | 0x0C | 0x0D)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::archive;

    const TYPES: (&str, u32) = ("[Content_Types].xml", 1_000);

    fn judge_named(name: &str, bytes: &[u8]) -> Result<Judged, NotTaken> {
        let mut received = Received::from_reader(bytes).unwrap();
        let judged = judge(&mut received, name).unwrap();
        let mut again = Vec::new();
        received.read_to_end(&mut again).unwrap();
        assert!(again == bytes, "it is read from its beginning again");
        judged
    }

    fn kind(bytes: &[u8]) -> Result<DocumentKind, NotTaken> {
        judge_named("a", bytes).map(|judged| judged.kind)
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        bytes.extend([8, 6, 0, 0, 0]);
        bytes
    }

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xC0\0\x11\x08\x01\x00\x02\x00\x03";

    #[test]
    fn each_kind_is_known_by_its_content() {
        assert_eq!(kind(b"%PDF-1.7\n"), Ok(DocumentKind::Pdf));
        assert_eq!(kind(&png(3, 2)), Ok(DocumentKind::Png));
        assert_eq!(kind(JPEG), Ok(DocumentKind::Jpeg));
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        assert_eq!(kind(heic), Ok(DocumentKind::Heic));
        assert_eq!(kind(b"II*\0\x08\0\0\0\0\0"), Ok(DocumentKind::Tiff));
        assert_eq!(kind(b"MM\0*\0\0\0\x08\0\0"), Ok(DocumentKind::Tiff));
        let word = archive(&[TYPES, ("word/document.xml", 9_000)]);
        assert_eq!(kind(&word), Ok(DocumentKind::Word));
        let excel = archive(&[TYPES, ("xl/workbook.xml", 9_000)]);
        assert_eq!(kind(&excel), Ok(DocumentKind::Excel));
        assert_eq!(kind("Søn, O'Brien\r\n\tx".as_bytes()), Ok(DocumentKind::Text));
        assert_eq!(kind(b"caf\xE9 with Windows letters"), Ok(DocumentKind::Text));
        assert_eq!(kind(b"\xFF\xFEa\0b\0\n\0"), Ok(DocumentKind::Text));
        assert_eq!(kind(b"\xFE\xFF\0a\0b"), Ok(DocumentKind::Text));
        let table = judge_named("visits.csv", b"a,b\n1,2\n").map(|judged| judged.kind);
        assert_eq!(table, Ok(DocumentKind::Csv));
    }

    #[test]
    fn a_name_makes_nothing_of_what_a_file_is_not() {
        let web = Err(NotTaken::Kind("a web page or other markup"));
        let page = b"  <!DOCTYPE html><script>alert(1)</script>";
        assert_eq!(judge_named("card.png", page), web);
        for begin in ["<html>", "<svg onload=x>", "\u{FEFF}<SVG/onload", "<?xml ?>", "<!--x-->"] {
            assert_eq!(judge_named("notes.txt", begin.as_bytes()), web, "{begin}");
        }
        assert_eq!(kind(b"<3 she said"), Ok(DocumentKind::Text));
        assert_eq!(kind(b"BMI 24, MZ 3"), Ok(DocumentKind::Text));
        assert_eq!(kind(b"{\\rtf1 x}"), Err(NotTaken::Kind("an RTF text")));
        let archived = archive(&[("readme.txt", 5)]);
        let told = judge_named("letter.docx", &archived);
        assert_eq!(told, Err(NotTaken::Kind("an archive")));
        assert_eq!(judge_named("a.png", b""), Err(NotTaken::Empty));
        let cut = judge_named("a.png", &png(3, 2)[..20]);
        assert_eq!(cut, Err(NotTaken::Kind("a damaged PNG")));
        let program = [b"MZ".to_vec(), vec![0; 200]].concat();
        assert!(matches!(judge_named("a.txt", &program), Err(NotTaken::Kind(_))));
        assert!(matches!(judge_named("a.txt", b"text\0and more"), Err(NotTaken::Kind(_))));
        assert!(matches!(judge_named("a.txt", b"#!/bin/sh\nrm"), Err(NotTaken::Kind(_))));
        // What comes late in a long text is seen as well.
        let late = [vec![b'a'; STEP_BYTES + 7], vec![0]].concat();
        assert!(matches!(judge_named("a.txt", &late), Err(NotTaken::Kind(_))));
    }

    #[test]
    fn what_unfolds_or_runs_is_not_taken() {
        let bomb = archive(&[TYPES, ("word/document.xml", u32::MAX)]);
        assert_eq!(judge_named("letter.docx", &bomb), Err(NotTaken::Bomb));
        let macros = [TYPES, ("word/document.xml", 5), ("word/vbaProject.bin", 5)];
        assert_eq!(judge_named("letter.docx", &archive(&macros)), Err(NotTaken::Macros));
        let slides = archive(&[TYPES, ("ppt/presentation.xml", 5)]);
        let told = Err(NotTaken::Kind("an Office file of another kind"));
        assert_eq!(judge_named("letter.docx", &slides), told);
        let damaged = &archive(&[TYPES, ("word/document.xml", 5)])[..60];
        assert_eq!(judge_named("a.docx", damaged), Err(NotTaken::Kind("a damaged archive")));
    }

    #[test]
    fn images_are_measured_without_being_drawn() {
        let size = |bytes: &[u8]| judge_named("a", bytes).unwrap().size_px;
        assert_eq!(size(&png(60_000, 50_000)), Some((60_000, 50_000)));
        assert_eq!(size(JPEG), Some((512, 256)));
        assert_eq!(size(&JPEG[..12]), None);
        assert_eq!(size(b"\xFF\xD8\xFF\xE0\0\x00"), None);
        assert_eq!(judge_named("a", &png(0, 4)), Err(NotTaken::Kind("a damaged PNG")));
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        let all = [NotTaken::Empty, NotTaken::Kind("a video"), NotTaken::Bomb, NotTaken::Macros];
        for refusal in all {
            assert!(refusal.told().1.ends_with('.'), "{refusal:?}");
        }
        for name in ["text/html", "video/mp4", "audio/mpeg", "image/gif", "application/zip"] {
            assert!(!words(name).is_empty());
        }
    }
}
