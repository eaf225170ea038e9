//! The documents of a payment: which kinds are taken, and what they are called.

use crate::error::Invalid;
use crate::text::MAX_LINE_BYTES;

/// How long a deleted document can be restored.
pub const RESTORABLE_DAYS: i64 = 30;
/// The largest image, in pixels, that is shown on a page; a larger one is only handed out. It
/// keeps a small file from unfolding into more than a browser can hold.
const MAX_SHOWN_PIXELS: i64 = 64_000_000;
/// The longest ending of a name that is kept when the name is shortened, with its dot.
const MAX_ENDING_CHARS: usize = 10;
/// What a document without a name is called.
const NAMELESS: &str = "document";

/// What a document is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// A PDF.
    Pdf,
    /// An image in PNG.
    Png,
    /// A photograph in JPEG.
    Jpeg,
    /// A photograph in HEIC, as phones take them.
    Heic,
    /// A scan in TIFF.
    Tiff,
    /// Plain text.
    Text,
    /// A table as text. Only the name tells it from other text.
    Csv,
    /// A Word document.
    Word,
    /// An Excel workbook.
    Excel,
}

impl DocumentKind {
    /// Every kind that is taken.
    pub const ALL: [Self; 9] = [
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::Heic,
        Self::Tiff,
        Self::Text,
        Self::Csv,
        Self::Word,
        Self::Excel,
    ];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Heic => "heic",
            Self::Tiff => "tiff",
            Self::Text => "txt",
            Self::Csv => "csv",
            Self::Word => "docx",
            Self::Excel => "xlsx",
        }
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Heic => "HEIC",
            Self::Tiff => "TIFF",
            Self::Text => "Text",
            Self::Csv => "CSV",
            Self::Word => "Word",
            Self::Excel => "Excel",
        }
    }

    /// The media type (IANA's registry).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Heic => "image/heic",
            Self::Tiff => "image/tiff",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Word => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Excel => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The endings that names of this kind may have; the first is given to those without one.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &[".pdf"],
            Self::Png => &[".png"],
            Self::Jpeg => &[".jpg", ".jpeg"],
            Self::Heic => &[".heic", ".heif"],
            Self::Tiff => &[".tif", ".tiff"],
            Self::Text => &[".txt"],
            Self::Csv => &[".csv"],
            Self::Word => &[".docx"],
            Self::Excel => &[".xlsx"],
        }
    }

    /// The kind of a text with that name.
    pub fn of_text(name: &str) -> Self {
        if ends_in(name, Self::Csv.endings()) { Self::Csv } else { Self::Text }
    }

    /// Whether browsers show it on a page by themselves.
    fn is_shown(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg)
    }

    /// The size with which a page shows it; `None` for what is only handed out.
    pub fn shown_size(self, size_px: Option<(i64, i64)>) -> Option<(i64, i64)> {
        let small = |&(width, height): &(i64, i64)| {
            width.checked_mul(height).is_some_and(|pixels| pixels <= MAX_SHOWN_PIXELS)
        };
        size_px.filter(|_| self.is_shown()).filter(small)
    }

    /// What a file that was handed in under a name is called: without folders, without letters
    /// that turn or hide others, not too long, and with an ending that fits its content, so that
    /// no machine takes it for anything else.
    pub fn name(self, given: &str) -> String {
        let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = plain(name);
        let name = if name.is_empty() { NAMELESS.to_owned() } else { name };
        self.with_ending(&name)
    }

    /// A new name that a person gave.
    ///
    /// # Errors
    /// Says, for `field`, that the name is missing or too long.
    pub fn new_name(self, field: &str, typed: &str) -> Result<String, Invalid> {
        let name = plain(typed);
        if name.is_empty() {
            return Err(Invalid::one(field, "required", "Enter a name."));
        }
        if name.contains(['/', '\\']) {
            let message = "A name has no / and no \\ in it.";
            return Err(Invalid::one(field, "malformed", message));
        }
        if name.len() > MAX_LINE_BYTES {
            let message = format!("The name is too long (at most {MAX_LINE_BYTES} letters).");
            return Err(Invalid::one(field, "too_long", message));
        }
        Ok(self.with_ending(&name))
    }

    fn with_ending(self, name: &str) -> String {
        let endings = self.endings();
        if ends_in(name, endings) {
            return shortened(name);
        }
        shortened(&format!("{name}{}", endings[0]))
    }
}

