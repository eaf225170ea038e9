//! Every use case is open to exactly the roles that the table of permissions names.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use almoner_app::add_document::add_document;
use almoner_app::add_note::add_note;
use almoner_app::api_keys::{create_key, list_keys, revoke_key};
use almoner_app::begin_import::begin_import;
use almoner_app::cancel_drafts::cancel_drafts;
use almoner_app::change_status::change_status;
use almoner_app::compare_person::PersonField;
use almoner_app::consent_email::consent_email;
use almoner_app::count_drawer::count_drawer;
use almoner_app::create_payment::create_payment;
use almoner_app::delete_document::delete_document;
use almoner_app::dismiss_differences::dismiss_differences;
use almoner_app::dismiss_file::dismiss_file;
use almoner_app::edit_note::{EditNote, edit_note};
use almoner_app::edit_payment::edit_payment;
use almoner_app::estimate_payment::{estimate_payment, location_exists};
use almoner_app::give_back::give_back;
use almoner_app::hurry_queue::{HurryQueue, hurry_queue};
use almoner_app::import_eligibility::import_eligibility;
use almoner_app::import_rows::ImportKind;
use almoner_app::issue_link::{issue_link, newest_link, revoke_link};
use almoner_app::issue_receipts::issue_receipts;
use almoner_app::keep_apart::keep_apart;
use almoner_app::look_again::look_again;
use almoner_app::map_import::{Chosen, map_import};
use almoner_app::match_check::match_check;
use almoner_app::merge_patients::merge_patients;
use almoner_app::permission::{Action, allows};
use almoner_app::print_receipt::{Medium, PrintReceipt, print_receipt};
use almoner_app::read_audit::read_audit;
use almoner_app::read_queues::read_queues;
use almoner_app::read_records::{self, PageAt, PatientsAsked, TreatmentsAsked};
use almoner_app::read_troubles::{open_exception, open_exceptions, troubles};
use almoner_app::refund_payment::{made_refund, refund_payment, summarize};
use almoner_app::rename_document::rename_document;
use almoner_app::restore_document::restore_document;
use almoner_app::reverse_tender::reverse_tender;
use almoner_app::run_check::run_check;
use almoner_app::run_import::{discard_import, run_import};
use almoner_app::save_eligibility_settings::save_eligibility_settings;
use almoner_app::save_location::{add_location, save_location};
use almoner_app::save_patient::{add_patient, edit_patient};
use almoner_app::save_physician::{add_physician, save_physician};
use almoner_app::save_reminder_settings::{reminder_settings, save_reminder_settings};
use almoner_app::save_treatment::{add_treatment, edit_treatment};
use almoner_app::saved_views::{remove_view, save_list_look, save_view, views};
use almoner_app::send_link::{email_consent, mails, send_link};
use almoner_app::send_links::send_links;
use almoner_app::send_receipt::send_receipt;
use almoner_app::solve_exception::solve_exception;
use almoner_app::staff_accounts::{add_user, disable_user, reset_password};
use almoner_app::unmatch_check::unmatch_check;
use almoner_app::use_payers_data::{UsePayersData, use_payers_data};
use almoner_app::void_payment::void_payment;
use almoner_app::webhook_deliveries::{deliveries, event, events, send_again, send_test};
use almoner_app::webhook_endpoints::{
    add_endpoint, delete_endpoint, endpoint, endpoints, renew_secret, switch_endpoint,
};
use almoner_app::{
    Actor, Error, read, read_documents, read_duplicates, read_imports, read_inbox, read_inquiries,
    read_notes, read_payments, read_payouts, read_receipt, read_reports, read_whole,
};
use almoner_domain::checks::CheckRequest;
use almoner_domain::estimate::EstimateSettings;
use almoner_domain::list::{PageRequest, Place};
use almoner_domain::list_look::ListLook;
use almoner_domain::reminder::ReminderSettings;
use almoner_domain::role::Role;
use almoner_domain::webhook::EventId;
use almoner_domain::{CheckId, PaymentId, Status, text};
use almoner_store::audit_list::AuditQuery;
use almoner_store::on_both_engines;
use almoner_store::queues::Queue;
use almoner_store::treatments::TreatmentQuery;
use almoner_store::webhook_events::Place as EventPlace;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::common::{Clinic, part_of, person, physician, place};
use crate::documents::letter;
use crate::exports;
use crate::given_back::paid_twice;
use crate::merging::{ann_again, merged_into};
use crate::permissions_given::{
    a_document, account, an_import, cancelled, change, drawer, edited, file, held, imported,
    link_of, matched, new_key, note, question, receipt, reversal, unreadable, waiting,
};
use crate::run_check::of_ann;
use crate::source::use_cases;
use crate::stripe_payouts::a_payout;
use crate::webhooks::{hook, new_hook};

