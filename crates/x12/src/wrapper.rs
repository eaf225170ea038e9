//! Finding the X12 inside whatever it came in: after a byte-order mark, in a SOAP envelope (as
//! text, escaped, or as CDATA) or in a MIME part. The input is read step by step and not held.
//!
//! To read a further wrapper: recognise it in [`Kind::of`] by what stands before the header, and
//! say where it ends in [`Kind::end`]. Positions lead back to the input through [`Window::place`].

use std::io::{self, Read};

use crate::answer::Unreadable;
use crate::delimiters::{Delimiters, infer, read_header};
use crate::input::Input;
use crate::limits::{LOOKAHEAD_BYTES, MAX_HEADER_BYTES};
use crate::window::Window;
use crate::work;

/// The most bytes before a header in which a wrapper is looked for.
const MAX_LEAD_BYTES: usize = 4096;

/// How a payload begins.
#[derive(Debug)]
pub(crate) struct Opening {
    /// Whether text that is neither blank nor a wrapper stands before it.
    pub(crate) text_before: bool,
    /// The delimiters that were inferred, when it has no header.
    pub(crate) inferred: Option<Delimiters>,
}

/// An input, from which payloads are taken one after the other.
#[derive(Debug)]
pub(crate) struct Source<R> {
    input: Input<R>,
    /// Whether there is anything but blanks outside the payloads.
    has_text: bool,
    has_payload: bool,
    /// What the payload that is being read stands in.
    kind: Kind,
    is_escaped: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    Xml,
    CData,
    Mime {
        boundary: Vec<u8>,
    },
}

impl Kind {
    fn of(lead: &[u8]) -> Kind {
        work::note(lead.len());
        let text = lead.trim_ascii_end();
        if text.ends_with(b"<![CDATA[") {
            return Kind::CData;
        }
        if text.ends_with(b">") {
            return Kind::Xml;
        }
        let mut lines = lead.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        match lines.rfind(|line| line.starts_with(b"--") && line.len() > 2) {
            Some(boundary) => Kind::Mime { boundary: boundary.to_vec() },
            None => Kind::Plain,
        }
    }

    /// Where the text ends, counted from its beginning, when the end is in sight.
    fn end(&self, text: &[u8]) -> Option<usize> {
        work::note(text.len());
        match self {
            Kind::Plain => None,
            Kind::Xml => text.iter().position(|byte| *byte == b'<'),
            Kind::CData => text.windows(3).position(|found| found == b"]]>"),
            Kind::Mime { boundary } => text
                .windows(boundary.len() + 1)
                .position(|found| found.first() == Some(&b'\n') && found.ends_with(boundary)),
        }
    }

    /// How many last bytes may belong to an end that is not yet in sight.
    fn end_bytes(&self) -> usize {
        match self {
            Kind::Plain | Kind::Xml => 0,
            Kind::CData => 2,
            Kind::Mime { boundary } => boundary.len(),
        }
    }
}

/// Where a payload begins.
#[derive(Clone, Copy)]
struct Start {
    at: usize,
    /// How far before it its group begins, when there is no interchange header.
    group: usize,
    is_escaped: bool,
    inferred: Option<Delimiters>,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(input: Input<R>) -> Self {
        Source { input, has_text: false, has_payload: false, kind: Kind::Plain, is_escaped: false }
    }

    /// Why there is nothing to read, when no payload was found in the whole input.
    pub(crate) fn unreadable(&self) -> Option<Unreadable> {
        match (self.has_payload, self.has_text) {
            (true, _) => None,
            (false, true) => Some(Unreadable::NotX12),
            (false, false) => Some(Unreadable::Empty),
        }
    }

    /// Whether the input goes on beyond the limit.
    pub(crate) fn is_too_long(&self) -> bool {
        self.input.is_too_long()
    }

    /// Goes to the next payload and begins it in the window; `None` when there is none.
    pub(crate) fn open(&mut self, window: &mut Window) -> io::Result<Option<Opening>> {
        let mut passed = 0_usize;
        let mut text_before = false;
        loop {
            let lead = passed.min(MAX_LEAD_BYTES);
            while !self.input.has_ended() && self.input.rest().len() <= LOOKAHEAD_BYTES {
                self.input.read_more(lead)?;
            }
            let rest = self.input.rest();
            let behind = if self.input.has_ended() { 0 } else { LOOKAHEAD_BYTES };
            let sure = rest.len() - behind;
            let start = self.find_start(lead, sure);
            let to = start.map_or(sure, |start| start.at);
            text_before |= has_text(rest.get(..to).unwrap_or_default());
            passed += to;
            self.input.skip(to);
            if let Some(start) = start {
                return Ok(Some(self.begin(window, start, passed, text_before)));
            }
            if self.input.has_ended() {
                self.has_text |= text_before;
                return Ok(None);
            }
        }
    }

    fn begin(&mut self, window: &mut Window, start: Start, passed: usize, text: bool) -> Opening {
        self.input.go_back(start.group);
        let passed = passed - start.group;
        let (lead, _) = self.input.with_lead(passed.min(MAX_LEAD_BYTES));
        self.kind = Kind::of(lead);
        self.is_escaped = start.is_escaped || self.kind == Kind::Xml;
        self.has_payload = true;
        window.begin(self.input.place());
        let text_before = text && self.kind == Kind::Plain && start.inferred.is_none();
        Opening { text_before, inferred: start.inferred }
    }

