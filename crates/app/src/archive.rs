//! The list of what an archive (ZIP) holds. Nothing is ever unpacked: what a document is can be
//! told from the list alone, so that no archive can unfold into more than its own size.

use std::io::{self, Read, Seek, SeekFrom};

/// The longest end record: 22 bytes and the longest comment.
const MAX_END_BYTES: u64 = 22 + 0xFFFF;
/// The longest list that is read.
const MAX_LIST_BYTES: u64 = 2 * 1024 * 1024;
/// How long an end record is without its comment.
const END_BYTES: usize = 22;
/// How long an entry of the list is without its name and what follows it.
const ENTRY_BYTES: usize = 46;

/// What an archive says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Archive {
    /// The names of its entries.
    pub(crate) names: Vec<String>,
    /// How much all entries are when they are unpacked, as the list says.
    pub(crate) unpacked_bytes: u64,
}

/// Reads the list; `None` when there is none, or none that can be trusted.
pub(crate) fn listed(content: &mut (impl Read + Seek)) -> io::Result<Option<Archive>> {
    let size = content.seek(SeekFrom::End(0))?;
    let begin = size.saturating_sub(MAX_END_BYTES);
    content.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    content.by_ref().take(MAX_END_BYTES).read_to_end(&mut tail)?;
    let Some((count, list_bytes, list_at, end_at)) = end_record(&tail) else {
        return Ok(None);
    };
    let end_at = begin + end_at as u64;
    if list_bytes > MAX_LIST_BYTES || list_at + list_bytes > end_at {
        return Ok(None);
    }
    content.seek(SeekFrom::Start(list_at))?;
    let mut list = Vec::new();
    content.by_ref().take(list_bytes).read_to_end(&mut list)?;
    Ok(entries(&list, count))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u64> {
    let two = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u64::from(u16::from_le_bytes(two)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u64> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(four)))
}

/// The number of entries, the length and the place of the list, and where the record begins. Its
/// comment must reach exactly to the end, so that nothing can be hidden behind it.
fn end_record(tail: &[u8]) -> Option<(u64, u64, u64, usize)> {
    let last = tail.len().checked_sub(END_BYTES)?;
    let ends = |at: usize| u16_at(tail, at + 20) == u64::try_from(last - at).ok();
    let at = (0..=last).rev().find(|&at| tail[at..].starts_with(b"PK\x05\x06") && ends(at))?;
    Some((u16_at(tail, at + 10)?, u32_at(tail, at + 12)?, u32_at(tail, at + 16)?, at))
}

fn entries(list: &[u8], count: u64) -> Option<Archive> {
    let (mut archive, mut rest) = (Archive::default(), list);
    for _ in 0..count {
        if !rest.starts_with(b"PK\x01\x02") {
            return None;
        }
        archive.unpacked_bytes += u32_at(rest, 24)?;
        let length = |at| u16_at(rest, at).and_then(|length| usize::try_from(length).ok());
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let name_end = ENTRY_BYTES + name;
        let name = rest.get(ENTRY_BYTES..name_end)?;
        archive.names.push(String::from_utf8_lossy(name).into_owned());
        rest = rest.get(name_end + extra + comment..)?;
    }
    Some(archive)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Cursor;

    use super::*;

    /// An archive with entries of these names, which say that they unpack to so much.
    pub(crate) fn archive(entries: &[(&str, u32)]) -> Vec<u8> {
        let (mut bytes, mut list) = (Vec::new(), Vec::new());
        for (name, unpacked) in entries {
            let name_bytes = u16::try_from(name.len()).unwrap().to_le_bytes();
            bytes.extend(b"PK\x03\x04");
            bytes.extend([0; 22]);
            bytes.extend(name_bytes);
            bytes.extend([0, 0]);
            bytes.extend(name.as_bytes());
            list.extend(b"PK\x01\x02");
            list.extend([0; 20]);
            list.extend(unpacked.to_le_bytes());
            list.extend(name_bytes);
            list.extend([0; 16]);
            list.extend(name.as_bytes());
        }
        let (at, length) = (bytes.len(), list.len());
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        bytes.extend(list);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([count, count].concat());
        bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(at).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Archive> {
        listed(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn the_list_is_read_and_nothing_is_unpacked() {
        let bytes = archive(&[("a.xml", 7), ("b/c.xml", u32::MAX)]);
        let found = read(&bytes).unwrap();
        assert_eq!(found.names, ["a.xml", "b/c.xml"]);
        assert_eq!(found.unpacked_bytes, 7 + u64::from(u32::MAX));
        assert_eq!(read(&archive(&[])), Some(Archive::default()));
    }

    #[test]
    fn what_is_cut_off_or_not_consistent_is_no_archive() {
        let bytes = archive(&[("a.xml", 7), ("b.xml", 9)]);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
        assert_eq!(read(&[bytes.clone(), b"more".to_vec()].concat()), None);
        for at in 0..bytes.len() {
            // Whatever byte is another, reading neither panics nor goes on for ever.
            let mut other = bytes.clone();
            other[at] ^= 0xFF;
            let _ = read(&other);
        }
    }
}
