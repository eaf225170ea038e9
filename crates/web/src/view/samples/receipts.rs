//! Receipts in which pages and files show themselves.

use almoner_domain::{Money, PaymentId, ReceiptId};

use super::{HARD_NAME, HARD_TEXT};
use crate::receipt_pdf::receipt_pdf;
use crate::view::parts::Fact;
use crate::view::payments::receipt::{Items, Paper, ReceiptRow, ReceiptsBlock, Service};

/// A payment's receipts.
pub(crate) fn receipts_block() -> ReceiptsBlock {
    let row = |seq, what: &str, cents, is_undone| ReceiptRow {
        id: ReceiptId::new(seq),
        what: what.to_owned(),
        amount: Money::from_cents(cents),
        on: "Nov 22, 2026".to_owned(),
        is_undone,
    };
    let rows = vec![
        row(1_043, "Refund REF-002", 7_500, false),
        row(1_041, "Payment", 67_937, false),
        row(1_040, "Payment", 67_937, true),
    ];
    let mails = vec!["RCP-001 sent Nov 22, 2026, 2:41 PM".to_owned()];
    ReceiptsBlock { rows, can_issue: true, mails }
}

fn plain() -> Paper {
    Paper {
        number: ReceiptId::new(1_041),
        payment: PaymentId::new(894),
        is_refund: false,
        clinic: "Harbor Street Clinic".to_owned(),
        address: ["12 Harbor Street", "Springfield, MA 01101", "(555) 010-0100"]
            .map(str::to_owned)
            .to_vec(),
        notes: Vec::new(),
        amount: Money::from_cents(67_937),
        facts: vec![
            Fact::new("Receipt", "RCP-1041"),
            Fact::new("Payment", "PAY-894"),
            Fact::new("Date", "Nov 22, 2026"),
            Fact::new("Paid by", "Check"),
        ],
        items: None,
    }
}

fn items(patient: &str, services: usize) -> Items {
    let service = |index: usize| Service {
        code: format!("9921{} 25 59", index % 10),
        charge: if index % 3 == 2 { "not known".to_owned() } else { "$150.00".to_owned() },
    };
    Items {
        facts: vec![
            Fact::new("Patient", patient),
            Fact::new("Date of service", "Nov 20, 2026"),
            Fact::new("Place", "Harbor Street"),
            Fact::new("Physician", "Avery Testperson"),
            Fact::new("NPI", "1234567893"),
        ],
        services: (0..services).map(service).collect(),
    }
}

/// Receipts of every kind, among them the ones that are hardest to set.
pub(crate) fn papers() -> Vec<(&'static str, Paper)> {
    let letters = "Łucja Đặng-Straße Ιωάννου Ивановна 山田 🙂";
    let refund = Paper {
        is_refund: true,
        notes: vec![
            "Test money. No real money moved.".to_owned(),
            "This refund failed on Nov 24, 2026: the money was not given back.".to_owned(),
        ],
        ..plain()
    };
    let hard = Paper {
        clinic: format!("{HARD_NAME} {}", "Featherstonehaugh ".repeat(12).trim()),
        address: HARD_TEXT.lines().map(str::to_owned).collect(),
        items: Some(items(HARD_NAME, 20)),
        ..plain()
    };
    vec![
        ("plain", plain()),
        ("itemised", Paper { items: Some(items("Riley Specimen", 2)), ..plain() }),
        ("refund", refund),
        ("letters", Paper { items: Some(items(letters, 0)), ..plain() }),
        ("longest", hard),
    ]
}

/// The PDF of every sample of a receipt: its name, its content, and the texts that it shows.
pub fn sample_receipts() -> Vec<(&'static str, Vec<u8>, Vec<String>)> {
    let file = |(name, paper): (&'static str, Paper)| {
        let pdf = receipt_pdf(&paper);
        let mut texts = vec![paper.title().to_owned(), paper.amount_label().to_owned()];
        texts.extend([paper.clinic, paper.amount.to_string()]);
        texts.extend(paper.address.into_iter().chain(paper.notes));
        let mut facts = paper.facts;
        if let Some(items) = paper.items {
            facts.extend(items.facts);
            let services = items.services.into_iter();
            texts.extend(services.flat_map(|service| [service.code, service.charge]));
        }
        texts.extend(facts.into_iter().flat_map(|fact| [fact.label, fact.value]));
        (name, pdf, texts)
    };
    papers().into_iter().map(file).collect()
}
