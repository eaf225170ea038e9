//! Another organization's ids behave as if they did not exist.
//!
//! Ours has a few rows and theirs many more, so that a number that only they have reached names a
//! row of theirs. Each use case that takes an id is asked for such a number and for one that
//! nobody has reached: the answers must be the same, and nothing of theirs may change.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use almoner_app::add_document::add_document;
use almoner_app::add_note::{AddNote, add_note};
use almoner_app::api_keys::revoke_key;
use almoner_app::attempt::{Outcome, begin, told};
use almoner_app::begin_payment::begin_payment;
use almoner_app::cancel_drafts::cancel_drafts;
use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_app::compare_person::PersonField;
use almoner_app::consent_email::consent_email;
use almoner_app::count_drawer::{CountEntry, count_drawer};
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::delete_document::delete_document;
use almoner_app::dismiss_differences::dismiss_differences;
use almoner_app::dismiss_file::dismiss_file;
use almoner_app::edit_note::{EditNote, edit_note};
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::estimate_payment::{EstimateInput, estimate_payment, location_exists};
use almoner_app::give_back::give_back;
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::issue_link::{IssueLink, issue_link, newest_link, revoke_link};
use almoner_app::issue_receipts::issue_receipts;
use almoner_app::keep_apart::keep_apart;
use almoner_app::look_again::look_again;
use almoner_app::map_import::{Chosen, map_import};
use almoner_app::match_check::match_check;
use almoner_app::print_receipt::{Medium, PrintReceipt, print_receipt};
use almoner_app::read_records::{self, PatientsAsked, TreatmentsAsked};
use almoner_app::read_troubles::{open_exception, troubles};
use almoner_app::read_whole::WholePayment;
use almoner_app::refund_payment::{RefundPayment, made_refund, refund_payment, summarize};
use almoner_app::rename_document::rename_document;
use almoner_app::restore_document::restore_document;
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::run_import::{discard_import, run_import};
use almoner_app::save_location::save_location;
use almoner_app::save_patient::{add_patient, edit_patient};
use almoner_app::save_physician::save_physician;
use almoner_app::save_treatment::{TreatmentEntry, add_treatment, edit_treatment};
use almoner_app::send_link::{email_consent, mails, send_link};
use almoner_app::send_links::send_links;
use almoner_app::send_receipt::send_receipt;
use almoner_app::settle_refund::settle_refund;
use almoner_app::solve_exception::solve_exception;
use almoner_app::staff_accounts::{disable_user, reset_password};
use almoner_app::unmatch_check::unmatch_check;
use almoner_app::use_payers_data::{UsePayersData, use_payers_data};
use almoner_app::void_payment::void_payment;
use almoner_app::webhook_deliveries::{deliveries, event, send_again, send_test};
use almoner_app::webhook_endpoints::{delete_endpoint, endpoint, renew_secret, switch_endpoint};
use almoner_app::work_on_import::take_up;
use almoner_app::{
    Error, read, read_documents, read_duplicates, read_imports, read_inbox, read_inquiries,
    read_notes, read_payments, read_payouts, read_receipt, read_reports, read_whole,
};
use almoner_domain::estimate::Choices;
use almoner_domain::list::{PageRequest, Place};
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{RefundState, ReversalReason};
use almoner_domain::role::Role;
use almoner_domain::webhook::EventId;
use almoner_domain::{
    CheckId, ExceptionId, ImportId, InquiryId, KeyId, LocationId, PatientId, PaymentId, PayoutId,
    PhysicianId, ReceiptId, RefundId, Status, TreatmentId, WebhookId, text, time,
};
use almoner_store::on_both_engines;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::answers::{BENEFITS, Insured, envelope, transaction};
use crate::common::{Clinic, at_desk, cents, part_of, person, physician, place, tender};
use crate::documents::letter;
use crate::exports;
use crate::merging::{merge, merged_into};
use crate::run_check::of_ann;
use crate::source::use_cases;
use crate::theirs::{email_of, fill, hash_of, import, insured, inventory};