/// The first page of a list.
const FIRST_PAGE: PageAt = (Place::First, 50);

type Outcomes<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>;

/// A use case that is tried with an actor, after what it needs was made.
struct Case {
    name: &'static str,
    action: Action,
    run: for<'a> fn(&'a Clinic, &'a Actor) -> Outcomes<'a>,
}

macro_rules! cases {
    ($($name:literal $action:ident |$clinic:ident, $actor:ident| $body:expr;)+) => {
        &[$(Case {
            name: $name,
            action: Action::$action,
            run: |$clinic, $actor| Box::pin(async move { $body.await.map(drop) }),
        }),+]
    };
}

const MONEY: &[Case] = cases! {
    "create_payment::create_payment" CreatePayment |c, a|
        create_payment(&c.app, a, &c.asked(700));
    "read_whole::created" CreatePayment |c, a| async {
        read_whole::created(&c.app, a, c.pending(700).await).await
    };
    "estimate_payment::location_exists" Estimate |c, a| location_exists(&c.app, a, c.harbor);
    "estimate_payment::estimate_payment" Estimate |c, a|
        estimate_payment(&c.app, a, &question(c));
    "cancel_drafts::cancel_drafts" CancelPayment |c, a| async {
        cancel_drafts(&c.app, a, &[c.draft(700).await]).await
    };
    "export_payments::begin_export" Export |c, a| exports::payments(&c.app, a);
    "export_payments::fits" Export |c, a| exports::payments_fit(&c.app, a);
    "edit_payment::edit_payment" EditPayment |c, a|
        edit_payment(&c.app, a, &edited(c, c.pending(700).await));
    "change_status::change_status" MovePayment |c, a|
        change_status(&c.app, a, &change(c.draft(700).await, Status::Pending));
    "change_status::change_status" MovePayment |c, a|
        change_status(&c.app, a, &change(c.pending(700).await, Status::Failed));
    "change_status::change_status" TakeTender |c, a|
        change_status(&c.app, a, &change(c.pending(700).await, Status::Paid));
    "change_status::change_status" CancelPayment |c, a|
        change_status(&c.app, a, &change(c.pending(700).await, Status::Cancelled));
    "change_status::change_status" CancelPayment |c, a|
        change_status(&c.app, a, &change(cancelled(c).await, Status::Pending));
    "change_status::change_status" VoidPayment |c, a|
        change_status(&c.app, a, &change(held(c).await, Status::Voided));
    "issue_link::issue_link" IssueLink |c, a| async {
        issue_link(&c.app, a, link_of(c.pending(700).await)).await
    };
    "send_link::send_link" IssueLink |c, a| async {
        consent_email(&c.app, &c.system(), c.reachable().await, true).await?;
        send_link(&c.app, a, c.pending(700).await).await
    };
    "send_links::send_links" IssueLink |c, a| async {
        send_links(&c.app, a, &[c.pending(700).await]).await
    };
    "send_receipt::send_receipt" IssueLink |c, a| async {
        consent_email(&c.app, &c.system(), c.reachable().await, true).await?;
        send_receipt(&c.app, a, receipt(c).await).await
    };
    "send_link::mails" IssueLink |c, a| async { mails(&c.app, a, c.pending(700).await).await };
    "issue_link::newest_link" IssueLink |c, a| newest_link(&c.app, a, PaymentId::new(1));
    "issue_link::revoke_link" IssueLink |c, a| async {
        revoke_link(&c.app, a, c.pending(700).await).await
    };
    "issue_receipts::issue_receipts" TakeTender |c, a| async {
        issue_receipts(&c.app, a, c.paid(700, "cash").await).await
    };
    "void_payment::void_payment" VoidPayment |c, a|
        void_payment(&c.app, a, held(c).await);
    "refund_payment::summarize" Refund |c, a|
        summarize(&c.app, a, &part_of(c.paid(700, "cash").await, 100));
    "refund_payment::refund_payment" Refund |c, a|
        refund_payment(&c.app, a, &part_of(c.paid(700, "cash").await, 100));
    "refund_payment::made_refund" Refund |c, a| async {
        let part = part_of(c.paid(700, "cash").await, 100);
        made_refund(&c.app, a, refund_payment(&c.app, &c.manager(), &part).await?).await
    };
    "refund_payment::summarize" RefundWithoutLimit |c, a|
        summarize(&c.app, a, &part_of(c.paid(90_000, "cash").await, 60_000));
    "refund_payment::refund_payment" RefundWithoutLimit |c, a|
        refund_payment(&c.app, a, &part_of(c.paid(90_000, "cash").await, 60_000));
    "reverse_tender::reverse_tender" ReverseTender |c, a|
        reverse_tender(&c.app, a, &reversal(c.paid(700, "cash").await));
    "give_back::give_back" Refund |c, a| async {
        give_back(&c.app, a, paid_twice(c, 700).await.1).await
    };
    "look_again::look_again" Refund |c, a| async {
        let mark = format!("evt_{}", c.number("SELECT count(*) AS n FROM money_exception").await);
        look_again(&c.app, a, c.raised(c.organization.id, &mark).await).await
    };
    "solve_exception::solve_exception" Refund |c, a| async {
        let mark = c.pending(100).await.to_string();
        let raised = c.raised(c.organization.id, &mark).await;
        solve_exception(&c.app, a, raised, "Given back in cash.").await
    };
};

