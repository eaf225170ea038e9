//! Names as they are sorted and searched: the same on every database engine.
//!
//! Databases disagree about lower case and text order, so both keys are made here: accents
//! stripped, lower case, apostrophes and full stops dropped, other punctuation a space.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The greatest number of words of a search that are looked at.
pub const MAX_SEARCH_WORDS: usize = 8;

/// Words of this many letters or more are also found inside other words.
pub const MIN_INNER_LETTERS: usize = 3;

/// Between the last and the first name in a sort key; sorts before every letter and space.
const SORT_SEPARATOR: char = '\t';

/// Lower case without accents and punctuation, words parted by one space.
pub fn normalize(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|&letter| !is_combining_mark(letter)) {
        match letter {
            '\'' | '\u{2019}' | '\u{2018}' | '\u{02bc}' | '.' | '`' => {}
            'ß' => plain.push_str("ss"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'œ' | 'Œ' => plain.push_str("oe"),
            'ø' | 'Ø' => plain.push('o'),
            'ł' | 'Ł' => plain.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => plain.push('d'),
            'þ' | 'Þ' => plain.push_str("th"),
            'ı' => plain.push('i'),
            _ if letter.is_alphanumeric() => plain.extend(letter.to_lowercase()),
            _ => plain.push(' '),
        }
    }
    let stripped = plain.nfkd().filter(|&letter| !is_combining_mark(letter)).collect::<String>();
    stripped.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key that orders people by last, then first name.
pub fn sort_key(last: &str, first: &str) -> String {
    format!("{}{SORT_SEPARATOR}{}", normalize(last), normalize(first))
}

/// The sort keys of all people with exactly that last name: from the first one, which is included,
/// to the second, which is not.
pub fn last_name_range(last: &str) -> (String, String) {
    let last = normalize(last);
    let after = char::from(SORT_SEPARATOR as u8 + 1);
    (format!("{last}{SORT_SEPARATOR}"), format!("{last}{after}"))
}

/// What name searches look through: every word of the name.
pub fn search_key(last: &str, first: &str) -> String {
    normalize(&format!("{last} {first}"))
}

/// The words of a search, each once.
pub fn search_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in normalize(text).split(' ').filter(|word| !word.is_empty()) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words.truncate(MAX_SEARCH_WORDS);
    words
}

/// Whether a name's search key is found by all words: the rule that the database follows.
pub fn matches(search_key: &str, words: &[String]) -> bool {
    words.iter().all(|word| {
        let inner = word.chars().count() >= MIN_INNER_LETTERS;
        let begins = search_key.split(' ').any(|part| part.starts_with(word.as_str()));
        begins || (inner && search_key.contains(word.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        assert_eq!(normalize("O'Brien-Søn"), "obrien son");
        assert_eq!(normalize("  José   MÜLLER "), "jose muller");
        assert_eq!(normalize("İpek"), "ipek");
        assert_eq!(normalize("<b>"), "b");
    }

    #[test]
    fn people_are_ordered_by_last_then_first_name() {
        assert!(sort_key("Li", "Zoe") < sort_key("Li Wang", "Ann"));
        assert!(sort_key("Li", "Ann") < sort_key("Li", "Zoe"));
    }

    #[test]
    fn a_last_name_has_a_range_of_sort_keys() {
        let (from, to) = last_name_range("O'Brien");
        let is_in = |last, first| (from.clone()..to.clone()).contains(&sort_key(last, first));
        assert!(is_in("OBRIEN", "Ann") && is_in("O\u{2019}Brien", ""));
        assert!(!is_in("O'Brien Smith", "Ann") && !is_in("O'Brie", "Ann") && !is_in("", "Ann"));
    }

    #[test]
    fn short_words_match_beginnings_and_long_ones_any_part() {
        let key = search_key("O'Brien", "Mary Ann");
        let found = |text: &str| matches(&key, &search_words(text));
        assert!(!found("br"), "two letters only match where a word begins");
        assert!(found("rie"));
        assert!(found("an ob"));
        assert!(found("O\u{2019}BRIEN"));
        assert!(!found("mary smith"));
    }

    proptest! {
        #[test]
        fn normal_form_is_stable(text in "\\PC{0,40}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