/// Rows of each kind that the other organization has; ours has fewer of each.
pub(crate) const THEIRS: i64 = 6;
/// A number that nobody has reached.
const NOBODYS: i64 = 999;

type Told<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

/// A use case that is asked for the row with that number.
struct Case {
    name: &'static str,
    ask: for<'a> fn(&'a Clinic, i64) -> Told<'a>,
}

/// What an answer says, without what differs from call to call.
fn said<T: std::fmt::Debug>(answer: &Result<T, Error>) -> String {
    format!("{answer:?}")
}

macro_rules! cases {
    ($($name:literal |$clinic:ident, $n:ident| $body:expr;)+) => {
        &[$(Case {
            name: $name,
            ask: |$clinic, $n| Box::pin(async move { said(&$body.await) }),
        }),+]
    };
}

fn change(n: i64, to: Status) -> ChangeStatus {
    let (payment, reason) = (PaymentId::new(n), Some("as agreed".to_owned()));
    ChangeStatus { payment, version: None, to, tender: Some(tender("cash")), reason }
}

fn edit(clinic: &Clinic, payment: i64) -> EditPayment {
    EditPayment {
        payment: PaymentId::new(payment),
        version: 1,
        patient: clinic.ann,
        amount: cents(701),
        kind: None,
        treatment: None,
        location: None,
        due: None,
        confirm_past_due_date: false,
        memo: None,
    }
}

fn question(patient: PatientId, treatment: Option<TreatmentId>) -> EstimateInput {
    EstimateInput {
        patient,
        payment_type: Some(PaymentType::OfficeVisit),
        treatment,
        location: None,
        charge: None,
        network: None,
        service_date: None,
        choices: Choices::default(),
    }
}

fn drawer(n: i64) -> CountEntry {
    CountEntry {
        location: LocationId::new(n).to_string(),
        day: "2026-03-10".to_owned(),
        cash: "1.00".to_owned(),
        ..CountEntry::default()
    }
}

pub(crate) fn refund(n: i64) -> RefundPayment {
    part_of(PaymentId::new(n), 100)
}

/// The receipt of the payment before, which is the other organization's last that was paid.
fn receipt(n: i64) -> (PaymentId, ReceiptId) {
    (PaymentId::new(n - 1), ReceiptId::new(n - 1))
}

fn reversal(n: i64) -> ReverseTender {
    let (payment, reason) = (PaymentId::new(n), ReversalReason::EnteredInError);
    ReverseTender { payment, version: None, reason, notes: None }
}

fn note(n: i64) -> AddNote {
    AddNote { payment: PaymentId::new(n), body: "Called.".to_owned(), key: None }
}

fn note_edit(n: i64) -> EditNote {
    EditNote { payment: PaymentId::new(n), number: 1, version: 1, body: "Ours.".to_owned() }
}

pub(crate) fn treated(clinic: &Clinic) -> TreatmentEntry {
    clinic.treated(clinic.ann, clinic.harbor)
}

/// Imports an answer for that patient and tells whose it became, and why not.
async fn imported_for(clinic: &Clinic, n: i64) -> Result<(Option<PatientId>, Vec<String>), Error> {
    // The other organization's patient is the one whom this answer names.
    let (member_id, last, _) = insured(THEIRS);
    let person = Insured { first: "NORA", last: &last, member_id: &member_id, birth: "19620314" };
    let control = format!("{:04}", n + 2_000);
    let content = envelope(3, &[transaction(&control, person, &BENEFITS)]);
    let patient = Some(PatientId::new(n));
    let file = ImportFile { name: "n.271".to_owned(), content, patient };
    let imported = import_eligibility(&clinic.app, &clinic.manager(), file).await?;
    let check = imported.checks.unwrap().remove(0);
    Ok((check.patient, check.warnings.into_iter().map(|warning| warning.code).collect()))
}

