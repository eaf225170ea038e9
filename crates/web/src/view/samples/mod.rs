//! Invented people and payments in which every page shows itself.
//!
//! The names and texts are as hard as real ones may be: long, quoted, with markup in them.

mod asked;
mod checks;
mod panels;
mod people;
mod receipts;

use std::sync::Arc;

use almoner_domain::list_look::ListLook;
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::RefundState;
use almoner_domain::role::Role;
use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, Money, PatientId, PaymentId, RefundId, Status, TreatmentId};
use askama::Template;
use axum::response::Response;

pub(crate) use asked::{asked_rows, inquiry_page};
pub(crate) use checks::{
    candidates, check_page, check_rows, differences, imported_files, long_check_list, rejections,
    sides,
};
pub(crate) use panels::{kept_estimates, panels};
pub(crate) use people::{matches, patient_page, patient_rows};
pub(crate) use people::{treatment_form, treatment_page, treatment_rows};
pub use receipts::sample_receipts;
pub(crate) use receipts::{papers, receipts_block};

use super::Samples;
use super::chart::Month;
use super::eligibility_settings::EligibilitySettingsPage;
use super::parts::Theme;
use super::parts::{Choice, Errors, Fact, Flash, PageSize, Pager, PatientMatch, PatientRef, Shell};
use super::payments::detail::{
    EarlierText, Event, NoteEdit, NoteRow, Offers, PatientBlock, PaymentPage, RefundRow,
    TenderLine, TreatmentBlock,
};
use super::payments::documents::DocumentsBlock;
use super::payments::edit::EditPaymentPage;
use super::payments::estimate::EstimatePanel;
use super::payments::link::{LinkBlock, LinkState};
use super::payments::list::{ListOffers, LocationOption, PaymentRow, PaymentsPage, Summary};
use super::payments::new::{Filled, NewPaymentPage, PaymentEntry};
use super::query::PaymentsQuery;
use super::reminder_settings::ReminderSettingsPage;
use super::{
    api_docs, duplicates, eligibility, error, inquiries, patients, pay, payments, payouts, reports,
    sandbox, settings, sign_in, treatments,
};
use crate::failure::html;

/// A name that breaks careless pages.
pub(crate) const HARD_NAME: &str = "O'Brien & Søn <b>";
/// A text that breaks careless pages.
pub(crate) const HARD_TEXT: &str =
    "First line, \"quoted\" & <script>alert(1)</script>\nsecond line: naïve café";
/// The length of the longest memo of the samples.
const LONG_MEMO_BYTES: usize = 40_000;

/// What writes the sample of the payments list, with fifty rows, anew each time it is called.
pub fn sample_list() -> impl Fn() -> Response + Clone + Send + Sync + 'static {
    let page = Arc::new(payments_page());
    move || html(&*page)
}

