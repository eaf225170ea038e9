//! The documents of a payment.

use crate::view::parts::plural;
use crate::view::samples::HARD_NAME;

/// How many bytes an MB has.
pub(crate) const MIB: usize = 1024 * 1024;
/// Images up to here are seen at once; larger ones when somebody asks for them.
const MAX_OPEN_BYTES: i64 = 1024 * 1024;

/// The region of documents. Its forms: POST `…/documents` with `key` and `files` (several); POST
/// `…/documents/1/name` with `name`; POST `…/documents/1/delete` and `…/documents/1/restore`.
#[derive(Debug, Clone)]
pub(crate) struct DocumentsBlock {
    /// This member may add, rename, delete and restore.
    pub(crate) can_add: bool,
    /// What makes a second sending of a file the same.
    pub(crate) key: String,
    /// The largest file that is taken.
    pub(crate) max_mb: usize,
    /// What became of the files that were just sent.
    pub(crate) sent: Vec<Sent>,
    /// What is there, the newest first.
    pub(crate) rows: Vec<DocumentRow>,
    /// What can be restored, the newest first.
    pub(crate) deleted: Vec<DeletedRow>,
    /// A name as it was typed for a document, when it was refused.
    pub(crate) refused_name: Option<(i64, String)>,
}

/// What became of a file that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// Its name.
    pub(crate) name: String,
    /// Why it was not added.
    pub(crate) fault: Option<String>,
}

/// A document.
#[derive(Debug, Clone)]
pub(crate) struct DocumentRow {
    /// Its number on the payment.
    pub(crate) number: i64,
    /// Its name.
    pub(crate) name: String,
    /// `PDF · 1.2 MB`
    pub(crate) facts: String,
    /// Who added it and when.
    pub(crate) added: String,
    /// Width and height, when the page shows it.
    pub(crate) image: Option<(i64, i64)>,
    /// How long it is.
    pub(crate) size_bytes: i64,
}

impl DocumentRow {
    /// What the faults of its name are told under.
    pub(crate) fn field(&self) -> String {
        format!("name-{}", self.number)
    }

    /// Whether its image is seen without being asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.size_bytes <= MAX_OPEN_BYTES
    }
}

/// A deleted document.
#[derive(Debug, Clone)]
pub(crate) struct DeletedRow {
    /// Its number on the payment.
    pub(crate) number: i64,
    /// Its name.
    pub(crate) name: String,
    /// Who deleted it and when.
    pub(crate) deleted: String,
    /// Until when it can be restored.
    pub(crate) until: String,
}

impl DocumentsBlock {
    /// The name that the field of a document holds.
    pub(crate) fn name_entry<'a>(&'a self, row: &'a DocumentRow) -> &'a str {
        self.refused_name
            .as_ref()
            .filter(|(number, _)| *number == row.number)
            .map_or(&row.name, |(_, typed)| typed)
    }

    /// Whether the name typed for a document was refused.
    pub(crate) fn is_refused(&self, row: &DocumentRow) -> bool {
        self.refused_name.as_ref().is_some_and(|(number, _)| *number == row.number)
    }
}

impl DocumentsBlock {
    /// Documents of every kind, for samples.
    pub(crate) fn sample() -> Self {
        let row = |number, name: &str, facts: &str| DocumentRow {
            number,
            name: name.to_owned(),
            facts: facts.to_owned(),
            added: "Dana Sample · Nov 20, 2026, 9:15 AM".to_owned(),
            image: None,
            size_bytes: 1_234,
        };
        Self {
            can_add: true,
            key: "k".to_owned(),
            max_mb: 25,
            sent: Vec::new(),
            rows: vec![
                row(4, HARD_NAME, "PDF · 1.2 MB"),
                row(2, "statement of the plan.pdf", "PDF · 312 KB"),
            ],
            deleted: vec![DeletedRow {
                number: 3,
                name: "wrong patient.docx".to_owned(),
                deleted: "Dana Sample · Nov 21, 2026, 9:15 AM".to_owned(),
                until: "Dec 21, 2026, 9:15 AM".to_owned(),
            }],
            refused_name: None,
        }
    }

    /// Nothing, for somebody who may add nothing.
    pub(crate) fn sample_of_none() -> Self {
        let (rows, deleted) = (Vec::new(), Vec::new());
        Self { can_add: false, rows, deleted, ..Self::sample() }
    }

    /// Files that were just sent, of which some were refused.
    pub(crate) fn sample_refused() -> Self {
        let sent = |name: &str, fault: Option<&str>| Sent {
            name: name.to_owned(),
            fault: fault.map(str::to_owned),
        };
        let sent = vec![
            sent("card.png", Some("By its content, this is a web page or other markup.")),
            sent("letter.pdf", None),
        ];
        Self { sent, refused_name: Some((2, HARD_NAME.to_owned())), ..Self::sample() }
    }
}

/// `70 bytes`, `1.2 KB`, `12 KB`, `3.4 MB`: how long a file is, no more exactly than is read.
pub(crate) fn size_text(bytes: i64) -> String {
    let tenths_of_kb = bytes.saturating_mul(10) / 1024;
    match tenths_of_kb {
        ..10 => plural(bytes, "byte"),
        10..100 => format!("{}.{} KB", tenths_of_kb / 10, tenths_of_kb % 10),
        100..10_240 => format!("{} KB", tenths_of_kb / 10),
        _ => {
            let larger = tenths_of_kb / 1024;
            format!("{}.{} MB", larger / 10, larger % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_shortly() {
        let told = [
            (1, "1 byte"),
            (1_000, "1,000 bytes"),
            (1_300, "1.2 KB"),
            (20_000, "19 KB"),
            (3_500_000, "3.3 MB"),
        ];
        for (bytes, text) in told {
            assert_eq!(size_text(bytes), text);
        }
        assert_eq!(size_text(25 * 1024 * 1024), "25.0 MB");
    }
}
