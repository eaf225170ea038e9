//! Putting a name into the letters that the format can carry.

/// The plain forms of capital letters with accents and of joined letters. Small letters are made
/// capital first.
const PLAIN: [(&str, &str); 31] = [
    ("A", "ÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶ"),
    ("AE", "ÆǢǼ"),
    ("B", "ƁḂḄḆ"),
    ("C", "ÇĆĈĊČḈ"),
    ("D", "ÐĎĐƊḊḌḎḐḒ"),
    ("E", "ÈÉÊËĒĔĖĘĚƏȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆ"),
    ("F", "Ḟ"),
    ("G", "ĜĞĠĢǦǴḠ"),
    ("H", "ĤĦȞḢḤḦḨḪ"),
    ("I", "ÌÍÎÏĨĪĬĮİǏȈȊḬḮỈỊ"),
    ("IJ", "Ĳ"),
    ("J", "Ĵ"),
    ("K", "ĶƘǨḰḲḴ"),
    ("L", "ĹĻĽĿŁḶḸḺḼ"),
    ("M", "ḾṀṂ"),
    ("N", "ÑŃŅŇǸṄṆṈṊ"),
    ("NG", "Ŋ"),
    ("O", "ÒÓÔÕÖØŌŎŐƠǑǪǬǾȌȎȪȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢ"),
    ("OE", "Œ"),
    ("P", "ṔṖ"),
    ("R", "ŔŖŘȐȒṘṚṜṞ"),
    ("S", "ŚŜŞŠȘṠṢṤṦṨ"),
    ("SS", "ẞ"),
    ("T", "ŢŤŦȚṪṬṮṰ"),
    ("TH", "Þ"),
    ("U", "ÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖṲṴṶṸṺỤỦỨỪỬỮỰ"),
    ("V", "ṼṾ"),
    ("W", "ŴẀẂẄẆẈ"),
    ("X", "ẊẌ"),
    ("Y", "ÝŶŸƳȲẎỲỴỶỸ"),
    ("Z", "ŹŻŽẐẒẔ"),
];

/// The name in capitals of the basic character set, blanks joined. A sign that cannot be carried,
/// the delimiters among them, becomes a blank; accents are dropped.
///
/// # Errors
/// The first letter or digit that has no plain form: leaving it out would make another name.
pub(super) fn plain_name(text: &str) -> Result<String, char> {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        // A small letter may become two capitals: `ß` is `SS`.
        for capital in letter.to_uppercase() {
            push_plain(&mut plain, capital).map_err(|()| letter)?;
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    Ok(words.join(" "))
}

fn push_plain(plain: &mut String, capital: char) -> Result<(), ()> {
    match capital {
        'A'..='Z' | '0'..='9' => plain.push(capital),
        '!' | '"' | '&' | '\'' | '(' | ')' | '+' | ',' | '-' | '.' | '/' | ';' | '?' | '=' => {
            plain.push(capital);
        }
        '\u{2018}' | '\u{2019}' | '\u{2bb}' | '\u{2bc}' | '\u{b4}' | '`' => plain.push('\''),
        '\u{201c}' | '\u{201d}' | '\u{201e}' => plain.push('"'),
        '\u{2010}'..='\u{2015}' => plain.push('-'),
        // Accents that stand by themselves, after their letter.
        '\u{300}'..='\u{36f}' => {}
        other => match PLAIN.iter().find(|(_, accented)| accented.contains(other)) {
            Some((letters, _)) => plain.push_str(letters),
            None if other.is_alphanumeric() => return Err(()),
            None => plain.push(' '),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_letters_without_accents() {
        for (name, plain) in [
            ("O'Brien-Søn", "O'BRIEN-SON"),
            ("O\u{2019}Brien", "O'BRIEN"),
            ("  Nguyễn   Thị\tÁnh ", "NGUYEN THI ANH"),
            ("Nguye\u{302}\u{303}n", "NGUYEN"),
            ("Müller–Groß", "MULLER-GROSS"),
            ("ẞ", "SS"),
            ("Łukasz Żółć", "LUKASZ ZOLC"),
            ("Ægir Þór Ð", "AEGIR THOR D"),
            ("Kahananuiokalani Ka\u{2bb}ahumanu", "KAHANANUIOKALANI KA'AHUMANU"),
            ("İpek Işık ığdır", "IPEK ISIK IGDIR"),
            ("ŉ ﬁsher", "'N FISHER"),
            ("Smith & <b>Sons</b> ~*:^", "SMITH & B SONS /B"),
            ("PAT\u{a0}SAMPLE\r\nJR.", "PAT SAMPLE JR."),
            ("😀", ""),
            ("", ""),
        ] {
            assert_eq!(plain_name(name).as_deref(), Ok(plain), "{name}");
        }
    }

    #[test]
    fn letters_without_a_plain_form_are_told() {
        for (name, letter) in [("李 Sample", '李'), ("Иванов", 'И'), ("Sample Ⅳ", 'Ⅳ'), ("λ", 'λ')]
        {
            assert_eq!(plain_name(name), Err(letter), "{name}");
        }
    }

    #[test]
    fn plain_forms_are_plain_and_each_letter_has_one() {
        let mut seen = Vec::new();
        for (plain, accented) in PLAIN {
            assert!(plain.bytes().all(|byte| byte.is_ascii_uppercase()), "{plain}");
            for letter in accented.chars() {
                assert!(letter.to_uppercase().eq([letter]), "{letter} is capital");
                assert!(!seen.contains(&letter), "{letter} stands twice");
                seen.push(letter);
            }
        }
    }
}