/// Every sample of every page: its name, such as `payments-list/usual`, and its HTML.
pub fn rendered_samples() -> Vec<(String, String)> {
    let mut all = Vec::new();
    add::<error::ErrorPage>(&mut all, "error");
    add::<sign_in::SignInPage>(&mut all, "sign-in");
    add::<pay::PayPage>(&mut all, "pay");
    add::<pay::PayReceiptsPage>(&mut all, "pay-receipts");
    add::<sandbox::SandboxPage>(&mut all, "sandbox");
    add::<api_docs::ApiDocsPage>(&mut all, "api-docs");
    add::<PaymentsPage>(&mut all, "payments-list");
    add::<payments::new::FindPatientPage>(&mut all, "payments-find-patient");
    add::<NewPaymentPage>(&mut all, "payments-new");
    add::<PaymentPage>(&mut all, "payments-detail");
    add::<super::jump::JumpPage>(&mut all, "jump");
    add::<payments::picked::PickedPage>(&mut all, "payments-picked");
    add::<payments::views::ViewsPage>(&mut all, "payments-views");
    add::<payments::exceptions::ExceptionsPage>(&mut all, "payments-exceptions");
    add::<payments::status::StatusPage>(&mut all, "payments-status");
    add::<EditPaymentPage>(&mut all, "payments-edit");
    add::<payments::refund::RefundPage>(&mut all, "payments-refund");
    add::<payments::exceptions::GiveBackPage>(&mut all, "payments-give-back");
    add::<payments::refund::RefundReviewPage>(&mut all, "payments-refund-review");
    add::<payments::refund::ReversalPage>(&mut all, "payments-reversal");
    add::<payments::receipt::ReceiptPage>(&mut all, "payments-receipt");
    add::<payouts::PayoutsPage>(&mut all, "payouts-list");
    add::<payouts::PayoutPage>(&mut all, "payouts-detail");
    add::<reports::day_close::DayClosePage>(&mut all, "reports-day-close");
    add::<reports::day_close::CountPage>(&mut all, "reports-count");
    add::<reports::collections::CollectionsPage>(&mut all, "reports-collections");
    add::<reports::aging::AgingPage>(&mut all, "reports-aging");
    add::<reports::books::BooksPage>(&mut all, "reports-books");
    add::<patients::PatientsPage>(&mut all, "patients-list");
    add::<patients::PatientPage>(&mut all, "patients-detail");
    add::<patients::PatientFormPage>(&mut all, "patients-form");
    add::<duplicates::DuplicatesPage>(&mut all, "patients-duplicates");
    add::<duplicates::MergeWithPage>(&mut all, "patients-merge-with");
    add::<duplicates::MergePage>(&mut all, "patients-merge");
    add::<treatments::TreatmentsPage>(&mut all, "treatments-list");
    add::<treatments::TreatmentPage>(&mut all, "treatments-detail");
    add::<treatments::TreatmentFormPage>(&mut all, "treatments-form");
    add::<eligibility::list::EligibilityPage>(&mut all, "eligibility-list");
    add::<eligibility::import::ImportedPage>(&mut all, "eligibility-imported");
    add::<eligibility::detail::CheckPage>(&mut all, "eligibility-detail");
    add::<eligibility::inbox::InboxPage>(&mut all, "eligibility-inbox");
    add::<eligibility::inbox::MatchPage>(&mut all, "eligibility-match");
    add::<eligibility::inbox::UnmatchPage>(&mut all, "eligibility-unmatch");
    add::<inquiries::RunCheckPage>(&mut all, "eligibility-new");
    add::<inquiries::InquiryPage>(&mut all, "inquiry");
    add::<settings::LocationsPage>(&mut all, "settings-locations");
    add::<settings::PhysiciansPage>(&mut all, "settings-physicians");
    add::<super::audit::AuditPage>(&mut all, "audit");
    add::<super::imports::ImportsPage>(&mut all, "imports-list");
    add::<super::imports::ImportPage>(&mut all, "imports-import");
    add::<super::jobs::JobsPage>(&mut all, "settings-jobs");
    add::<super::webhooks::WebhooksPage>(&mut all, "settings-webhooks");
    add::<super::webhooks::WebhookPage>(&mut all, "settings-webhook");
    add::<EligibilitySettingsPage>(&mut all, "settings-eligibility");
    add::<ReminderSettingsPage>(&mut all, "settings-reminders");
    all
}

fn add<P: Samples + Template>(all: &mut Vec<(String, String)>, page: &str) {
    for (state, sample) in P::samples() {
        let html = sample.render().expect("a sample renders");
        all.push((format!("{page}/{state}"), html));
    }
}

/// The frame around the samples.
pub(crate) fn shell() -> Shell {
    Shell {
        clinic: "Harbor Street Clinic".to_owned(),
        user: "Dana Whitfield".to_owned(),
        role: Role::Biller,
        test_money: true,
        theme: Theme::System,
        flash: None,
        here: "/payments?q=o%27brien".to_owned(),
    }
}

/// The frame of somebody who sees reports.
pub(crate) fn manager_shell() -> Shell {
    Shell { role: Role::Manager, ..shell() }
}