const RECORDS: &[Case] = cases! {
    "count_drawer::count_drawer" CountDrawer |c, a| count_drawer(&c.app, a, &drawer(), None);
    "add_note::add_note" AddNote |c, a| add_note(&c.app, a, note(c.pending(700).await));
    "edit_note::edit_note" AddNote |c, a| async {
        let payment = c.pending(700).await;
        let number = match add_note(&c.app, a, note(payment)).await {
            Ok(number) => number,
            // Whoever may not write one is told so at once when they edit one.
            Err(_) => add_note(&c.app, &c.manager(), note(payment)).await?,
        };
        let body = "Called again.".to_owned();
        edit_note(&c.app, a, EditNote { payment, number, version: 1, body }).await
    };
    "add_document::add_document" KeepDocuments |c, a| async {
        add_document(&c.app, a, letter(c.pending(700).await)).await
    };
    "rename_document::rename_document" KeepDocuments |c, a| async {
        rename_document(&c.app, a, a_document(c).await, "Other").await
    };
    "delete_document::delete_document" KeepDocuments |c, a| async {
        delete_document(&c.app, a, a_document(c).await).await
    };
    "restore_document::restore_document" KeepDocuments |c, a| async {
        let place = a_document(c).await;
        delete_document(&c.app, &c.system(), place).await?;
        restore_document(&c.app, a, place).await
    };
    "save_patient::add_patient" SavePatient |c, a|
        add_patient(&c.app, a, &person("Cy", "Sample", "1990-01-01", "C"), None, None);
    "save_patient::edit_patient" SavePatient |c, a| async {
        let version = read::patient(&c.app, &c.manager(), c.ben).await?.patient.version;
        let entry = person("Ben", "Specimen", "1975-07-04", "B");
        edit_patient(&c.app, a, (c.ben, version), &entry).await
    };
    "consent_email::consent_email" SavePatient |c, a| async {
        consent_email(&c.app, a, c.reachable().await, true).await
    };
    "save_treatment::add_treatment" SaveTreatment |c, a|
        add_treatment(&c.app, a, &c.treated(c.ann, c.harbor), None);
    "save_treatment::edit_treatment" SaveTreatment |c, a| async {
        let id = c.treatment(c.ann, c.harbor).await;
        edit_treatment(&c.app, a, (id, 1), &c.treated(c.ann, c.downtown)).await
    };
    "import_eligibility::import_eligibility" ImportEligibility |c, a|
        import_eligibility(&c.app, a, file());
    "read::imported_checks" ImportEligibility |c, a| async {
        read::imported_checks(&c.app, a, &[waiting(c).await]).await
    };
    "merge_patients::merge_patients" MergePatients |c, a| async {
        let twin = add_patient(&c.app, &c.system(), &ann_again(), None, None).await?;
        merge_patients(&c.app, a, &merged_into(c, twin, c.ann).await).await
    };
    "keep_apart::keep_apart" MergePatients |c, a| keep_apart(&c.app, a, (c.ann, c.ben));
    "read::patient_exists" ImportEligibility |c, a| read::patient_exists(&c.app, a, c.ann);
    "match_check::match_check" ImportEligibility |c, a|
        match_check(&c.app, a, waiting(c).await, c.ann);
    "run_check::run_check" ImportEligibility |c, a| run_check(&c.app, a, &of_ann(c), None);
    "unmatch_check::unmatch_check" UnmatchCheck |c, a| async {
        unmatch_check(&c.app, a, (matched(c).await, c.ann), "not hers").await
    };
    "use_payers_data::use_payers_data" SavePatient |c, a| async {
        let version = read::patient(&c.app, &c.manager(), c.ann).await?.patient.version;
        let (check, patient, field) = (matched(c).await, c.ann, PersonField::Sex);
        use_payers_data(&c.app, a, &UsePayersData { check, patient, version, field }).await
    };
    "dismiss_differences::dismiss_differences" SavePatient |c, a| async {
        dismiss_differences(&c.app, a, matched(c).await).await
    };
    "dismiss_file::dismiss_file" ImportEligibility |c, a| async {
        dismiss_file(&c.app, a, &unreadable(c).await).await
    };
    "save_location::add_location" ChangeSettings |c, a|
        add_location(&c.app, a, &place(), None);
    "save_physician::add_physician" ChangeSettings |c, a|
        add_physician(&c.app, a, &physician(), None);
    "read_records::saved_patient" SavePatient |c, a|
        read_records::saved_patient(&c.app, a, c.ann);
    "read_records::saved_treatment" SaveTreatment |c, a| async {
        read_records::saved_treatment(&c.app, a, c.treatment(c.ann, c.harbor).await).await
    };
    "save_location::save_location" ChangeSettings |c, a|
        save_location(&c.app, a, None, &place());
    "save_location::save_location" ChangeSettings |c, a|
        save_location(&c.app, a, Some(c.harbor), &place());
    "save_eligibility_settings::save_eligibility_settings" ChangeSettings |c, a| async {
        let version = read::eligibility_settings(&c.app, a).await?.stored.version;
        save_eligibility_settings(&c.app, a, version, &EstimateSettings::default().entry()).await
    };
    "save_reminder_settings::save_reminder_settings" ChangeSettings |c, a| async {
        let view = reminder_settings(&c.app, a).await?;
        let entry = ReminderSettings::default().entry();
        save_reminder_settings(&c.app, a, view.stored.version, &entry).await
    };
    "save_physician::save_physician" ChangeSettings |c, a|
        save_physician(&c.app, a, None, &physician());
    "staff_accounts::add_user" ManageStaff |c, a| async {
        let email = format!("{}@new.example", a.member().unwrap().role.as_str());
        add_user(&c.app, a, (&email, "Person"), Role::Auditor, "a rather long password").await
    };
    "staff_accounts::reset_password" ManageStaff |c, a| async {
        reset_password(&c.app, a, &account(c).await, "another long password").await
    };
    "staff_accounts::disable_user" ManageStaff |c, a| async {
        disable_user(&c.app, a, &account(c).await).await
    };
    "begin_import::begin_import" ImportPatients |c, a|
        begin_import(&c.app, a, an_import(ImportKind::Patients), None);
    "begin_import::begin_import" ImportTreatments |c, a|
        begin_import(&c.app, a, an_import(ImportKind::Treatments), None);
    "map_import::map_import" ImportPatients |c, a| async {
        let (id, columns) = imported(c).await;
        map_import(&c.app, a, id, Chosen { columns, ..Chosen::default() }).await
    };
    "run_import::run_import" ImportPatients |c, a| async {
        let (id, columns) = imported(c).await;
        let chosen = Chosen { columns, ..Chosen::default() };
        map_import(&c.app, &c.system(), id, chosen).await?;
        run_import(&c.app, a, id, true).await
    };
    "run_import::discard_import" ImportPatients |c, a| async {
        discard_import(&c.app, a, imported(c).await.0).await
    };
    "read_imports::list" ImportPatients |c, a| read_imports::list(&c.app, a, None, 5);
    "read_imports::import" ImportPatients |c, a| async {
        read_imports::import(&c.app, a, imported(c).await.0).await
    };
    "read_imports::columns" ImportPatients |c, a| async {
        read_imports::columns(&c.app, a, imported(c).await.0).await
    };
    "read_imports::preview" ImportPatients |c, a| async {
        read_imports::preview(&c.app, a, imported(c).await.0).await
    };
    "read_imports::faults" ImportPatients |c, a| async {
        read_imports::faults(&c.app, a, imported(c).await.0, (0, 5)).await
    };
    "read_imports::faulty_rows" ImportPatients |c, a| async {
        read_imports::faulty_rows(&c.app, a, imported(c).await.0).await
    };
    "api_keys::create_key" ManageKeys |c, a| create_key(&c.app, a, new_key());
    "api_keys::list_keys" ManageKeys |c, a| list_keys(&c.app, a);
    "hurry_queue::hurry_queue" ManageJobs |c, a| {
        hurry_queue(&c.app, a, HurryQueue { queue: Queue::Events, item: None })
    };
    "read_queues::read_queues" ManageJobs |c, a| read_queues(&c.app, a);
    "webhook_endpoints::add_endpoint" ManageWebhooks |c, a|
        add_endpoint(&c.app, a, &new_hook("https://other.example/"));
    "webhook_endpoints::endpoints" ManageWebhooks |c, a| endpoints(&c.app, a);
    "webhook_endpoints::endpoint" ManageWebhooks |c, a| async {
        endpoint(&c.app, a, hook(c).await).await
    };
    "webhook_endpoints::switch_endpoint" ManageWebhooks |c, a| async {
        switch_endpoint(&c.app, a, hook(c).await, false).await
    };
    "webhook_endpoints::renew_secret" ManageWebhooks |c, a| async {
        renew_secret(&c.app, a, hook(c).await).await
    };
    "webhook_endpoints::delete_endpoint" ManageWebhooks |c, a| async {
        delete_endpoint(&c.app, a, hook(c).await).await
    };
    "webhook_deliveries::deliveries" ManageWebhooks |c, a| async {
        deliveries(&c.app, a, hook(c).await, None).await
    };
    "webhook_deliveries::send_test" ManageWebhooks |c, a| async {
        send_test(&c.app, a, hook(c).await).await
    };
    "webhook_deliveries::send_again" ManageWebhooks |c, a| async {
        let id = hook(c).await;
        let event = send_test(&c.app, &c.system(), id).await?;
        send_again(&c.app, a, (id, &event)).await
    };
    "webhook_deliveries::event" ManageWebhooks |c, a| async {
        c.pending(700).await;
        let place = EventPlace::After(EventId::before(Timestamp::UNIX_EPOCH));
        let known = events(&c.app, &c.system(), &place, 1).await.unwrap().events.remove(0);
        event(&c.app, a, &known.id).await
    };
    "webhook_deliveries::events" ManageWebhooks |c, a| async {
        events(&c.app, a, &EventPlace::After(EventId::before(c.app.now())), 5).await
    };
    "api_keys::revoke_key" ManageKeys |c, a| async {
        let token = create_key(&c.app, &c.system(), new_key()).await?;
        revoke_key(&c.app, a, token.id()).await
    };
};

