//! A receipt as a PDF: the same words as on its page.

use crate::pdf::{HEIGHT, Sheets, WIDTH};
use crate::view::parts::Fact;
use crate::view::payments::receipt::Paper;

/// The margin on all sides, in points.
const MARGIN: f32 = 50.0;
/// Where values begin, behind their labels.
const VALUES: f32 = MARGIN + 120.0;
/// Where text ends on the right.
const END: f32 = WIDTH - MARGIN;
/// The size of most of the text.
const SMALL: f32 = 10.0;
/// The size of the clinic's name.
const NAME: f32 = 14.0;
/// The size of the title and the amount.
const LARGE: f32 = 22.0;
/// From one line to the next, in sizes of the text.
const LEADING: f32 = 1.3;
/// The space between two parts.
const GAP: f32 = 12.0;
const BLACK: f32 = 0.0;
/// Dark enough to be read when it is copied.
const MUTED: f32 = 0.35;

/// The file of a receipt.
pub(crate) fn receipt_pdf(paper: &Paper) -> Vec<u8> {
    let mut writer = Writer { sheets: Sheets::new(), y: HEIGHT - MARGIN };
    writer.lines(NAME, BLACK, &paper.clinic);
    for line in &paper.address {
        writer.lines(SMALL, MUTED, line);
    }
    writer.rule();
    writer.lines(LARGE, BLACK, paper.title());
    for note in &paper.notes {
        writer.lines(SMALL, BLACK, note);
    }
    writer.gap();
    writer.lines(SMALL, MUTED, paper.amount_label());
    writer.lines(LARGE, BLACK, &paper.amount.to_string());
    writer.gap();
    writer.facts(&paper.facts);
    if let Some(items) = &paper.items {
        writer.rule();
        writer.facts(&items.facts);
        if !items.services.is_empty() {
            writer.gap();
            let line = |code: &str, charge: &str| Fact::new(code, charge);
            writer.facts(&[line("Service", "Charge")]);
            let services = items.services.iter();
            writer.facts(&services.map(|row| line(&row.code, &row.charge)).collect::<Vec<_>>());
        }
    }
    writer.sheets.finish(&format!("{} {}", paper.title(), paper.number))
}

/// Writes from the top of a sheet to its bottom.
struct Writer {
    sheets: Sheets,
    /// Where the next line may begin.
    y: f32,
}

impl Writer {
    fn gap(&mut self) {
        self.y -= GAP;
    }

    fn rule(&mut self) {
        self.gap();
        self.sheets.rule((MARGIN, END), self.y);
        self.gap();
    }

    /// Makes room for a line and tells where its letters stand.
    fn next(&mut self, size: f32) -> f32 {
        if self.y - size * LEADING < MARGIN {
            self.sheets.turn();
            self.y = HEIGHT - MARGIN;
        }
        self.y -= size * LEADING;
        self.y
    }

    fn lines(&mut self, size: f32, gray: f32, text: &str) {
        for line in self.broken(text, size, END - MARGIN) {
            let y = self.next(size);
            self.sheets.text((MARGIN, y), size, gray, &line);
        }
    }

    /// Labels and their values beside them.
    fn facts(&mut self, facts: &[Fact]) {
        for fact in facts {
            let label = self.broken(&fact.label, SMALL, VALUES - MARGIN);
            let mut label = label.into_iter();
            for line in self.broken(&fact.value, SMALL, END - VALUES) {
                let y = self.next(SMALL);
                if let Some(label) = label.next() {
                    self.sheets.text((MARGIN, y), SMALL, MUTED, &label);
                }
                self.sheets.text((VALUES, y), SMALL, BLACK, &line);
            }
        }
    }

    /// A text in lines of that width at most: broken between words, and within those that are
    /// too long. There is at least one line.
    fn broken(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split_whitespace() {
                let longer =
                    if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.sheets.width(&longer, size) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                for letter in word.chars() {
                    line.push(letter);
                    if self.sheets.width(&line, size) > width {
                        line.pop();
                        lines.push(std::mem::replace(&mut line, letter.to_string()));
                    }
                }
            }
            lines.push(line);
        }
        if lines.is_empty() { vec![String::new()] } else { lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_and_texts_are_broken_to_fit() {
        let writer = Writer { sheets: Sheets::new(), y: HEIGHT };
        let text = format!("A short word, {} and\nanother line", "x".repeat(300));
        let lines = writer.broken(&text, SMALL, 200.0);
        assert!(lines.len() > 5, "{lines:?}");
        for line in &lines {
            assert!(writer.sheets.width(line, SMALL) <= 200.0, "{line}");
        }
        assert_eq!(lines[0], "A short word,");
        assert_eq!(lines.last().map(String::as_str), Some("another line"));
        let whole = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(whole(&lines.join(" ")), whole(&text), "nothing is lost");
        assert_eq!(writer.broken("", SMALL, 200.0), [""]);
    }
}