/// The middle of a long list.
pub(crate) fn pager(sizes: Vec<PageSize>) -> Pager {
    Pager {
        from: Some(51),
        shown: 50,
        total: 1234,
        and_more: false,
        first: Some("?page=1".to_owned()),
        previous: Some("?page=1".to_owned()),
        next: Some("?page=3".to_owned()),
        last: Some("?page=25".to_owned()),
        sizes,
    }
}

pub(super) fn patient(seq: i64, name: &str) -> PatientRef {
    PatientRef { id: PatientId::new(seq), name: name.to_owned() }
}

const NAMES: [&str; 8] = [
    "Testperson, Avery",
    HARD_NAME,
    "Placeholder-Featherstonehaugh, Maximiliana Bartholomea",
    "Sample, Jordan",
    "Müller-Ångström, Zoë",
    "Li, An",
    "Specimen, Riley",
    "Example, Casey",
];

/// A list of payments of all statuses.
pub(super) fn payment_rows(count: i64) -> Vec<PaymentRow> {
    let memos = [
        Some("Co-pay, office visit".to_owned()),
        None,
        Some(HARD_TEXT.to_owned()),
        Some("x".repeat(LONG_MEMO_BYTES)),
        Some("Balance after insurance for the visit in October".to_owned()),
    ];
    let row = |index: i64| {
        let at = |length: usize| usize::try_from(index).unwrap_or(0) % length;
        let status = [Status::Pending, Status::Paid, Status::Draft, Status::Failed]
            .into_iter()
            .chain(Status::ALL)
            .nth(at(13))
            .unwrap_or(Status::Paid);
        PaymentRow {
            id: PaymentId::new(1_240 - index),
            patient: patient(index % 8 + 1, NAMES[at(8)]),
            amount: Money::from_cents(2_500 + index * index * 7_919 % 99_999_900),
            status,
            due: (index % 4 != 1).then(|| format!("Nov {}, 2026", 1 + index % 28)),
            is_overdue: index % 3 == 0 && status.can_be_overdue(),
            treatment: (index % 3 != 2).then(|| TreatmentId::new(900 - index)),
            created: format!("Nov {}, 2026", 1 + (60 - index).rem_euclid(23)),
            kind: (index % 4 == 2).then_some(PaymentType::OfficeVisit),
            location: "Harbor Street".to_owned(),
            paid: (index % 5 == 3).then(|| "Nov 22, 2026".to_owned()),
            memo: memos[at(5)].clone(),
        }
    };
    (0..count).map(row).collect()
}

/// A year of months.
pub(crate) fn months() -> Vec<Month> {
    let names = [
        "Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026", "Apr 2026", "May 2026", "Jun 2026",
        "Jul 2026", "Aug 2026", "Sep 2026", "Oct 2026", "Nov 2026",
    ];
    let dollars = [
        14_100, 12_800, -900, 17_300, 19_950, 18_400, 22_010, 20_500, 23_800, 21_000, 27_400,
        15_684,
    ];
    let month = |(name, dollars): (&&str, &i64)| Month {
        label: (*name).to_owned(),
        net: Money::from_cents(dollars * 100),
        gross: Money::from_cents(dollars.max(&0) * 100 + 40_000),
        refunded: Money::from_cents(40_000 + dollars.min(&0).abs() * 100),
        is_partial: *name == "Nov 2026",
    };
    names.iter().zip(&dollars).map(month).collect()
}

fn summary() -> Summary {
    let counts = [28, 310, 52, 2_411, 37, 64, 9, 118, 73];
    Summary {
        net: Money::from_cents(22_204_409),
        gross: Money::from_cents(23_118_209),
        refunded: Money::from_cents(913_800),
        months: months(),
        outstanding: Money::from_cents(18_671_344),
        outstanding_count: 390,
        overdue: Money::from_cents(1_972_055),
        overdue_count: 41,
        by_status: Status::ALL.into_iter().zip(counts).collect(),
    }
}