async fn rows_at(clinic: &Clinic, n: i64) -> Result<(usize, i64), Error> {
    let mut request = PageRequest::default();
    request.filter.locations = vec![LocationId::new(n)];
    let view = read_payments::payments(&clinic.app, &clinic.manager(), &request).await?;
    Ok((view.page.rows.len(), view.page.total + view.cards.outstanding.count))
}

async fn whole_at(clinic: &Clinic, n: i64) -> Result<(usize, i64), Error> {
    let mut request = PageRequest::default();
    request.filter.locations = vec![LocationId::new(n)];
    let found = read_whole::list(&clinic.app, &clinic.manager(), &request).await?;
    Ok((found.payments.len(), found.page.total))
}

const PAYMENTS: &[Case] = cases! {
    "create_payment::create_payment" |c, n| create_payment(
        &c.app, &c.manager(), &CreatePayment { patient: PatientId::new(n), ..c.asked(700) });
    "create_payment::create_payment" |c, n| create_payment(&c.app, &c.manager(),
        &CreatePayment { treatment: Some(TreatmentId::new(n)), ..c.asked(700) });
    "create_payment::create_payment" |c, n| create_payment(&c.app, &c.manager(),
        &CreatePayment { location: Some(LocationId::new(n)), ..c.asked(700) });
    "create_payment::create_payment" |c, n| create_payment(&c.app, &c.manager(),
        &CreatePayment { estimate: Some(question(PatientId::new(n), None)), ..c.asked(700) });
    "edit_payment::edit_payment" |c, n| edit_payment(&c.app, &c.manager(), &edit(c, n));
    "edit_payment::edit_payment" |c, n| edit_payment(&c.app, &c.manager(),
        &EditPayment { patient: PatientId::new(n), ..edit(c, 1) });
    "edit_payment::edit_payment" |c, n| edit_payment(&c.app, &c.manager(),
        &EditPayment { treatment: Some(TreatmentId::new(n)), ..edit(c, 1) });
    "edit_payment::edit_payment" |c, n| edit_payment(&c.app, &c.manager(),
        &EditPayment { location: Some(LocationId::new(n)), ..edit(c, 1) });
    "estimate_payment::estimate_payment" |c, n| estimate_payment(
        &c.app, &c.manager(), &question(PatientId::new(n), None));
    "estimate_payment::estimate_payment" |c, n| estimate_payment(
        &c.app, &c.manager(), &question(c.ann, Some(TreatmentId::new(n))));
    "change_status::change_status" |c, n|
        change_status(&c.app, &c.manager(), &change(n, Status::Paid));
    "change_status::change_status" |c, n|
        change_status(&c.app, &c.manager(), &change(n, Status::Refunded));
    "issue_link::issue_link" |c, n| issue_link(&c.app, &c.manager(),
        IssueLink { payment: PaymentId::new(n), until: None, replaces: None });
    "send_link::send_link" |c, n| send_link(&c.app, &c.manager(), PaymentId::new(n));
    "send_links::send_links" |c, n| async {
        let asked = send_links(&c.app, &c.manager(), &[PaymentId::new(n)]).await;
        asked.map(|asked| asked[0].1)
    };
    "send_receipt::send_receipt" |c, n| send_receipt(&c.app, &c.manager(), receipt(n));
    "send_link::mails" |c, n| mails(&c.app, &c.manager(), PaymentId::new(n));
    "issue_link::newest_link" |c, n| newest_link(&c.app, &c.manager(), PaymentId::new(n));
    "issue_link::revoke_link" |c, n| revoke_link(&c.app, &c.manager(), PaymentId::new(n));
    "issue_receipts::issue_receipts" |c, n|
        issue_receipts(&c.app, &c.manager(), PaymentId::new(n));
    "read_receipt::receipts" |c, n|
        read_receipt::receipts(&c.app, &c.manager(), PaymentId::new(n - 1));
    "read_receipt::receipt" |c, n|
        read_receipt::receipt(&c.app, &c.manager(), receipt(n), true);
    "print_receipt::print_receipt" |c, n| async {
        let (payment, receipt) = receipt(n);
        let input = PrintReceipt { payment, receipt, itemised: true, medium: Medium::Pdf };
        print_receipt(&c.app, &c.manager(), input).await
    };
    "void_payment::void_payment" |c, n| void_payment(&c.app, &c.manager(), PaymentId::new(n));
    "refund_payment::summarize" |c, n| summarize(&c.app, &c.manager(), &refund(n));
    "refund_payment::made_refund" |c, n| made_refund(&c.app, &c.manager(), RefundId::new(n));
    "refund_payment::refund_payment" |c, n| refund_payment(&c.app, &c.manager(), &refund(n));
    "reverse_tender::reverse_tender" |c, n| reverse_tender(&c.app, &c.manager(), &reversal(n));
    "settle_refund::settle_refund" |c, n|
        settle_refund(&c.app, &c.system(), RefundId::new(n), RefundState::Failed);
    "attempt::begin" |c, n| begin(&c.app, &c.system(), PaymentId::new(n));
    "attempt::told" |c, n|
        told(&c.app, &c.system(), (PaymentId::new(n), 1), &Outcome::Captured);
    "begin_payment::begin_payment" |c, n|
        begin_payment(&c.app, &c.system(), at_desk(PaymentId::new(n)));
    "add_note::add_note" |c, n| add_note(&c.app, &c.manager(), note(n));
    "edit_note::edit_note" |c, n| edit_note(&c.app, &c.manager(), note_edit(n));
    "add_document::add_document" |c, n|
        add_document(&c.app, &c.manager(), letter(PaymentId::new(n)));
    "rename_document::rename_document" |c, n|
        rename_document(&c.app, &c.manager(), (PaymentId::new(n), 1), "Ours");
    "delete_document::delete_document" |c, n|
        delete_document(&c.app, &c.manager(), (PaymentId::new(n), 1));
    "restore_document::restore_document" |c, n|
        restore_document(&c.app, &c.manager(), (PaymentId::new(n), 1));
    "read_notes::notes" |c, n|
        read_notes::notes(&c.app, &c.manager(), PaymentId::new(n));
    "read_documents::documents" |c, n|
        read_documents::documents(&c.app, &c.manager(), PaymentId::new(n));
    "read_documents::document" |c, n|
        read_documents::document(&c.app, &c.manager(), (PaymentId::new(n), 1));
    "read_documents::content" |c, n| async {
        let (app, who) = (&c.app, c.manager());
        let document = read_documents::document(app, &who, (PaymentId::new(n), 1)).await?;
        read_documents::content(app, &who, &document, None).await.map(drop)
    };
    "read_whole::get" |c, n| read_whole::get(&c.app, &c.manager(), PaymentId::new(n));
    "read_whole::of_patient" |c, n| async {
        let (whose, at) = (PatientId::new(n), (Place::First, 9));
        let found = read_whole::of_patient(&c.app, &c.manager(), whose, at).await?;
        Ok::<_, Error>((found.rows.len(), found.page.total))
    };
    "read_whole::created" |c, n| read_whole::created(&c.app, &c.manager(), PaymentId::new(n));
    "read_whole::list" |c, n| whole_at(c, n);
    "read_whole::changed" |c, n| async {
        let (since, at) = (Timestamp::UNIX_EPOCH, (Place::First, 99));
        let found = read_whole::changed(&c.app, &c.manager(), since, at).await?;
        let theirs = |row: &&WholePayment| row.listed.payment.id == PaymentId::new(n);
        Ok::<_, Error>((found.rows.iter().find(theirs).map(|row| row.listed.clone()), found.page))
    };
    "read_whole::summary" |c, n|
        read_whole::summary(&c.app, &c.manager(), &[LocationId::new(n)]);
    "read_whole::locations_exist" |c, n|
        read_whole::locations_exist(&c.app, &c.manager(), &[LocationId::new(n)]);
    "read::payment" |c, n| read::payment(&c.app, &c.manager(), PaymentId::new(n));
    "give_back::give_back" |c, n| give_back(&c.app, &c.manager(), ExceptionId::new(n));
    "look_again::look_again" |c, n| look_again(&c.app, &c.manager(), ExceptionId::new(n));
    "read_reports::collections" |c, n| read_reports::collections(&c.app, &c.manager(),
        (Date::constant(2026, 3, 1), Date::constant(2026, 4, 1)), &[LocationId::new(n)]);
    "count_drawer::count_drawer" |c, n| count_drawer(&c.app, &c.manager(), &drawer(n), None);
    "read_payouts::payout" |c, n| read_payouts::payout(&c.app, &c.manager(), PayoutId::new(n));
    "read_troubles::open_exception" |c, n|
        open_exception(&c.app, &c.manager(), ExceptionId::new(n));
    "solve_exception::solve_exception" |c, n|
        solve_exception(&c.app, &c.manager(), ExceptionId::new(n), "Given back.");
    "read_troubles::troubles" |c, n| troubles(&c.app, &c.manager(), PaymentId::new(n));
    "read_payments::picked" |c, n|
        read_payments::picked(&c.app, &c.manager(), &[PaymentId::new(n)]);
    "export_payments::begin_export" |c, n| exports::payments_of(c, n);
    "export_payments::fits" |c, n| exports::payments_of_fit(c, n);
    "export_books::begin_export" |c, n| exports::books_of(c, n);
    "export_books::fits" |c, n| exports::books_of_fit(c, n);
    "cancel_drafts::cancel_drafts" |c, n| async {
        let cancelled = cancel_drafts(&c.app, &c.manager(), &[PaymentId::new(n)]).await?;
        Ok::<_, Error>(cancelled[0].1)
    };
    "read_payments::payment_exists" |c, n|
        read_payments::payment_exists(&c.app, &c.manager(), PaymentId::new(n));
    "read_payments::payments" |c, n| rows_at(c, n);
};

