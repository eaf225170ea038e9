//! The stretch of X12 that is being read: what is still needed of it, and the way back to the
//! input.

use std::collections::VecDeque;

/// The longest XML reference, `&#x10FFFF;`.
const MAX_REFERENCE_BYTES: usize = 10;

/// Text without its wrapper. What lies behind the place of reading is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Window {
    text: Vec<u8>,
    /// Where in `text` the reading goes on.
    at: usize,
    /// How many bytes of the payload lie before `text`.
    before: usize,
    /// From where on the text and the input run in step: places in the payload and in the input.
    steps: VecDeque<(usize, usize)>,
    /// Whether nothing will follow.
    is_last: bool,
}

impl Window {
    /// Begins another payload, which stands at this place of the input.
    pub(crate) fn begin(&mut self, input: usize) {
        *self = Window { steps: VecDeque::from([(0, input)]), ..Window::default() };
    }

    /// Ends the payload.
    pub(crate) fn end(&mut self) {
        self.is_last = true;
    }

    /// Whether nothing will follow on the rest.
    pub(crate) fn is_last(&self) -> bool {
        self.is_last
    }

    /// What is not yet read.
    pub(crate) fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes forward.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at = self.text.len().min(self.at + bytes);
        let place = self.before + self.at;
        while self.steps.get(1).is_some_and(|(payload, _)| *payload <= place) {
            self.steps.pop_front();
        }
    }

    /// The place in the input of a byte of the rest.
    pub(crate) fn place(&self, ahead: usize) -> usize {
        let place = self.before + self.at + ahead;
        let before = self.steps.partition_point(|(payload, _)| *payload <= place);
        let step = before.checked_sub(1).and_then(|last| self.steps.get(last));
        step.map_or(place, |(payload, input)| input + (place - payload))
    }

    /// Adds text as it is.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.forget();
        self.text.extend_from_slice(text);
    }

    /// Adds text of XML with its references replaced, from this place of the input. Tells how much
    /// of it was used: a reference that may go on is left, unless the text is whole.
    pub(crate) fn push_escaped(&mut self, text: &[u8], input: usize, is_whole: bool) -> usize {
        self.forget();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = rest.iter().position(|byte| *byte == b'&').unwrap_or(rest.len());
            self.text.extend_from_slice(rest.get(..plain).unwrap_or_default());
            at += plain;
            let rest = rest.get(plain..).unwrap_or_default();
            match reference(rest) {
                Some((found, len)) => {
                    self.text.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
                    at += len;
                    self.steps.push_back((self.before + self.text.len(), input + at));
                }
                None if rest.is_empty() || (rest.len() < MAX_REFERENCE_BYTES && !is_whole) => break,
                None => {
                    self.text.push(b'&');
                    at += 1;
                }
            }
        }
        at
    }

    /// Drops what was read.
    fn forget(&mut self) {
        self.text.drain(..self.at);
        self.before += self.at;
        self.at = 0;
    }
}

/// The character that an XML reference stands for, and the length of the reference.
fn reference(text: &[u8]) -> Option<(char, usize)> {
    let text = text.get(..text.len().min(MAX_REFERENCE_BYTES))?;
    let end = text.iter().position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(1..end)?).ok()?;
    let found = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((found, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a window that was given the input in pieces, and the place of every byte.
    fn decoded(input: &[u8], piece: usize) -> (Vec<u8>, Vec<usize>) {
        let mut window = Window::default();
        window.begin(100);
        let (mut at, mut end) = (0, 0);
        while at < input.len() {
            end = input.len().min(end + piece);
            at += window.push_escaped(&input[at..end], 100 + at, end == input.len());
        }
        let places = (0..window.rest().len()).map(|ahead| window.place(ahead)).collect();
        (window.rest().to_vec(), places)
    }

    #[test]
    fn references_are_replaced_and_places_lead_back() {
        let input = b"A&amp;B&#x1d;&#200;&lt;&;&unknown;&am";
        let (text, places) = decoded(input, input.len());
        assert_eq!(text, "A&B\u{1d}È<&;&unknown;&am".as_bytes());
        assert_eq!(places[..5], [100, 101, 106, 107, 113]);
        for (byte, place) in text.iter().zip(&places).filter(|(byte, _)| byte.is_ascii_lowercase())
        {
            assert_eq!(input[place - 100], *byte);
        }
        for piece in 1..input.len() {
            assert_eq!(decoded(input, piece), (text.clone(), places.clone()), "{piece}");
        }
    }

    #[test]
    fn what_was_read_is_forgotten_and_places_stay() {
        let mut window = Window::default();
        window.begin(7);
        window.push_escaped(b"&gt;ab", 7, true);
        window.skip(2);
        window.push(b"c");
        assert_eq!((window.rest(), window.place(0), window.place(1)), (&b"bc"[..], 12, 13));
        assert_eq!(window.text.len(), 2);
    }
}
