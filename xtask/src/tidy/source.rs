//! Enough of Rust's grammar to tell code from comments and literals, and to find functions.

use std::ops::RangeInclusive;

/// A Rust text with parts of it blanked out; lines and columns stay where they were.
pub(super) struct Masked {
    /// Without comments, and without what stands inside literals.
    pub(super) code: String,
    /// Without comments.
    pub(super) text: String,
}

/// A function, from the line of its `fn` to that of its last brace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// Its lines, counted from 1.
    pub(super) lines: RangeInclusive<usize>,
}

impl Function {
    /// How many lines it has.
    pub(super) fn len(&self) -> usize {
        self.lines.end() + 1 - self.lines.start()
    }
}

/// Blanks out comments and literals.
pub(super) fn mask(source: &str) -> Masked {
    let mut masker = Masker {
        chars: source.chars().collect(),
        at: 0,
        masked: Masked { code: String::new(), text: String::new() },
    };
    while masker.at < masker.chars.len() {
        masker.next_part();
    }
    masker.masked
}

/// What the two views show of a stretch of source.
#[derive(Clone, Copy)]
enum Show {
    Both,
    TextOnly,
    Neither,
}

struct Masker {
    chars: Vec<char>,
    at: usize,
    masked: Masked,
}

impl Masker {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn take(&mut self, count: usize, show: Show) {
        for _ in 0..count.min(self.chars.len() - self.at) {
            let char = self.chars[self.at];
            let blank = if char == '\n' { '\n' } else { ' ' };
            let (code, text) = match show {
                Show::Both => (char, char),
                Show::TextOnly => (blank, char),
                Show::Neither => (blank, blank),
            };
            self.masked.code.push(code);
            self.masked.text.push(text);
            self.at += 1;
        }
    }

    fn next_part(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.char_or_lifetime(),
            (char, _) if is_word(char) => self.word(),
            _ => self.take(1, Show::Both),
        }
    }

    fn line_comment(&mut self) {
        while self.at < self.chars.len() && self.peek(0) != '\n' {
            self.take(1, Show::Neither);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.take(1, Show::Neither);
                    continue;
                }
            }
            self.take(2, Show::Neither);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(1, Show::Both);
        while self.at < self.chars.len() && self.peek(0) != '"' {
            let escaped = self.peek(0) == '\\';
            self.take(if escaped { 2 } else { 1 }, Show::TextOnly);
        }
        self.take(1, Show::Both);
    }

    fn raw_string(&mut self, hashes: usize) {
        self.take(hashes + 1, Show::Both);
        let closes = |masker: &Self| {
            masker.peek(0) == '"' && (1..=hashes).all(|ahead| masker.peek(ahead) == '#')
        };
        while self.at < self.chars.len() && !closes(self) {
            self.take(1, Show::TextOnly);
        }
        self.take(hashes + 1, Show::Both);
    }

    fn char_or_lifetime(&mut self) {
        let escaped = self.peek(1) == '\\';
        if !escaped && self.peek(2) != '\'' {
            // A lifetime or a loop's label.
            self.take(1, Show::Both);
            return;
        }
        self.take(1, Show::Both);
        self.take(if escaped { 2 } else { 1 }, Show::TextOnly);
        while self.at < self.chars.len() && self.peek(0) != '\'' {
            self.take(1, Show::TextOnly);
        }
        self.take(1, Show::Both);
    }

    /// A name, a keyword, a number, or the prefix of a literal.
    fn word(&mut self) {
        let start = self.at;
        while is_word(self.peek(0)) {
            self.take(1, Show::Both);
        }
        let word: String = self.chars[start..self.at].iter().collect();
        if matches!(word.as_str(), "r" | "br" | "cr") {
            let hashes = self.chars[self.at..].iter().take_while(|char| **char == '#').count();
            if self.peek(hashes) == '"' {
                self.raw_string(hashes);
            }
        }
    }
}

/// Every function with a body in a masked text, also those inside others.
pub(super) fn functions(code: &str) -> Vec<Function> {
    let bytes = code.as_bytes();
    let mut functions = Vec::new();
    for at in words(code, "fn") {
        let rest = code[at + 2..].trim_start();
        let name: String = rest.chars().take_while(|char| is_word(*char) || *char == '$').collect();
        if name.is_empty() {
            // The type of a function, not a function.
            continue;
        }
        if let Some(end) = item_end(bytes, at).filter(|end| bytes[*end] == b'}') {
            functions.push(Function { name, lines: line_of(code, at)..=line_of(code, end) });
        }
    }
    functions
}

/// The lines of items that are compiled for tests only.
pub(super) fn test_lines(code: &str) -> Vec<RangeInclusive<usize>> {
    code.match_indices("#[cfg(")
        .filter(|(at, _)| {
            let attribute = code[*at..].split(']').next().unwrap_or_default();
            words(attribute, "test").next().is_some() && !attribute.contains("not(")
        })
        .filter_map(|(at, _)| {
            let after = at + code[at..].find(']')?;
            let end = item_end(code.as_bytes(), after + 1)?;
            Some(line_of(code, at)..=line_of(code, end))
        })
        .collect()
}

/// Where the whole word stands in the text, as byte positions.
pub(super) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// The line, counted from 1, of a byte position.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where the item that begins at `start` ends: at its closing brace, or at its semicolon.
fn item_end(code: &[u8], start: usize) -> Option<usize> {
    let (mut braces, mut brackets) = (0_u32, 0_u32);
    for (at, byte) in code.iter().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces <= 1 && brackets == 0 => return Some(at),
            b'}' => braces = braces.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> String {
        mask(source).code
    }

    #[test]
    fn comments_are_blanked_in_both_views() {
        let masked = mask("a // {\nb /* /* } */ */ c");
        assert_eq!(masked.code, "a     \nb               c");
        assert_eq!(masked.text, masked.code);
    }

    #[test]
    fn literals_are_blanked_in_code_only() {
        let masked = mask(r#"f("a{\"}", 'x', '\'', b'{')"#);
        assert_eq!(masked.code, r#"f("     ", ' ', '  ', b' ')"#);
        assert_eq!(masked.text, r#"f("a{\"}", 'x', '\'', b'{')"#);
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        assert_eq!(code("r#\"a\"}\"# {"), "r#\"   \"# {");
        assert_eq!(code("r#fn {"), "r#fn {");
        assert_eq!(code("br\"\\\" }"), "br\" \" }");
    }

    #[test]
    fn lifetimes_are_no_literals() {
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
        assert_eq!(code("'outer: loop {}"), "'outer: loop {}");
    }

    #[test]
    fn functions_have_their_lines() {
        let source = "fn one() -> [u8; 4] {\n  if x { y }\n}\ntrait T {\n  fn two();\n  \
                      fn three() { fn four() {} }\n}\ntype F = fn(u8) -> u8;\n";
        let found = functions(&code(source));
        let names: Vec<(&str, usize)> =
            found.iter().map(|function| (function.name.as_str(), function.len())).collect();
        assert_eq!(names, [("one", 3), ("three", 1), ("four", 1)]);
    }

    #[test]
    fn test_items_are_found() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\n#[cfg(not(test))]\n\
                      fn c() {}\n#[cfg(all(test, unix))]\nuse x;\n";
        assert_eq!(test_lines(&code(source)), [2..=5, 8..=9]);
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("fn fna fn_b af fn", "fn").collect::<Vec<_>>(), [0, 15]);
    }
}