const READS: &[Case] = cases! {
    "read_payments::picked" ReadPayments |c, a|
        read_payments::picked(&c.app, a, &[PaymentId::new(1)]);
    "saved_views::save_view" ReadPayments |c, a| save_view(&c.app, a, "Mine", "status=draft");
    "saved_views::remove_view" ReadPayments |c, a| remove_view(&c.app, a, "Mine");
    "saved_views::views" ReadPayments |c, a| views(&c.app, a);
    "saved_views::save_list_look" ReadPayments |c, a| async {
        save_list_look(&c.app, a, &ListLook::default()).await
    };
    "read_payments::payments" ReadPayments |c, a|
        read_payments::payments(&c.app, a, &PageRequest::default());
    "read_payments::payment_exists" ReadPayments |c, a|
        read_payments::payment_exists(&c.app, a, PaymentId::new(1));
    "read_whole::list" ReadPayments |c, a|
        read_whole::list(&c.app, a, &PageRequest::default());
    "read_whole::changed" ReadPayments |c, a|
        read_whole::changed(&c.app, a, c.app.now(), FIRST_PAGE);
    "read_whole::get" ReadPayments |c, a| async {
        read_whole::get(&c.app, a, c.pending(700).await).await
    };
    "read_whole::of_patient" ReadPayments |c, a|
        read_whole::of_patient(&c.app, a, c.ann, FIRST_PAGE);
    "read_whole::summary" ReadPayments |c, a| read_whole::summary(&c.app, a, &[]);
    "read_whole::locations_exist" ReadPayments |c, a|
        read_whole::locations_exist(&c.app, a, &[c.harbor]);
    "read::payment" ReadPayments |c, a| async {
        read::payment(&c.app, a, c.pending(700).await).await
    };
    "read_notes::notes" ReadPayments |c, a| async {
        read_notes::notes(&c.app, a, c.pending(700).await).await
    };
    "read_documents::documents" ReadPayments |c, a| async {
        read_documents::documents(&c.app, a, a_document(c).await.0).await
    };
    "read_documents::document" ReadPayments |c, a| async {
        read_documents::document(&c.app, a, a_document(c).await).await
    };
    "read_documents::content" ReadPayments |c, a| async {
        let document = read_documents::document(&c.app, &c.manager(), a_document(c).await).await?;
        read_documents::content(&c.app, a, &document, None).await
    };
    "read_receipt::receipts" ReadPayments |c, a|
        read_receipt::receipts(&c.app, a, PaymentId::new(1));
    "read_receipt::receipt" ReadPayments |c, a| async {
        read_receipt::receipt(&c.app, a, receipt(c).await, true).await
    };
    "print_receipt::print_receipt" ReadPayments |c, a| async {
        let (payment, receipt) = receipt(c).await;
        let input = PrintReceipt { payment, receipt, itemised: true, medium: Medium::Paper };
        print_receipt(&c.app, a, input).await
    };
    "read::suggested_patients" ReadPatients |c, a| read::suggested_patients(&c.app, a, &[], 50);
    "read::patients_with_balance" ReadPatients |c, a|
        read::patients_with_balance(&c.app, a, &[], false, (0, 50));
    "read::patient_by_mrn" ReadPatients |c, a| read::patient_by_mrn(&c.app, a, "1");
    "read::patient" ReadPatients |c, a| read::patient(&c.app, a, c.ann);
    "read_records::patients" ReadPatients |c, a|
        read_records::patients(&c.app, a, &PatientsAsked::All, FIRST_PAGE);
    "read_records::patient" ReadPatients |c, a| read_records::patient(&c.app, a, c.ann);
    "read_records::treatments" ReadTreatments |c, a|
        read_records::treatments(&c.app, a, TreatmentsAsked::Overdue, FIRST_PAGE);
    "read_records::treatment" ReadTreatments |c, a| async {
        read_records::treatment(&c.app, a, c.treatment(c.ann, c.harbor).await).await
    };
    "read_records::locations" ReadSettings |c, a|
        read_records::locations(&c.app, a, FIRST_PAGE);
    "read_records::physicians" ReadSettings |c, a|
        read_records::physicians(&c.app, a, FIRST_PAGE);
    "read_duplicates::duplicates" MergePatients |c, a| read_duplicates::duplicates(&c.app, a);
    "read_duplicates::side_by_side" MergePatients |c, a|
        read_duplicates::side_by_side(&c.app, a, (c.ann, c.ben));
    "read_duplicates::other_records" ReadPatients |c, a|
        read_duplicates::other_records(&c.app, a, c.ann);
    "read_duplicates::heir" ReadPatients |c, a| read_duplicates::heir(&c.app, a, c.ann);
    "send_link::email_consent" ReadPatients |c, a| email_consent(&c.app, a, c.ann);
    "read::treatments" ReadTreatments |c, a|
        read::treatments(&c.app, a, &TreatmentQuery::default(), (0, 50));
    "read::treatment" ReadTreatments |c, a| async {
        read::treatment(&c.app, a, c.treatment(c.ann, c.harbor).await).await
    };
    "read::checks" ReadChecks |c, a| read::checks(&c.app, a, &CheckRequest::default());
    "read::listed_checks" ReadChecks |c, a| read::listed_checks(&c.app, a, &[CheckId::new(1)]);
    "read::unread_files" ReadChecks |c, a| read::unread_files(&c.app, a);
    "read::check" ReadChecks |c, a| async { read::check(&c.app, a, waiting(c).await).await };
    "read::check_file" ReadChecks |c, a| async {
        read::check_file(&c.app, a, waiting(c).await).await
    };
    "read::file_part" ReadChecks |c, a| async {
        read::file_part(&c.app, a, &unreadable(c).await, 0).await
    };
    "read_payouts::payouts" ReadPayouts |c, a| read_payouts::payouts(&c.app, a);
    "read_payouts::payout" ReadPayouts |c, a| async {
        read_payouts::payout(&c.app, a, a_payout(c).await).await
    };
    "read_reports::day_close" ReadReports |c, a|
        read_reports::day_close(&c.app, a, Date::constant(2026, 3, 10));
    "read_reports::collections" ReadReports |c, a|
        read_reports::collections(&c.app, a, (Date::constant(2026, 3, 1), Date::MAX), &[]);
    "read_reports::aging" ReadReports |c, a| read_reports::aging(&c.app, a);
    "export_report::export_report" ReadReports |c, a| exports::report(&c.app, a);
    "export_books::begin_export" ReadReports |c, a| exports::books(&c.app, a);
    "export_books::fits" ReadReports |c, a| exports::books_fit(&c.app, a);
    "read_troubles::open_exception" ReadPayments |c, a| async {
        open_exception(&c.app, a, paid_twice(c, 700).await.1).await
    };
    "read_troubles::open_exceptions" ReadPayments |c, a| open_exceptions(&c.app, a);
    "read_troubles::troubles" ReadPayments |c, a| async {
        troubles(&c.app, a, c.pending(700).await).await
    };
    "read_inbox::inbox" ReadChecks |c, a| read_inbox::inbox(&c.app, a, &CheckRequest::default());
    "read_inbox::comparison" ReadChecks |c, a| async {
        read_inbox::comparison(&c.app, a, waiting(c).await, c.ann).await
    };
    "read_inbox::unread_file" ReadChecks |c, a| async {
        read_inbox::unread_file(&c.app, a, &text::hex(&unreadable(c).await)).await
    };
    "read_inquiries::inquiry" ReadChecks |c, a| async {
        let id = run_check(&c.app, &c.system(), &of_ann(c), None).await?;
        read_inquiries::inquiry(&c.app, a, id).await
    };
    "read_inquiries::unsettled" ReadChecks |c, a| read_inquiries::unsettled(&c.app, a, None);
    "read_inquiries::of_check" ReadChecks |c, a|
        read_inquiries::of_check(&c.app, a, CheckId::new(1));
    "read::locations" ReadSettings |c, a| read::locations(&c.app, a);
    "read::location" ReadSettings |c, a| read::location(&c.app, a, c.harbor);
    "save_reminder_settings::reminder_settings" ReadSettings |c, a| reminder_settings(&c.app, a);
    "read::eligibility_settings" ReadSettings |c, a| read::eligibility_settings(&c.app, a);
    "read_audit::read_audit" ReadAudit |c, a| async {
        read_audit(&c.app, a, &AuditQuery::default()).await
    };
    "read::physicians" ReadSettings |c, a| read::physicians(&c.app, a);
    "read::physician" ReadSettings |c, a| read::physician(&c.app, a, c.physician);
};