const RECORDS: &[Case] = cases! {
    "save_patient::add_patient" |c, n| add_patient(&c.app, &c.manager(),
        &person("Cy", "Sample", "1990-01-01", "C"), Some(CheckId::new(n)), None);
    "save_patient::edit_patient" |c, n| edit_patient(&c.app, &c.manager(),
        (PatientId::new(n), 1), &person("Cy", "Sample", "1990-01-01", "C"));
    "consent_email::consent_email" |c, n|
        consent_email(&c.app, &c.manager(), PatientId::new(n), true);
    "send_link::email_consent" |c, n|
        email_consent(&c.app, &c.manager(), PatientId::new(n));
    "save_treatment::add_treatment" |c, n| add_treatment(&c.app, &c.manager(),
        &TreatmentEntry { patient: PatientId::new(n).to_string(), ..treated(c) }, None);
    "save_treatment::add_treatment" |c, n| add_treatment(&c.app, &c.manager(),
        &TreatmentEntry { location: LocationId::new(n).to_string(), ..treated(c) }, None);
    "save_treatment::add_treatment" |c, n| add_treatment(&c.app, &c.manager(),
        &TreatmentEntry { physician: PhysicianId::new(n).to_string(), ..treated(c) }, None);
    "save_treatment::edit_treatment" |c, n|
        edit_treatment(&c.app, &c.manager(), (TreatmentId::new(n), 1), &treated(c));
    "match_check::match_check" |c, n|
        match_check(&c.app, &c.manager(), CheckId::new(n), c.ann);
    "match_check::match_check" |c, n|
        match_check(&c.app, &c.manager(), CheckId::new(1), PatientId::new(n));
    "unmatch_check::unmatch_check" |c, n|
        unmatch_check(&c.app, &c.manager(), (CheckId::new(n), c.ann), "not hers");
    "unmatch_check::unmatch_check" |c, n|
        unmatch_check(&c.app, &c.manager(), (CheckId::new(1), PatientId::new(n)), "not theirs");
    "use_payers_data::use_payers_data" |c, n|
        use_payers_data(&c.app, &c.manager(), &taken(CheckId::new(n), c.ann));
    "use_payers_data::use_payers_data" |c, n|
        use_payers_data(&c.app, &c.manager(), &taken(CheckId::new(1), PatientId::new(n)));
    "dismiss_differences::dismiss_differences" |c, n|
        dismiss_differences(&c.app, &c.manager(), CheckId::new(n));
    "dismiss_file::dismiss_file" |c, n| async {
        dismiss_file(&c.app, &c.manager(), &hash_of(n)).await
    };
    "import_eligibility::import_eligibility" |c, n| imported_for(c, n);
    "run_check::run_check" |c, n| run_check(&c.app, &c.manager(),
        &RunCheck { patient: PatientId::new(n), ..of_ann(c) }, None);
    "run_check::run_check" |c, n| run_check(&c.app, &c.manager(),
        &RunCheck { location: Some(LocationId::new(n)), ..of_ann(c) }, None);
    "run_check::run_check" |c, n| run_check(&c.app, &c.manager(),
        &RunCheck { physician: Some(PhysicianId::new(n)), ..of_ann(c) }, None);
    "run_check::run_check" |c, n| run_check(&c.app, &c.manager(),
        &RunCheck { treatment: Some(TreatmentId::new(n)), ..of_ann(c) }, None);
    "read_inquiries::inquiry" |c, n|
        read_inquiries::inquiry(&c.app, &c.manager(), InquiryId::new(n));
    "read_inquiries::unsettled" |c, n|
        read_inquiries::unsettled(&c.app, &c.manager(), Some(PatientId::new(n)));
    "read_inquiries::of_check" |c, n|
        read_inquiries::of_check(&c.app, &c.manager(), CheckId::new(n));
    "save_location::save_location" |c, n|
        save_location(&c.app, &c.staff(Role::Administrator), Some(LocationId::new(n)), &place());
    "save_physician::save_physician" |c, n| save_physician(
        &c.app, &c.staff(Role::Administrator), Some(PhysicianId::new(n)), &physician());
    "staff_accounts::reset_password" |c, n| async {
        let (email, admin) = (email_of(n), c.staff(Role::Administrator));
        reset_password(&c.app, &admin, &email, "another long password").await
    };
    "staff_accounts::disable_user" |c, n| async {
        disable_user(&c.app, &c.staff(Role::Administrator), &email_of(n)).await
    };
    "read::imported_checks" |c, n| async {
        read::imported_checks(&c.app, &c.manager(), &[CheckId::new(n)]).await
    };
    "estimate_payment::location_exists" |c, n| async {
        location_exists(&c.app, &c.manager(), LocationId::new(n)).await
    };
    "read::patient_exists" |c, n| read::patient_exists(&c.app, &c.manager(), PatientId::new(n));
    "api_keys::revoke_key" |c, n| revoke_key(&c.app, &c.system(), KeyId::new(n));
    "webhook_endpoints::endpoint" |c, n| endpoint(&c.app, &c.system(), WebhookId::new(n));
    "webhook_endpoints::switch_endpoint" |c, n|
        switch_endpoint(&c.app, &c.system(), WebhookId::new(n), false);
    "webhook_endpoints::renew_secret" |c, n| async {
        renew_secret(&c.app, &c.system(), WebhookId::new(n)).await.map(drop)
    };
    "webhook_endpoints::delete_endpoint" |c, n|
        delete_endpoint(&c.app, &c.system(), WebhookId::new(n));
    "webhook_deliveries::event" |c, n| async {
        event(&c.app, &c.system(), &EventId::before(time::from_micros(n))).await
    };
    "webhook_deliveries::deliveries" |c, n|
        deliveries(&c.app, &c.system(), WebhookId::new(n), None);
    "webhook_deliveries::send_test" |c, n| send_test(&c.app, &c.system(), WebhookId::new(n));
    "webhook_deliveries::send_again" |c, n| async {
        let event = EventId::before(c.app.now());
        send_again(&c.app, &c.system(), (WebhookId::new(n), &event)).await
    };
    "map_import::map_import" |c, n|
        map_import(&c.app, &c.manager(), ImportId::new(n), Chosen::default());
    "run_import::run_import" |c, n| run_import(&c.app, &c.manager(), ImportId::new(n), true);
    "run_import::discard_import" |c, n| discard_import(&c.app, &c.manager(), ImportId::new(n));
    "work_on_import::take_up" |c, n| async {
        let work = take_up(&c.app, &c.manager(), ImportId::new(n)).await;
        work.map(|work| work.is_some())
    };
    "read_imports::import" |c, n| read_imports::import(&c.app, &c.manager(), ImportId::new(n));
    "read_imports::columns" |c, n| read_imports::columns(&c.app, &c.manager(), ImportId::new(n));
    "read_imports::preview" |c, n| read_imports::preview(&c.app, &c.manager(), ImportId::new(n));
    "read_imports::faults" |c, n|
        read_imports::faults(&c.app, &c.manager(), ImportId::new(n), (0, 5));
    "read_imports::faulty_rows" |c, n|
        read_imports::faulty_rows(&c.app, &c.manager(), ImportId::new(n));
    "read_records::patients" |c, n| async {
        let asked = PatientsAsked::Search(PatientId::new(n).to_string());
        let found = read_records::patients(&c.app, &c.manager(), &asked, (Place::First, 9)).await?;
        Ok::<_, Error>(found.page.total)
    };
    "read_records::patient" |c, n|
        read_records::patient(&c.app, &c.manager(), PatientId::new(n));
    "read_records::saved_patient" |c, n|
        read_records::saved_patient(&c.app, &c.manager(), PatientId::new(n));
    "read_records::treatments" |c, n| async {
        let asked = TreatmentsAsked::OfPatient(PatientId::new(n), false);
        let found = read_records::treatments(&c.app, &c.manager(), asked, (Place::First, 9)).await?;
        Ok::<_, Error>(found.page.total)
    };
    "read_records::treatment" |c, n|
        read_records::treatment(&c.app, &c.manager(), TreatmentId::new(n));
    "read_records::saved_treatment" |c, n|
        read_records::saved_treatment(&c.app, &c.manager(), TreatmentId::new(n));
    "read::patient" |c, n| read::patient(&c.app, &c.manager(), PatientId::new(n));
    "merge_patients::merge_patients" |c, n| async {
        merge(c, &merged_into(c, PatientId::new(n), c.ann).await).await
    };
    "keep_apart::keep_apart" |c, n| keep_apart(&c.app, &c.manager(), (c.ann, PatientId::new(n)));
    "read_duplicates::side_by_side" |c, n|
        read_duplicates::side_by_side(&c.app, &c.manager(), (c.ann, PatientId::new(n)));
    "read_duplicates::other_records" |c, n|
        read_duplicates::other_records(&c.app, &c.manager(), PatientId::new(n));
    "read_duplicates::heir" |c, n| read_duplicates::heir(&c.app, &c.manager(), PatientId::new(n));
    "read::patient_by_mrn" |c, n| async {
        read::patient_by_mrn(&c.app, &c.manager(), &format!("MRN-{n}")).await
    };
    "read::treatment" |c, n| read::treatment(&c.app, &c.manager(), TreatmentId::new(n));
    "read::check" |c, n| read::check(&c.app, &c.manager(), CheckId::new(n));
    "read::check_file" |c, n| read::check_file(&c.app, &c.manager(), CheckId::new(n));
    "read::file_part" |c, n| async {
        read::file_part(&c.app, &c.manager(), &hash_of(n), 0).await
    };
    "read::listed_checks" |c, n| async {
        read::listed_checks(&c.app, &c.manager(), &[CheckId::new(n)]).await
    };
    "read_inbox::comparison" |c, n|
        read_inbox::comparison(&c.app, &c.manager(), CheckId::new(n), c.ann);
    "read_inbox::comparison" |c, n|
        read_inbox::comparison(&c.app, &c.manager(), CheckId::new(1), PatientId::new(n));
    "read_inbox::unread_file" |c, n| async {
        read_inbox::unread_file(&c.app, &c.manager(), &text::hex(&hash_of(n))).await
    };
    "read::location" |c, n| read::location(&c.app, &c.manager(), LocationId::new(n));
    "read::physician" |c, n| read::physician(&c.app, &c.manager(), PhysicianId::new(n));
};