/// The payments page on a usual day.
pub(crate) fn payments_page() -> PaymentsPage {
    let query = PaymentsQuery::default();
    PaymentsPage {
        shell: shell(),
        exceptions: Some("2 exceptions".to_owned()),
        summary: summary(),
        locations: vec![
            LocationOption { id: LocationId::new(1), name: "Harbor Street".to_owned() },
            LocationOption { id: LocationId::new(2), name: HARD_NAME.to_owned() },
        ],
        rows: payment_rows(50),
        pager: pager(query.sizes()),
        query,
        errors: Errors::default(),
        is_first_use: false,
        views: vec![(HARD_NAME.to_owned(), "q=o%27brien".to_owned())],
        look: ListLook::default(),
        offers: ListOffers { create: true, export: true, send: true, cancel: true },
        key: "k".to_owned(),
    }
}

fn choices() -> (Vec<Choice>, Vec<Choice>) {
    let treatments = vec![
        Choice::new("TRT-894", "TRT-894 · Nov 30, 2026 · 27447"),
        Choice::new("TRT-871", "TRT-871 · Oct 2, 2026 · 99213"),
    ];
    let locations =
        vec![Choice::new("LOC-001", "Harbor Street"), Choice::new("LOC-002", HARD_NAME)];
    (treatments, locations)
}

/// The create form of a patient, with or without an estimate.
pub(crate) fn new_payment_page(panel: Option<EstimatePanel>) -> NewPaymentPage {
    let (treatments, locations) = choices();
    let has_panel = panel.is_some();
    let entry = PaymentEntry {
        treatment: if has_panel { "TRT-894".to_owned() } else { String::new() },
        payment_type: if has_panel { "office_visit".to_owned() } else { String::new() },
        location: "LOC-001".to_owned(),
        ..PaymentEntry::default()
    };
    NewPaymentPage {
        shell: shell(),
        key: "k".to_owned(),
        patient: matches().remove(1),
        entry,
        treatments,
        locations: if has_panel { Vec::new() } else { locations },
        panel,
        used_amount: if has_panel { "62.00".to_owned() } else { String::new() },
        filled: if has_panel { Filled::Yes } else { Filled::No },
        errors: Errors::default(),
    }
}

/// The edit form.
pub(crate) fn edit_page() -> EditPaymentPage {
    let (treatments, _) = choices();
    let patient: PatientMatch = matches().remove(1);
    EditPaymentPage {
        shell: shell(),
        key: "k".to_owned(),
        id: PaymentId::new(894),
        version: 3,
        patient,
        entry: PaymentEntry {
            amount: "679.37".to_owned(),
            treatment: "TRT-894".to_owned(),
            payment_type: "office_visit".to_owned(),
            due_date: "2026-12-01".to_owned(),
            memo: HARD_TEXT.to_owned(),
            ..PaymentEntry::default()
        },
        treatments,
        locations: Vec::new(),
        conflict: None,
        errors: Errors::default(),
    }
}

