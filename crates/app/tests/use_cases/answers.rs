//! Invented answers of an invented payer.

/// A person whom the payer speaks of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Insured<'a> {
    pub(crate) first: &'a str,
    pub(crate) last: &'a str,
    pub(crate) member_id: &'a str,
    pub(crate) birth: &'a str,
}

/// Somebody whom no clinic knows.
pub(crate) const NORA: Insured<'_> =
    Insured { first: "NORA", last: "SPECIMEN", member_id: "1EG4TE5MK73", birth: "19620314" };

/// Co-payment, deductible, co-insurance and out-of-pocket maximum of an active plan.
pub(crate) const BENEFITS: [&str; 7] = [
    "EB*1*IND*30*PP*SAMPLE GOLD PPO",
    "EB*B*IND*98***27*25.00*****Y",
    "EB*C*IND*30***23*1500.00*****Y",
    "EB*C*IND*30***29*412.35*****Y",
    "EB*A*IND*30***23**.2****Y",
    "EB*G*IND*30***23*5000.00*****Y",
    "EB*G*IND*30***29*3100.00*****Y",
];

/// The segments of a transaction about that person.
pub(crate) fn transaction(control: &str, insured: Insured<'_>, benefits: &[&str]) -> String {
    let Insured { first, last, member_id, birth } = insured;
    let mut segments = vec![
        format!("ST*271*{control}*005010X279A1"),
        format!("BHT*0022*11*REF-{control}*20260309*0915"),
        "HL*1**20*1".to_owned(),
        "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042".to_owned(),
        "HL*2*1*21*1".to_owned(),
        "NM1*1P*2*SAMPLE CLINIC*****XX*1234567893".to_owned(),
        "HL*3*2*22*0".to_owned(),
        format!("TRN*2*TRACE-{control}*9123456789"),
        format!("NM1*IL*1*{last}*{first}****MI*{member_id}"),
        format!("DMG*D8*{birth}*F"),
        "DTP*291*RD8*20260101-20261231".to_owned(),
    ];
    segments.extend(benefits.iter().map(|&row| row.to_owned()));
    let count = segments.len() + 1;
    segments.push(format!("SE*{count}*{control}"));
    segments.join("~\n") + "~\n"
}

/// An envelope with that number around some transactions.
pub(crate) fn envelope(number: u32, transactions: &[String]) -> Vec<u8> {
    let (body, count) = (transactions.concat(), transactions.len());
    format!(
        "ISA*00*          *00*          *ZZ*SAMPLEPAYER    *ZZ*SAMPLECLINIC   \
         *260309*0915*^*00501*{number:09}*0*T*:~\n\
         GS*HB*SAMPLEPAYER*SAMPLECLINIC*20260309*0915*{number}*X*005010X279A1~\n\
         {body}GE*{count}*{number}~\nIEA*1*{number:09}~\n"
    )
    .into_bytes()
}

/// A file with one answer about that person.
pub(crate) fn answer(insured: Insured<'_>) -> Vec<u8> {
    envelope(7, &[transaction("0007", insured, &BENEFITS)])
}
