//! Counts what the reader looks at and copies, so that a test can prove that it takes no input
//! more than its length allows. Outside the tests it counts nothing.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes that about so many bytes, or things of constant size, were looked at.
#[cfg(not(test))]
#[inline]
pub(crate) fn note(_bytes: usize) {}

/// Notes that about so many bytes, or things of constant size, were looked at.
#[cfg(test)]
pub(crate) fn note(bytes: usize) {
    DONE.with(|done| done.set(done.get() + bytes as u64 + 1));
}

/// What was noted while `action` ran.
#[cfg(test)]
pub(crate) fn of<T>(action: impl FnOnce() -> T) -> u64 {
    let before = DONE.with(std::cell::Cell::get);
    drop(action());
    DONE.with(std::cell::Cell::get) - before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;

    const ISA: &str = "ISA*00**00**ZZ*PAYER*ZZ*CLINIC*260302*0915*^*00501*000000001*0*T*:~";
    const HEAD: &str = "GS*HB*PAYER*CLINIC*20260302*0915*1*X*005010X279A1~\
        ST*271*0001~BHT*0022*11*REF*20260302*0915~";
    const LEVELS: &str = "HL*1**20*1~NM1*PR*2*SAMPLE PLAN~HL*2*1*21*1~NM1*1P*2*SAMPLE CLINIC~";
    const PATIENT: &str = "HL*3*2*22*0~TRN*2*TRACE~NM1*IL*1*SAMPLE*PAT****MI*1EG4TE5MK73~";

    /// Each twice the one before.
    const SIZES_BYTES: [usize; 3] = [60_000, 120_000, 240_000];
    /// How much more an input of twice the size may take, in tenths.
    const TENTHS_MAX: u64 = 23;

    /// Reads an input of about so many bytes: a beginning, and a piece over and over.
    fn reading(begin: &str, piece: &str, bytes: usize) -> u64 {
        let text = begin.to_owned() + &piece.repeat(bytes / piece.len());
        of(|| {
            let mut reader = Reader::with_step(text.as_bytes(), 4096);
            let next = || reader.next_transaction().expect("memory can be read");
            std::iter::from_fn(next).map(|found| found.answers.len()).sum::<usize>()
        })
    }

    /// What makes a reader slow: beginnings, and what is repeated after them.
    fn inputs() -> Vec<(String, String)> {
        let head = format!("{ISA}{HEAD}");
        let level = format!("{head}{LEVELS}");
        let patient = format!("{level}{PATIENT}");
        let wide = format!("{level}{}", PATIENT.to_owned() + &"EB*1*FAM*30~".repeat(200));
        let warned = format!("{head}HL*1**20*1~{}", "DTP*291*D8*WRONG~".repeat(120));
        let padded = "ISA*00*          *00*          *ZZ*A              *ZZ*B".to_owned();
        let long = format!("{patient}EB*1**30~MSG*");
        let spaces = format!("{}{}", ISA.replace('~', " "), HEAD.replace('~', " "));
        let lines = format!("{}{}", ISA.replace('~', "\n"), HEAD.replace('~', "\n"));
        let inputs: Vec<(&str, &str)> = vec![
            ("", "ISA*"),
            ("", "ISA"),
            ("", "ISA*&amp;"),
            ("", "<ISA*&#x2a;00&#x2a;"),
            ("", "ST*271*"),
            ("", "ST*271*1~"),
            ("", "--boundary\n"),
            ("", &padded),
            ("", ISA),
            ("<a>", ISA),
            (&patient, "ISA*"),
            (&patient, "EB*1~"),
            (&patient, "EB*C*IND*30***23*1500.00*****Y~MSG*A MESSAGE~"),
            (&patient, "MSG*A~"),
            (&patient, "AAA*N**75*C~"),
            (&patient, "EB*1~LS*2120~NM1*PR*2*A~LE*2120~"),
            (&patient, "NM1*IL*1*A~"),
            (&patient, "NM1*03*1*A~"),
            (&patient, "SE*1*1~"),
            (&patient, "TA1*1*1*1*R*1~"),
            (&patient, "IEA*1*1~some text "),
            (&patient, "~ISA "),
            (&patient, "~ "),
            (&patient, "\\n"),
            (&head, "HL*1**20*1~"),
            (&head, "HL*1*1*99*1~"),
            (&head, "HL*1**~"),
            (&level, "HL***22~"),
            (&level, "HL*9*2*22*1~HL*8*9*23*0~"),
            (&level, PATIENT),
            (&wide, "HL***23~"),
            (&wide, "HL*4**23*0~NM1*03*1*SAMPLE*CHILD~EB*1~"),
            (&warned, "HL***22~"),
            (&long, "X"),
            (&long, "\n"),
            (&long, "~\n"),
            (&long, "*"),
            (&long, " ISA"),
            (&spaces, "EB 1 2 "),
            (&spaces, "X "),
            (&spaces, "                                                              x"),
            (&lines, "EB*1~EB*2\n"),
            (&lines, "~                                                              "),
            ("<a>ISA*00**00**ZZ*A*ZZ*B*260302*0915*^*00501*1*0*T*:~ST*271*1~", "&"),
            ("<a>ISA*00**00**ZZ*A*ZZ*B*260302*0915*^*00501*1*0*T*:~ST*271*1~", "&amp;"),
            (ISA, "ST*271*1~SE*2*1~"),
            (ISA, "GS*HB~ST*271*1~HL*1**22~EB*1~SE*4*1~GE*1~"),
        ];
        inputs.into_iter().map(|(begin, piece)| (begin.to_owned(), piece.to_owned())).collect()
    }

    #[test]
    fn no_input_takes_more_than_its_length_allows() {
        for (begin, piece) in inputs() {
            let works = SIZES_BYTES.map(|bytes| reading(&begin, &piece, bytes));
            println!("{} a byte for {piece:?}", works[2] / SIZES_BYTES[2] as u64);
            for pair in works.windows(2) {
                assert!(pair[1] * 10 < pair[0] * TENTHS_MAX, "{piece:?}: {works:?}");
            }
        }
    }
}