/// A paid payment with everything that a payment can have.
pub(crate) fn payment_page() -> PaymentPage {
    let mut shell = shell();
    shell.flash = Some(Flash::good("PAY-894 is paid."));
    PaymentPage {
        shell,
        id: PaymentId::new(894),
        status: Status::PartiallyRefunded,
        amount: Money::from_cents(67_937),
        lost: None,
        refunded: Some(Money::from_cents(10_000)),
        paid_on: Some("Nov 22, 2026".to_owned()),
        due: Some("Dec 1, 2026".to_owned()),
        is_overdue: false,
        created: "Nov 20, 2026".to_owned(),
        memo: Some(HARD_TEXT.to_owned()),
        payment_type: Some(PaymentType::OfficeVisit),
        location: "Harbor Street".to_owned(),
        tender: Some(TenderLine {
            kind: TenderType::Check,
            detail: Some("number 1042".to_owned()),
            change: None,
            taken_by: "Dana Whitfield".to_owned(),
            taken_at: "Nov 22, 2026, 2:41 PM".to_owned(),
        }),
        transitions: Vec::new(),
        lock: Some("A payment that is Partially Refunded can no longer be edited.".to_owned()),
        refund_block: None,
        alerts: Vec::new(),
        to_solve: None,
        solution_entry: String::new(),
        offers: Offers { refund: true, edit: false, reverse: true, note: true },
        link: Some(LinkBlock { can_issue: false, ..LinkBlock::sample(LinkState::Over) }),
        treatment: Some(TreatmentBlock {
            id: TreatmentId::new(894),
            service_at: "Nov 30, 2026, 9:30 AM EST".to_owned(),
            physician: Some("Avery Testperson".to_owned()),
            location: "Harbor Street".to_owned(),
            codes: vec!["99213".to_owned(), "J1745".to_owned()],
        }),
        patient: patient_block(),
        estimate: kept_estimates().into_iter().next().map(|kept| kept.1),
        refunds: refund_rows(),
        receipts: Some(receipts_block()),
        documents: DocumentsBlock::sample(),
        notes: notes(),
        note_entry: String::new(),
        note_key: "k".to_owned(),
        history: history(),
        errors: Errors::default(),
    }
}

fn patient_block() -> PatientBlock {
    PatientBlock {
        id: PatientId::new(2),
        name: HARD_NAME.to_owned(),
        facts: vec![
            Fact::new("Born", "Apr 5, 1971"),
            Fact::new("Sex", "Female"),
            Fact::new("MRN", "0048213"),
            Fact::new("Phone", "(555) 010-0142"),
            Fact::new("E-mail", "a.very.long.address.of.a.patient@mail.example.com"),
            Fact::new("Address", "12 Harbor Street\nSpringfield, MA 01101"),
        ],
    }
}

fn refund_rows() -> Vec<RefundRow> {
    let row = |seq, cents, state, notes: Option<&str>| RefundRow {
        id: RefundId::new(seq),
        amount: Money::from_cents(cents),
        reason: "Billing error".to_owned(),
        state,
        at: "Nov 23, 2026, 10:02 AM".to_owned(),
        by: "Dana Whitfield".to_owned(),
        notes: notes.map(str::to_owned),
        failure: (state == RefundState::Failed).then(|| HARD_TEXT.to_owned()),
    };
    vec![
        row(3, 2_500, RefundState::Pending, None),
        row(2, 7_500, RefundState::Settled, Some(HARD_TEXT)),
        row(1, 67_937, RefundState::Failed, None),
    ]
}

fn notes() -> Vec<NoteRow> {
    let note = |number, text: &str| NoteRow {
        number,
        author: "Dana Whitfield".to_owned(),
        at: "Nov 22, 2026, 3:05 PM".to_owned(),
        text: text.to_owned(),
        edited: None,
        earlier: Vec::new(),
        edit: None,
    };
    let called = "Called; she will bring the new card.\nSee https://example.com/policy?a=1&b=2.";
    let earlier =
        EarlierText { at: "Nov 22, 2026, 3:05 PM".to_owned(), text: HARD_TEXT.to_owned() };
    vec![
        NoteRow {
            edited: Some("Nov 22, 2026, 3:09 PM".to_owned()),
            earlier: vec![earlier],
            edit: Some(NoteEdit { version: 2, entry: called.to_owned() }),
            ..note(2, called)
        },
        note(1, HARD_TEXT),
    ]
}

fn history() -> Vec<Event> {
    let event = |what: &str, detail: Option<&str>| Event {
        at: "Nov 22, 2026, 2:41 PM".to_owned(),
        who: "Dana Whitfield".to_owned(),
        what: what.to_owned(),
        detail: detail.map(str::to_owned),
    };
    vec![
        event("Refunded $75.00", Some("Billing error")),
        event("Paid by check", Some("Pending → Paid")),
        event("Memo changed", Some(HARD_TEXT)),
        event("Created", None),
    ]
}