fn ends_in(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
}

/// Letters that are not seen, or that turn the direction of others.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(letter, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// A text on one line without hidden letters, and without dots and blanks at its ends.
fn plain(text: &str) -> String {
    let seen: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|&letter| !is_hidden(letter))
        .collect();
    seen.trim_matches([' ', '.']).to_owned()
}

/// A name of at most [`MAX_LINE_BYTES`], with its ending.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_LINE_BYTES {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.chars().count() <= MAX_ENDING_CHARS { ending } else { "" };
    let mut end = MAX_LINE_BYTES - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_stored_by_names_of_their_own() {
        for kind in DocumentKind::ALL {
            assert_eq!(DocumentKind::from_name(kind.as_str()), Some(kind));
            assert!(kind.endings().iter().all(|ending| ending.starts_with('.')));
        }
        assert_eq!(DocumentKind::from_name("exe"), None);
    }

    #[test]
    fn names_hold_nothing_that_a_machine_or_a_reader_could_be_misled_by() {
        let png = |given: &str| DocumentKind::Png.name(given);
        assert_eq!(png("card.png"), "card.png");
        assert_eq!(png("CARD.PNG"), "CARD.PNG");
        assert_eq!(png("../../etc/passwd"), "passwd.png");
        assert_eq!(png("C:\\Scans\\front side.png"), "front side.png");
        assert_eq!(png("a\r\nSet-Cookie: x\u{0}.png"), "a  Set-Cookie: x.png");
        assert_eq!(png("photo\u{202E}gnp.exe"), "photognp.exe.png");
        assert_eq!(png("page.html"), "page.html.png");
        for nameless in ["", "..", "/", " . ", "\u{200B}"] {
            assert_eq!(png(nameless), "document.png", "{nameless:?}");
        }
        assert_eq!(png(".png"), "png.png");
        assert_eq!(png("O'Brien & Søn \"<b>\".png"), "O'Brien & Søn \"<b>\".png");
        assert_eq!(DocumentKind::Jpeg.name("a.jpeg"), "a.jpeg");
        assert_eq!(DocumentKind::of_text("visits.CSV"), DocumentKind::Csv);
        assert_eq!(DocumentKind::of_text("csv"), DocumentKind::Text);
    }

    #[test]
    fn long_names_are_shortened_before_their_ending() {
        for letter in ["x", "ø", "😀"] {
            let name = DocumentKind::Pdf.name(&format!("{}.pdf", letter.repeat(300)));
            assert!(name.len() <= MAX_LINE_BYTES && name.len() > MAX_LINE_BYTES - 4, "{name}");
            assert!(name.ends_with(&format!("{letter}.pdf")), "{name}");
        }
        let odd = DocumentKind::Pdf.name(&format!("a.{}", "é".repeat(300)));
        assert!(ends_in(&odd, &[".pdf"]) && odd.len() <= MAX_LINE_BYTES, "{odd}");
    }

    #[test]
    fn a_new_name_keeps_the_ending_that_fits() {
        let word = |typed: &str| DocumentKind::Word.new_name("name", typed);
        assert_eq!(word("  Letter "), Ok("Letter.docx".to_owned()));
        assert_eq!(word("Letter.docx"), Ok("Letter.docx".to_owned()));
        let code = |typed: &str| word(typed).unwrap_err().0[0].code.clone();
        assert_eq!(code(" .. "), "required");
        assert_eq!(code("a/b"), "malformed");
        assert_eq!(code(&"x".repeat(201)), "too_long");
    }

    #[test]
    fn only_images_of_a_bounded_size_are_shown() {
        let shown = |kind: DocumentKind, size| kind.shown_size(size).is_some();
        assert!(shown(DocumentKind::Png, Some((8_000, 8_000))));
        assert!(!shown(DocumentKind::Png, Some((8_001, 8_000))));
        assert!(!shown(DocumentKind::Png, Some((i64::MAX, 2))));
        assert!(!shown(DocumentKind::Jpeg, None));
        assert!(!shown(DocumentKind::Tiff, Some((10, 10))));
    }
}
