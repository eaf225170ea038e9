//! Names of nobody, and the words of invented people.

/// First names.
pub(crate) const FIRST: &[&str] = &[
    "Ada",
    "Alma",
    "Ambrose",
    "Anaïs",
    "Archie",
    "Beatriz",
    "Bruno",
    "Cleo",
    "Clement",
    "Dagny",
    "Delia",
    "Edmund",
    "Élodie",
    "Ezra",
    "Fern",
    "Florian",
    "Greta",
    "Gustav",
    "Hester",
    "Hugo",
    "Inês",
    "Ivo",
    "Jean-Luc",
    "Josefa",
    "Juno",
    "Kasimir",
    "Kit",
    "Leocadia",
    "Linus",
    "Lotte",
    "Mabel",
    "Magnus",
    "Marisol",
    "Mary-Ann",
    "Nell",
    "Noor",
    "Octavia",
    "Odin",
    "Ottilie",
    "Percival",
    "Petra",
    "Quentin",
    "Ramona",
    "René",
    "Rosalind",
    "Søren",
    "Sibyl",
    "Tamsin",
    "Theodora",
    "Ulric",
    "Una",
    "Viggo",
    "Wanda",
    "Wilhelmina",
    "Xenia",
    "Yusuf",
    "Zélie",
    "Zora",
];

/// Last names.
pub(crate) const LAST: &[&str] = &[
    "Applebrook",
    "Barleymoor",
    "Brook-Pebble",
    "Candlewick",
    "Cloverdell",
    "D'Amberjack",
    "Dovetail",
    "Emberly",
    "Fennimoor",
    "Feather-Stone",
    "Goosewing",
    "Hazelnutt",
    "Inkwell",
    "Jamjar",
    "Juniperous",
    "Kettleworth",
    "Larkspurr",
    "Lefèvrier",
    "Marshmellow",
    "Möwenfeld",
    "Nettlesby",
    "Nuñezberry",
    "O'Hollyhock",
    "O'Teapot",
    "Oatfield",
    "Puddlewick",
    "Quillfeather",
    "Rainbarrel",
    "Saint-Cloudberry",
    "Saltmarsh",
    "Søndermoon",
    "Teacupp",
    "Thistledown",
    "Underbough",
    "van der Plum",
    "Velveteen",
    "Wimblewood",
    "Yarrowby",
    "Åkerbloom",
    "Żurawinka",
];

/// Streets where nobody lives.
pub(crate) const STREETS: &[&str] = &[
    "Invented Lane",
    "Sample Street",
    "Placeholder Road",
    "Nowhere Avenue",
    "Example Court",
    "Made-Up Way",
];

/// Towns on no map, with the area code of the location that is nearest.
pub(crate) const TOWNS: &[(&str, &str)] = &[
    ("Testville, NY 00000", "212"),
    ("Sampleton, IL 00000", "312"),
    ("Mockford, CO 00000", "303"),
];

/// Payers; their order is that of [`PLANS`] and [`PAYER_IDS`].
pub(crate) const PAYERS: &[&str] = &[
    "Blue Heron Sample Health",
    "Prairie Sample HMO",
    "Granite Sample Mutual",
    "Quayside Sample Plan",
    "Lantern Sample Life",
];

/// The id of each payer, as in its answers.
pub(crate) const PAYER_IDS: &[&str] = &["00101", "00102", "00103", "00104", "00105"];

/// A plan of each payer.
pub(crate) const PLANS: &[&str] = &[
    "Heron Gold PPO",
    "Prairie Value HMO",
    "Granite Saver HDHP",
    "Quayside Tiered POS",
    "Lantern Limited",
];

/// What payments are about.
pub(crate) const MEMOS: &[&str] = &[
    "Balance after insurance",
    "Co-pay for the visit",
    "Deposit before the procedure",
    "First of two installments",
    "Second of two installments",
    "Statement from last month",
    "Front desk collection",
    "Agreed by telephone",
    "Remaining deductible",
    "Missed at check-out",
    "Self-pay rate",
    "Family member pays",
];

/// What the staff writes down.
pub(crate) const NOTES: &[&str] = &[
    "Called about the balance; left a message.",
    "Will pay at the next visit.",
    "Asked for a receipt by e-mail; sent.",
    "Prefers to be called after 5 pm.",
    "Asked to split this into two payments.\nAgreed; the second half is due next month.",
    "Insurance was billed again; wait for the answer before reminding.",
    "Spouse called on behalf of the patient; no details given.",
    "Address confirmed at the desk.",
    "Second reminder sent by mail.",
    "Patient disputes the amount; the biller looks into it.",
    "Paid with the card of a family member.",
    "Explained the estimate line by line.",
];

/// Why payments were called off.
pub(crate) const CANCELLATIONS: &[&str] = &[
    "Appointment was cancelled",
    "Entered for the wrong patient",
    "Insurance paid in full",
    "Duplicate of another payment",
    "Written off by the manager",
];

/// What processors say when they refuse.
pub(crate) const REFUSALS: &[&str] = &[
    "The card was declined.",
    "Insufficient funds.",
    "The card has expired.",
    "The bank asked for a confirmation that was not given.",
];