    /// The first payload that begins within so many bytes of the rest.
    fn find_start(&self, lead: usize, within: usize) -> Option<Start> {
        work::note(within);
        let rest = self.input.rest();
        (0..within).find_map(|at| {
            let text = rest.get(at..)?;
            match text {
                [b'I', b'S', b'A', ..] => {
                    let is_plain = read_header(text).is_some();
                    let found = is_plain || is_escaped_header(text);
                    let inferred = None;
                    found.then_some(Start { at, group: 0, is_escaped: !is_plain, inferred })
                }
                [b'S', b'T', ..] if !self.has_payload => {
                    let (lead, rest) = self.input.with_lead(lead);
                    let (delimiters, group) = infer(lead, rest, at)?;
                    Some(Start { at, group, is_escaped: false, inferred: Some(delimiters) })
                }
                _ => None,
            }
        })
    }

    /// Adds more of the payload to the window, or ends it there.
    pub(crate) fn fill(&mut self, window: &mut Window) -> io::Result<()> {
        loop {
            self.input.read_more(0)?;
            let rest = self.input.rest();
            let (sure, is_end) = match self.kind.end(rest) {
                Some(end) => (end, true),
                None if self.input.has_ended() => (rest.len(), true),
                None => (rest.len().saturating_sub(self.kind.end_bytes()), false),
            };
            let rest = rest.get(..sure).unwrap_or_default();
            let used = if self.is_escaped {
                window.push_escaped(rest, self.input.place(), is_end)
            } else {
                window.push(rest);
                rest.len()
            };
            work::note(used);
            self.input.skip(used);
            if is_end {
                window.end();
            }
            if is_end || used > 0 {
                return Ok(());
            }
        }
    }
}

/// Whether a header of which some characters are XML references begins here.
fn is_escaped_header(text: &[u8]) -> bool {
    let head = text.get(..text.len().min(MAX_HEADER_BYTES)).unwrap_or_default();
    if head.get(3).is_none_or(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
        return false;
    }
    work::note(head.len());
    if !head.contains(&b'&') {
        return false;
    }
    let mut window = Window::default();
    window.push_escaped(head, 0, true);
    read_header(window.rest()).is_some()
}

/// Whether there is anything but blanks, NULs and a byte-order mark.
fn has_text(lead: &[u8]) -> bool {
    work::note(lead.len());
    lead.iter()
        .any(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xEF | 0xBB | 0xBF | 0x1A))
}

#[cfg(test)]
mod tests {
    use super::*;

    const X12: &str =
        "ISA*00**00**ZZ*PAYER*ZZ*CLINIC*260602*0901*^*00501*000000001*0*T*:~GS*HB*A*B~";

    /// The payloads of an input that is read in such steps, and where the bytes of each stand.
    fn payloads(input: &str, step: usize) -> Vec<(String, Vec<usize>)> {
        let mut source = Source::new(Input::new(input.as_bytes(), step));
        let mut window = Window::default();
        let mut found = Vec::new();
        while source.open(&mut window).unwrap().is_some() {
            while !window.is_last() {
                source.fill(&mut window).unwrap();
            }
            let places = (0..window.rest().len()).map(|ahead| window.place(ahead)).collect();
            found.push((String::from_utf8_lossy(window.rest()).into_owned(), places));
        }
        found
    }

    fn texts(input: &str) -> Vec<String> {
        let found = payloads(input, input.len() + 1);
        for step in 1..20 {
            assert_eq!(payloads(input, step), found, "{step}");
        }
        found.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn wrappers_are_taken_off() {
        assert_eq!(texts(X12), [X12]);
        assert_eq!(texts(&format!("\u{feff}  \n{X12}")), [X12]);
        assert_eq!(texts(&format!("<Payload>\n{X12}</Payload></Body>")), [X12]);
        assert_eq!(texts(&format!("<P><![CDATA[{X12}]]></P><P><![CDATA[{X12}]]></P>")), [X12; 2]);
        let mime = format!("--b1\r\nContent-Type: application/EDI-X12\r\n\r\n{X12}\r\n--b1--\r\n");
        assert_eq!(texts(&mime), [format!("{X12}\r")]);
    }

    #[test]
    fn escaped_text_is_unescaped_and_positions_lead_back() {
        let escaped = X12.replace(":~", "&gt;~").replace("PAYER", "A&amp;B") + "SE*1*&#x41;~";
        let input = format!("<x>{escaped}</x>");
        assert_eq!(texts(&input).len(), 1);
        let (text, places) = payloads(&input, 7).remove(0);
        assert!(text.contains("*A&B*") && text.contains("*T*>~GS") && text.ends_with("SE*1*A~"));
        for word in ["CLINIC", "GS*HB", "SE*1"] {
            let (there, here) = (text.find(word), input.find(word));
            assert_eq!(there.map(|at| places[at]), here, "{word}");
        }
    }

    #[test]
    fn words_that_look_like_a_header_are_passed_over() {
        assert_eq!(texts(&format!("VISA* or ISABEL, then {X12}")), [X12]);
        assert_eq!(texts("ISA ISA* ISA|"), Vec::<String>::new());
    }

    #[test]
    fn a_lead_longer_than_what_is_held_is_passed_over() {
        let lead = "NOT A HEADER, ISA* ".repeat(5_000);
        let text = lead.clone() + X12;
        let mut source = Source::new(Input::new(text.as_bytes(), 1_000));
        let mut window = Window::default();
        let opening = source.open(&mut window).unwrap();
        assert!(opening.is_some_and(|opening| opening.text_before));
        assert_eq!(window.place(0), lead.len());
        assert!(source.input.with_lead(usize::MAX).0.len() < 2 * MAX_LEAD_BYTES);
    }
}
