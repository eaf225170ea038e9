//! Invented files for the tests. The people in them are plainly synthetic.

use std::path::PathBuf;

use almoner_x12::{
    Answer, Benefit, Interchange, Reader, Transaction, Unreadable, Warning, WarningCode, read,
};

/// A header with the usual delimiters.
pub(super) const ISA: &str = "ISA*00*          *00*          *ZZ*SAMPLEPAYER    *ZZ*SAMPLECLINIC   \
                       *260302*0915*^*00501*000000001*0*T*:~";

/// The levels above a subscriber.
pub(super) const ABOVE: &str = "HL*1**20*1~NM1*PR*2*SAMPLE PLAN*****PI*00042~HL*2*1*21*1~\
                         NM1*1P*2*SAMPLE CLINIC*****XX*1234567893~";

/// A subscriber's level up to the rows.
pub(super) const SUBSCRIBER: &str = "HL*3*2*22*0~TRN*2*TRACE-1*9123456789~\
                              NM1*IL*1*SAMPLE*PAT****MI*1EG4TE5MK73~DMG*D8*19800101*F~";

/// A whole file around the body of one transaction.
pub(super) fn file(body: &str) -> String {
    let count = body.matches('~').count() + 3;
    format!(
        "{ISA}GS*HB*SAMPLEPAYER*SAMPLECLINIC*20260302*0915*1*X*005010X279A1~\
         ST*271*0001*005010X279A1~BHT*0022*11*REF-1*20260302*0915~{body}\
         SE*{count}*0001~GE*1*1~IEA*1*000000001~"
    )
}

/// A whole file with one subscriber and these rows.
pub(super) fn rows(rows: &str) -> String {
    file(&format!("{ABOVE}{SUBSCRIBER}{rows}"))
}

/// The folder of the project's own files.
pub(super) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

/// One of the project's own files.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads a file that must be readable.
pub(super) fn must_read(input: &[u8]) -> Interchange {
    read(input).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads a fixture that must be readable.
pub(super) fn all_of(name: &str) -> Interchange {
    read(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Reads a fixture with exactly one answer, and nothing odd about its envelope.
pub(super) fn one_of(name: &str) -> Answer {
    let mut found = all_of(name);
    assert_eq!((found.answers.len(), envelope_codes(&found)), (1, vec![]), "{name}");
    found.answers.remove(0)
}

/// The rows of a fixture with exactly one answer, and nothing odd about it.
pub(super) fn rows_of(name: &str) -> Vec<Benefit> {
    let answer = one_of(name);
    assert_eq!(codes(&answer), [], "{name}");
    answer.benefits
}

/// The transactions of an input that is read in such steps, and what was said in the end.
pub(super) fn in_steps(
    input: &[u8],
    step: usize,
) -> (Vec<Transaction>, Result<Vec<Warning>, Unreadable>) {
    let mut reader = Reader::with_step(input, step);
    let next = || reader.next_transaction().expect("memory can be read");
    let transactions = std::iter::from_fn(next).collect();
    (transactions, reader.finish())
}

/// The text of each transaction.
pub(super) fn texts(input: &[u8]) -> Vec<String> {
    let (transactions, _) = in_steps(input, input.len() + 1);
    transactions.into_iter().map(|one| one.text).collect()
}

/// Reads a file with exactly one answer.
pub(super) fn one(text: &str) -> Answer {
    let mut answers = must_read(text.as_bytes()).answers;
    assert_eq!(answers.len(), 1, "{answers:#?}");
    answers.remove(0)
}

/// The codes of an answer's warnings.
pub(super) fn codes(answer: &Answer) -> Vec<WarningCode> {
    answer.warnings.iter().map(|warning| warning.code).collect()
}

/// The codes of the warnings about the envelopes.
pub(super) fn envelope_codes(found: &Interchange) -> Vec<WarningCode> {
    found.warnings.iter().map(|warning| warning.code).collect()
}

/// The first names of the patients, in their order; empty for nobody.
pub(super) fn patients(found: &Interchange) -> Vec<&str> {
    let names = found.answers.iter().map(|one| one.patient.first.as_deref());
    names.map(Option::unwrap_or_default).collect()
}
