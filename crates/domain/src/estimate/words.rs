//! What a payer's free words say about a row. They are shown and may suggest another rule; they
//! never switch it. To add a meaning, add a variant, its phrases and its warning.

use super::answer::WarningCode;
use super::benefit::{Benefit, Network};
use super::request::{Rule, VisitClass};

/// How many words may stand between `after` and `deductible`.
const MAX_WORDS_BETWEEN: usize = 3;

/// A meaning that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    AfterDeductible,
    DeductibleWaived,
    GreaterOf,
    LesserOf,
    WaivedIfAdmitted,
    Tier,
    Referral,
}

impl Meaning {
    const ALL: [Self; 7] = [
        Self::AfterDeductible,
        Self::DeductibleWaived,
        Self::GreaterOf,
        Self::LesserOf,
        Self::WaivedIfAdmitted,
        Self::Tier,
        Self::Referral,
    ];

    /// The warning that it is shown as.
    pub(super) fn warning(self) -> (WarningCode, &'static str) {
        match self {
            Self::AfterDeductible => {
                (WarningCode::SaysAfterDeductible, "The payer says: after the deductible.")
            }
            Self::DeductibleWaived => {
                (WarningCode::SaysDeductibleWaived, "The payer says: the deductible is waived.")
            }
            Self::GreaterOf => {
                (WarningCode::SaysGreaterOf, "The payer says: the greater of two values.")
            }
            Self::LesserOf => {
                (WarningCode::SaysLesserOf, "The payer says: the lesser of two values.")
            }
            Self::WaivedIfAdmitted => {
                (WarningCode::SaysWaivedIfAdmitted, "The payer says: waived if admitted.")
            }
            Self::Tier => (WarningCode::SaysTier, "The payer says that it depends on a tier."),
            Self::Referral => (WarningCode::SaysReferral, "The payer speaks of a referral."),
        }
    }

    /// The rules that it suggests when it stands at a co-payment.
    pub(super) fn rules(self) -> &'static [Rule] {
        match self {
            Self::AfterDeductible => &[Rule::CopayAfterDeductible],
            Self::DeductibleWaived => &[Rule::CopayOnly],
            Self::GreaterOf | Self::LesserOf => &[Rule::CopayOnly, Rule::DeductibleCoinsurance],
            Self::WaivedIfAdmitted | Self::Tier | Self::Referral => &[],
        }
    }

    fn is_said(self, words: &Words) -> bool {
        match self {
            Self::AfterDeductible => {
                let subject = words.has(&["SUBJECT", "TO"]) && words.0.iter().any(is_deductible);
                let first = words.has(&["DEDUCTIBLE", "APPLIES"]);
                !words.waives_deductible() && (words.after_deductible() || subject || first)
            }
            Self::DeductibleWaived => words.waives_deductible(),
            Self::GreaterOf => words.has(&["GREATER", "OF"]) || words.has(&["IS", "GREATER"]),
            Self::LesserOf => words.has(&["LESSER", "OF"]) || words.has(&["IS", "LESS"]),
            Self::WaivedIfAdmitted => {
                words.begins("WAIVE") && (words.begins("ADMIT") || words.begins("ADMISSION"))
            }
            Self::Tier => words.begins("TIER"),
            Self::Referral => words.begins("REFERRAL"),
        }
    }
}

/// A text as upper-case words without punctuation.
struct Words(Vec<String>);