/// What takes no id, or only names and words.
const WITHOUT_IDS: [&str; 57] = [
    "export_organization::export_organization",
    "begin_import::begin_import",
    "read_imports::list",
    "work_on_import::due",
    "read_records::locations",
    "read_records::physicians",
    "save_location::add_location",
    "save_physician::add_physician",
    "remind::remind",
    "save_reminder_settings::reminder_settings",
    "save_reminder_settings::save_reminder_settings",
    "api_keys::create_key",
    "api_keys::list_keys",
    "ask_attempts::ask_attempts",
    "deliver_webhooks::claim_deliveries",
    "deliver_webhooks::deliver_claimed",
    "deliver_webhooks::remove_old_events",
    "exchange_checks::ask_claimed",
    "exchange_checks::claim_due",
    "exchange_checks::give_up",
    "export_report::export_report",
    "hurry_queue::hurry_queue",
    "post_mail::claim_mail",
    "post_mail::post_claimed",
    "read::checks",
    "read::eligibility_settings",
    "read::last_location",
    "read::locations",
    "read::suggested_patients",
    "read::patients_with_balance",
    "read::physicians",
    "read::treatments",
    "read::unread_files",
    "read_duplicates::duplicates",
    "read_duplicates::has_duplicates",
    "read_audit::read_audit",
    "read_inbox::inbox",
    "read_queues::read_queues",
    "read_payouts::payouts",
    "read_reports::aging",
    "read_reports::day_close",
    "read_troubles::open_exceptions",
    "remove_documents::remove_documents",
    "run_once::remove_old_answers",
    "save_eligibility_settings::save_eligibility_settings",
    "saved_views::remove_view",
    "saved_views::save_list_look",
    "saved_views::save_view",
    "saved_views::views",
    "seal_audit::seal_audit",
    "settle_refund::settle_refunds",
    "settle_unapplied::settle_unapplied",
    "staff_accounts::add_user",
    "verify_documents::verify_documents",
    "webhook_deliveries::events",
    "webhook_endpoints::add_endpoint",
    "webhook_endpoints::endpoints",
];