/// What the program does itself, whoever is signed in, and what everybody may ask of themselves.
const OPEN: [&str; 25] = [
    "ask_attempts::ask_attempts",
    "attempt::begin",
    "attempt::told",
    "begin_payment::begin_payment",
    "deliver_webhooks::claim_deliveries",
    "deliver_webhooks::deliver_claimed",
    "deliver_webhooks::remove_old_events",
    "exchange_checks::ask_claimed",
    "exchange_checks::claim_due",
    "exchange_checks::give_up",
    "export_organization::export_organization",
    "post_mail::claim_mail",
    "post_mail::post_claimed",
    "read::last_location",
    "read_duplicates::has_duplicates",
    "remind::remind",
    "remove_documents::remove_documents",
    "run_once::remove_old_answers",
    "seal_audit::seal_audit",
    "settle_refund::settle_refund",
    "settle_refund::settle_refunds",
    "settle_unapplied::settle_unapplied",
    "verify_documents::verify_documents",
    "work_on_import::due",
    "work_on_import::take_up",
];

async fn try_all(clinic: &Clinic, cases: &[Case]) {
    for Case { name, action, run } in cases {
        for role in Role::ALL {
            let answer = run(clinic, &clinic.staff(role)).await;
            match (allows(role, *action), answer) {
                (true, Ok(())) => {}
                (false, Err(Error::Forbidden(refused))) => {
                    // Who may not refund at all is told so before the amount is looked at.
                    let first =
                        *action == Action::RefundWithoutLimit && !allows(role, Action::Refund);
                    let expected = if first { Action::Refund } else { *action };
                    assert_eq!(refused, expected, "{name} by {role:?}");
                }
                (may, answer) => panic!("{name} by {role:?}: may be {may}, but {answer:?}"),
            }
        }
    }
    clinic.verified().await;
}

on_both_engines! {
    async fn money_moves_only_by_those_who_may(db) {
        let clinic = Clinic::new(db).await;
        try_all(&clinic, MONEY).await;
    }

    async fn records_change_only_by_those_who_may(db) {
        let clinic = Clinic::new(db).await;
        try_all(&clinic, RECORDS).await;
    }

    async fn everybody_reads_and_nobody_is_forgotten(db) {
        let clinic = Clinic::new(db).await;
        try_all(&clinic, READS).await;
        for Case { run, .. } in MONEY.iter().chain(RECORDS) {
            let auditor = run(&clinic, &clinic.staff(Role::Auditor)).await;
            assert!(matches!(auditor, Err(Error::Forbidden(_))), "{auditor:?}");
        }
    }
}

#[test]
fn the_table_holds_every_use_case_and_every_action() {
    let cases = || MONEY.iter().chain(RECORDS).chain(READS);
    for action in Action::ALL {
        assert!(cases().any(|case| case.action == action), "{action:?} is not tried");
    }
    let mut named: BTreeSet<String> = cases().map(|case| case.name.to_owned()).collect();
    named.extend(OPEN.map(str::to_owned));
    assert_eq!(named, use_cases());
}
