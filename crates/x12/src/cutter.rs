//! Cutting an input into segments while it is read, whatever it is wrapped in.

use std::io;

use crate::delimiters::{Delimiters, Header, is_segment, read_header};
use crate::limits::{LOOKAHEAD_BYTES, MAX_SEGMENT_BYTES};
use crate::segment::{End, Segment, find_end, padding};
use crate::window::Window;
use crate::work;
use crate::wrapper::{Opening, Source};

/// The segments of all payloads of an input, in their order.
#[derive(Debug)]
pub(crate) struct Cutter<R> {
    pub(crate) source: Source<R>,
    window: Window,
    /// The delimiters in force.
    delimiters: Delimiters,
    /// The number of the next segment.
    index: usize,
    /// How much of the window the latest segment takes.
    used: usize,
    /// The beginning of a segment that is longer than what is held of it.
    long: Vec<u8>,
}

impl<R: io::Read> Cutter<R> {
    pub(crate) fn new(source: Source<R>) -> Self {
        Cutter {
            source,
            window: Window::default(),
            delimiters: Delimiters::default(),
            index: 0,
            used: 0,
            long: Vec::new(),
        }
    }

    /// Goes to the next payload.
    pub(crate) fn open(&mut self) -> io::Result<Option<Opening>> {
        self.used = 0;
        let opening = self.source.open(&mut self.window)?;
        if let Some(opening) = &opening {
            self.delimiters = opening.inferred.unwrap_or_default();
        }
        Ok(opening)
    }

    /// The next segment of the payload.
    pub(crate) fn next(&mut self) -> io::Result<Option<Segment<'_>>> {
        self.go_on()?;
        let rest = self.window.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        let start = self.window.place(0);
        if let Some(header) = read_header(rest) {
            return Ok(Some(self.header(header, index, start)));
        }
        let (end, is_cut_short) = self.find_end()?;
        self.used = end.next;
        let place = start..self.window.place(end.at);
        let rest = self.window.rest();
        let text =
            if self.long.is_empty() { rest.get(..end.at).unwrap_or_default() } else { &self.long };
        let ahead = rest.get(end.next..).unwrap_or_default();
        let ahead = ahead.get(..ahead.len().min(LOOKAHEAD_BYTES)).unwrap_or_default();
        let mut segment = Segment::new(text, end, index, self.delimiters).placed(place, ahead);
        segment.clipped |= is_cut_short;
        Ok(Some(segment))
    }

    fn header(&mut self, header: Header, index: usize, start: usize) -> Segment<'_> {
        self.delimiters = header.delimiters;
        self.used = header.len;
        let end = End { at: header.len, next: header.len, mixed: false, cut: false };
        let text = self.window.rest().get(..header.len).unwrap_or_default();
        let place = start..self.window.place(header.len);
        let mut segment = Segment::new(text, end, index, header.delimiters).placed(place, &[]);
        segment.irregular = header.irregular;
        segment
    }

    /// Where in the window the next segment ends. What a very long one has beyond the limit is
    /// dropped; the second value tells whether that was more than blanks.
    fn find_end(&mut self) -> io::Result<(End, bool)> {
        self.long.clear();
        let mut is_cut_short = false;
        let mut seen = 0;
        loop {
            let rest = self.window.rest();
            if let Some(end) = find_end(rest, &mut seen, self.delimiters, self.window.is_last()) {
                if !self.long.is_empty() {
                    is_cut_short |= has_text(rest.get(1..end.at).unwrap_or_default());
                }
                return Ok((end, is_cut_short));
            }
            if seen > MAX_SEGMENT_BYTES || !self.long.is_empty() {
                if self.long.is_empty() {
                    self.long.extend_from_slice(rest.get(..MAX_SEGMENT_BYTES).unwrap_or_default());
                    is_cut_short = has_text(rest.get(MAX_SEGMENT_BYTES..seen).unwrap_or_default());
                } else {
                    is_cut_short |= has_text(rest.get(1..seen).unwrap_or_default());
                }
                // The last byte that was seen stays, for what follows depends on it.
                self.window.skip(seen - 1);
                seen = 1;
            }
            self.source.fill(&mut self.window)?;
        }
    }

    /// After the end of an interchange: goes to the next segment or header, and tells whether any
    /// other text was passed over.
    pub(crate) fn skip_text(&mut self) -> io::Result<bool> {
        self.go_on()?;
        let rest = self.window.rest();
        if rest.is_empty() || is_segment(rest, self.delimiters.element) {
            return Ok(false);
        }
        let mut has_passed = false;
        loop {
            let rest = self.window.rest();
            let behind = if self.window.is_last() { 0 } else { LOOKAHEAD_BYTES };
            let sure = rest.len().saturating_sub(behind);
            let header = (0..sure).find(|at| {
                let text = rest.get(*at..).unwrap_or_default();
                text.starts_with(b"ISA") && read_header(text).is_some()
            });
            work::note(header.unwrap_or(sure));
            has_passed |= header.unwrap_or(sure) > 0;
            self.window.skip(header.unwrap_or(sure));
            if header.is_some() || self.window.is_last() {
                return Ok(has_passed);
            }
            self.source.fill(&mut self.window)?;
        }
    }

    /// Goes behind the latest segment and to the next one, and looks far enough ahead.
    fn go_on(&mut self) -> io::Result<()> {
        self.window.skip(std::mem::take(&mut self.used));
        loop {
            while self.window.rest().len() < LOOKAHEAD_BYTES && !self.window.is_last() {
                self.source.fill(&mut self.window)?;
            }
            let blank = padding(self.window.rest(), self.delimiters);
            self.window.skip(blank);
            if blank == 0 {
                return Ok(());
            }
        }
    }
}

fn has_text(bytes: &[u8]) -> bool {
    work::note(bytes.len());
    !bytes.trim_ascii().is_empty()
}