fn taken(check: CheckId, patient: PatientId) -> UsePayersData {
    UsePayersData { check, patient, version: 1, field: PersonField::Address }
}

on_both_engines! {
    async fn what_belongs_to_others_does_not_exist(db) {
        let ours = Clinic::new(db).await;
        ours.pending(700).await;
        import(&ours, &ours.system(), 90, None).await;
        let theirs = fill(&ours).await;
        let before = inventory(&ours, &theirs).await;
        for Case { name, ask } in PAYMENTS.iter().chain(RECORDS) {
            let (foreign, unknown) = (ask(&ours, THEIRS).await, ask(&ours, NOBODYS).await);
            assert_eq!(foreign, unknown, "{name}");
            assert_eq!(inventory(&ours, &theirs).await, before, "{name} changed what is theirs");
        }
        ours.verified().await;
        let findings = read::verify(&ours.app, theirs.org(), None).await.unwrap();
        assert!(findings.iter().all(|finding| finding.difference.is_none()), "{findings:#?}");
    }
}

#[test]
fn every_use_case_that_takes_an_id_is_asked() {
    let cases = PAYMENTS.iter().chain(RECORDS);
    let mut named: BTreeSet<String> = cases.map(|case| case.name.to_owned()).collect();
    named.extend(WITHOUT_IDS.map(str::to_owned));
    assert_eq!(named, use_cases());
}