impl Words {
    fn of(text: &str) -> Self {
        let upper = text.to_uppercase();
        let words = upper.split(|letter: char| !letter.is_alphanumeric());
        Self(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn has(&self, phrase: &[&str]) -> bool {
        self.0.windows(phrase.len()).any(|window| window == phrase)
    }

    fn begins(&self, beginning: &str) -> bool {
        self.0.iter().any(|word| word.starts_with(beginning))
    }

    fn after_deductible(&self) -> bool {
        let places = self.0.iter().enumerate().filter(|(_, word)| *word == "AFTER");
        places.into_iter().any(|(place, _)| {
            let following = self.0.iter().skip(place + 1).take(MAX_WORDS_BETWEEN + 1);
            following.into_iter().any(is_deductible)
        })
    }

    fn waives_deductible(&self) -> bool {
        let waived = ["DEDUCTIBLE", "DED"].iter().any(|name| {
            [
                &[*name, "WAIVED"][..],
                &[*name, "IS", "WAIVED"],
                &[*name, "DOES", "NOT", "APPLY"],
                &[*name, "NOT", "APPLICABLE"],
                &["WAIVE", *name],
                &["NO", *name],
                &["NOT", "SUBJECT", "TO", *name],
                &["NOT", "SUBJECT", "TO", "THE", *name],
            ]
            .iter()
            .any(|phrase| self.has(phrase))
        });
        waived && !self.after_deductible()
    }

    /// Whether the words speak of within the network, and of outside it.
    fn networks(&self) -> (bool, bool) {
        let (mut within, mut outside) =
            (self.has(&["IN", "AND"]) || self.has(&["IN", "OR"]), false);
        for (place, word) in self.0.iter().enumerate() {
            let before = |steps: usize| {
                let earlier = place.checked_sub(steps).and_then(|place| self.0.get(place));
                earlier.map_or("", String::as_str)
            };
            match (word.as_str(), before(1), before(2)) {
                ("OON" | "NONPAR" | "NONPARTICIPATING", _, _)
                | ("NETWORK" | "PAR" | "PARTICIPATING", "NON", _)
                | ("NETWORK", "OF", "OUT") => outside = true,
                ("NETWORK", "IN", _) => within = true,
                ("PARTICIPATING", earlier, _) if earlier != "NOT" => within = true,
                _ => {}
            }
        }
        (within, outside)
    }

    /// Whether a word with that beginning stands here and is not denied by the word before it.
    fn affirms(&self, beginning: &str) -> bool {
        self.0.iter().enumerate().any(|(place, word)| {
            let before = place.checked_sub(1).and_then(|place| self.0.get(place));
            let denied = before.is_some_and(|word| word == "NON" || word == "NOT");
            word.starts_with(beginning) && !denied
        })
    }
}

fn is_deductible(word: &String) -> bool {
    word == "DED" || word.starts_with("DEDUCT")
}

/// What the row's words say.
pub(super) fn meanings(row: &Benefit) -> Vec<Meaning> {
    let texts: Vec<Words> = row.messages.iter().map(|text| Words::of(text)).collect();
    let said = |meaning: &Meaning| texts.iter().any(|words| meaning.is_said(words));
    Meaning::ALL.into_iter().filter(said).collect()
}

/// Whether the row's words name that kind of visit.
pub(super) fn names_visit(row: &Benefit, class: VisitClass) -> bool {
    let beginnings: &[&str] = match class {
        VisitClass::Primary => &["PRIMARY", "PCP"],
        VisitClass::Specialist => &["SPECIALIST", "SPECIALTY", "SPCLST"],
        VisitClass::Urgent => &["URGENT"],
        VisitClass::Telehealth => &["TELE", "VIRTUAL"],
    };
    row.messages.iter().any(|text| {
        let words = Words::of(text);
        beginnings.iter().any(|beginning| words.affirms(beginning))
    })
}

/// Whether the row's words say the opposite of its network.
pub(super) fn contradict_network(row: &Benefit) -> bool {
    row.messages.iter().any(|text| {
        let (within, outside) = Words::of(text).networks();
        match row.network {
            Network::In => outside && !within,
            Network::Out => within && !outside,
            Network::Either | Network::Unknown | Network::NotStated => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(message: &str, network: Network) -> Benefit {
        Benefit { messages: vec![message.to_owned()], network, ..Benefit::default() }
    }

    fn said(message: &str) -> Vec<Meaning> {
        meanings(&row(message, Network::In))
    }

    #[test]
    fn meanings_are_found_in_the_ways_that_payers_write_them() {
        for text in ["AFTER DEDUCTIBLE", "20% after the plan ded.", "Subject to deductible"] {
            assert_eq!(said(text), [Meaning::AfterDeductible], "{text}");
        }
        for text in ["DEDUCTIBLE WAIVED", "Ded does not apply", "Not subject to deductible."] {
            assert_eq!(said(text), [Meaning::DeductibleWaived], "{text}");
        }
        assert_eq!(said("GREATER OF $50 OR 20%"), [Meaning::GreaterOf]);
        assert_eq!(said("50.00 or 20 %, whichever is less"), [Meaning::LesserOf]);
        assert_eq!(said("COPAY WAIVED IF ADMITTED"), [Meaning::WaivedIfAdmitted]);
        assert_eq!(said("TIER 1 PROVIDER; REFERRAL REQUIRED"), [Meaning::Tier, Meaning::Referral]);
        assert_eq!(said("PRIMARY CARE VISIT"), []);
        assert_eq!(said(""), []);
    }

    #[test]
    fn visits_are_told_apart_by_whole_words() {
        let names = |text: &str, class| names_visit(&row(text, Network::In), class);
        assert!(names("SPECIALIST OFFICE VISIT", VisitClass::Specialist));
        assert!(names("PCP", VisitClass::Primary));
        assert!(!names("NON-SPECIALIST", VisitClass::Specialist));
        assert!(!names("INSPECTION", VisitClass::Specialist));
        assert!(names("URGENT CARE", VisitClass::Urgent));
    }

    #[test]
    fn words_may_contradict_the_network() {
        assert!(contradict_network(&row("OUT-OF-NETWORK", Network::In)));
        assert!(contradict_network(&row("In Network only", Network::Out)));
        assert!(!contradict_network(&row("IN AND OUT OF NETWORK", Network::In)));
        assert!(!contradict_network(&row("OUT OF NETWORK", Network::NotStated)));
        for text in ["OON BENEFIT", "NON-PAR PROVIDER", "Nonparticipating", "NON PARTICIPATING"] {
            assert!(contradict_network(&row(text, Network::In)), "{text}");
            assert!(!contradict_network(&row(text, Network::Out)), "{text}");
        }
        assert!(contradict_network(&row("PARTICIPATING PROVIDER", Network::Out)));
        assert!(!contradict_network(&row("NOT PARTICIPATING", Network::Out)));
    }
}
