//! What the clinic sets for its estimates, and what of an estimate a payment keeps.

use almoner_app::Error;
use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::estimate_payment::{EstimateInput, estimate_payment, fingerprint};
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::read;
use almoner_app::save_eligibility_settings::save_eligibility_settings;
use almoner_app::save_location::save_location;
use almoner_domain::estimate::{
    Case, ChargeSource, Choices, Estimate, EstimateSettings, NetworkChoice, RangeEntry,
    SettingsEntry, WarningCode,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{LocationId, PaymentId};
use almoner_store::locations::LocationFields;
use almoner_store::on_both_engines;
use jiff::civil::Date;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::answers::{BENEFITS, Insured, envelope, transaction};
use crate::common::{Clinic, cents, fault};

/// The first patient of the clinic, as her payer knows her.
const ANN: Insured<'_> =
    Insured { first: "ANN", last: "EXAMPLE", member_id: "MEMBER-A", birth: "19800229" };

/// Imports an answer about her that the payer gave on a day like `20260309`.
async fn answered(clinic: &Clinic, day: &str, control: u32, benefits: &[&str]) {
    let text = transaction(&format!("{control:04}"), ANN, benefits).replace("20260309", day);
    let content = envelope(control, &[text]);
    let file = ImportFile { name: "a.271".to_owned(), content, patient: None };
    let imported = import_eligibility(&clinic.app, &clinic.system(), file).await.unwrap();
    assert!(imported.checks.unwrap().iter().all(|check| check.patient.is_some()));
}

fn question(clinic: &Clinic, kind: PaymentType) -> EstimateInput {
    EstimateInput {
        patient: clinic.ann,
        payment_type: Some(kind),
        treatment: None,
        location: None,
        charge: None,
        network: None,
        service_date: None,
        choices: Choices::default(),
    }
}

fn office(clinic: &Clinic) -> EstimateInput {
    question(clinic, PaymentType::OfficeVisit)
}

async fn asked(clinic: &Clinic, input: &EstimateInput) -> Estimate {
    estimate_payment(&clinic.app, &clinic.manager(), input).await.unwrap()
}

/// A payment from an estimate that was shown.
fn from(clinic: &Clinic, input: EstimateInput, shown: &Estimate) -> CreatePayment {
    CreatePayment {
        kind: input.payment_type,
        treatment: input.treatment,
        estimate: Some(input),
        estimate_seen: Some(fingerprint(shown)),
        ..clinic.asked(2_500)
    }
}

async fn create(clinic: &Clinic, input: &CreatePayment) -> Result<PaymentId, Error> {
    create_payment(&clinic.app, &clinic.manager(), input).await
}

async fn set(clinic: &Clinic, version: i64, entry: &SettingsEntry) -> Result<(), Error> {
    let admin = clinic.staff(almoner_domain::role::Role::Administrator);
    save_eligibility_settings(&clinic.app, &admin, version, entry).await
}

async fn stored(clinic: &Clinic) -> read::SettingsView {
    read::eligibility_settings(&clinic.app, &clinic.manager()).await.unwrap()
}

fn usual() -> SettingsEntry {
    EstimateSettings::default().entry()
}

on_both_engines! {
    async fn settings_hold_from_the_first_change_to_the_next(db) {
        let clinic = Clinic::new(db).await;
        let view = stored(&clinic).await;
        assert_eq!((view.stored.version, view.last_change.is_none()), (0, true));
        assert_eq!(view.stored.settings, EstimateSettings::default());
        set(&clinic, 0, &usual()).await.unwrap();
        assert_eq!(stored(&clinic).await.stored.version, 0, "the same again is no change");
        let mut entry = usual();
        "14".clone_into(&mut entry.stale_after_days);
        "out".clone_into(&mut entry.default_network);
        "98, UC".clone_into(&mut entry.office_types);
        "1".clone_into(&mut entry.treatment_types);
        entry.ranges.truncate(1);
        set(&clinic, 0, &entry).await.unwrap();
        let view = stored(&clinic).await;
        assert_eq!((view.stored.version, view.stored.settings.entry()), (1, entry.clone()));
        let event = view.last_change.unwrap().event;
        assert_eq!(event.action, "eligibility_settings_changed");
        let detail: Value = serde_json::from_str(&event.detail).unwrap();
        assert_eq!(detail["changed"]["stale_after_days"]["to"], 14);
        assert_eq!(detail["changed"]["code_ranges"].as_object().unwrap().len(), 33);
        entry.ranges.clear();
        set(&clinic, 1, &entry).await.unwrap();
        set(&clinic, 1, &entry).await.unwrap();
        assert!(stored(&clinic).await.stored.settings.ranges.is_empty());
        assert_eq!(stored(&clinic).await.stored.version, 2, "the second click changes nothing");
        let late = set(&clinic, 1, &usual()).await;
        assert!(matches!(late, Err(Error::Stale { current: 2 })), "{late:?}");
        set(&clinic, 2, &usual()).await.unwrap();
        assert_eq!(stored(&clinic).await.stored.settings, EstimateSettings::default());
        clinic.verified().await;
    }

    async fn wrong_settings_change_nothing(db) {
        let clinic = Clinic::new(db).await;
        let stale_after_days = "0".to_owned();
        let wrong = set(&clinic, 0, &SettingsEntry { stale_after_days, ..usual() }).await;
        assert_eq!(fault(wrong), ("stale_after_days".to_owned(), "out_of_range".to_owned()));
        assert_eq!(stored(&clinic).await.stored.version, 0);
    }

    async fn of_sixteen_who_change_the_settings_at_once_one_succeeds(db) {
        let clinic = Clinic::new(db).await;
        for version in 0..3 {
            let mut racing = JoinSet::new();
            for days in 1..=16 {
                let (app, actor) = (clinic.app.clone(), clinic.system());
                let stale_after_days = (days + 100 * version).to_string();
                let entry = SettingsEntry { stale_after_days, ..usual() };
                racing.spawn(async move {
                    save_eligibility_settings(&app, &actor, version, &entry).await
                });
            }
            let answers = racing.join_all().await;
            let stale = |answer: &&Result<(), Error>| matches!(answer, Err(Error::Stale { .. }));
            assert_eq!(answers.iter().filter(stale).count(), 15, "{answers:?}");
            let now = stored(&clinic).await.stored;
            assert_eq!((now.version, now.settings.ranges.len()), (version + 1, 34));
        }
        let sql = "SELECT count(*) AS n FROM audit_event
            WHERE action = 'eligibility_settings_changed'";
        assert_eq!(clinic.number(sql).await, 3);
        clinic.verified().await;
    }

    async fn estimates_follow_the_settings_and_say_so(db) {
        let clinic = Clinic::new(db).await;
        let rows = [
            BENEFITS[0],
            "EB*B*IND*98***27*25.00*****Y",
            "EB*B*IND*98***27*80.00*****N",
            "EB*B*IND*UC***27*60.00*****Y",
            "EB*C*IND*ZZ***29*200.00*****Y",
        ];
        answered(&clinic, "20260301", 7, &rows).await;
        let before = asked(&clinic, &office(&clinic)).await;
        assert_eq!((before.amount, before.network), (Some(cents(2_500)), NetworkChoice::In));
        assert_eq!(before.service_types, ["98", "BY", "BZ", "96"]);
        let stale = |estimate: &Estimate| {
            estimate.warnings.iter().any(|warning| warning.code == WarningCode::Stale)
        };
        assert!(!stale(&before));
        let mut entry = usual();
        "7".clone_into(&mut entry.stale_after_days);
        "UC".clone_into(&mut entry.office_types);
        let row = RangeEntry {
            first: "99213".to_owned(),
            last: "99213".to_owned(),
            service_types: "ZZ".to_owned(),
        };
        entry.ranges = vec![row];
        set(&clinic, 0, &entry).await.unwrap();
        let after = asked(&clinic, &office(&clinic)).await;
        assert_eq!((after.amount, stale(&after)), (Some(cents(6_000)), true));
        assert_eq!(after.service_types, ["UC"]);
        assert_eq!(after.inputs.stale_after_days, 7);
        "out".clone_into(&mut entry.default_network);
        "98".clone_into(&mut entry.office_types);
        set(&clinic, 1, &entry).await.unwrap();
        let out = asked(&clinic, &office(&clinic)).await;
        assert_eq!((out.amount, out.network), (Some(cents(8_000)), NetworkChoice::Out));
        let within = EstimateInput { network: Some(NetworkChoice::In), ..office(&clinic) };
        assert_eq!(asked(&clinic, &within).await.amount, Some(cents(2_500)));
        let treatment = clinic.treatment(clinic.ann, clinic.harbor).await;
        let input = EstimateInput {
            treatment: Some(treatment),
            network: Some(NetworkChoice::In),
            ..question(&clinic, PaymentType::TreatmentPrePayment)
        };
        let treated = asked(&clinic, &input).await;
        assert_eq!(treated.service_types, ["ZZ"]);
        assert_eq!(treated.deductible_remaining.amount(), Some(cents(20_000)));
    }

    async fn the_charge_has_a_source(db) {
        let clinic = Clinic::new(db).await;
        answered(&clinic, "20260309", 7, &BENEFITS).await;
        let treatment = Some(clinic.treatment(clinic.ann, clinic.harbor).await);
        let source = async |charge, treatment| {
            let input = EstimateInput { charge, treatment, ..office(&clinic) };
            let inputs = asked(&clinic, &input).await.inputs;
            (inputs.charge, inputs.charge_source)
        };
        let own = Some(cents(15_000));
        assert_eq!(source(None, treatment).await, (own, Some(ChargeSource::Treatment)));
        assert_eq!(source(own, treatment).await, (own, Some(ChargeSource::Treatment)));
        let other = Some(cents(1));
        assert_eq!(source(other, treatment).await, (other, Some(ChargeSource::Stated)));
        assert_eq!(source(None, None).await, (None, None));
    }

    async fn the_place_of_the_payment_tells_its_kind_of_visit(db) {
        let clinic = Clinic::new(db).await;
        let urgent = LocationFields {
            name: "Urgent".to_owned(),
            time_zone: "America/New_York".to_owned(),
            visit_class: Some("urgent".to_owned()),
            ..LocationFields::default()
        };
        let place = save_location(&clinic.app, &clinic.system(), None, &urgent).await.unwrap();
        answered(&clinic, "20260309", 7, &[
            BENEFITS[0],
            "EB*B*IND*98***27*25.00*****Y",
            "EB*B*IND*UC***27*60.00*****Y",
        ]).await;
        let amount = async |location| {
            asked(&clinic, &EstimateInput { location, ..office(&clinic) }).await.amount
        };
        assert_eq!(amount(None).await, Some(cents(2_500)));
        assert_eq!(amount(Some(place)).await, Some(cents(6_000)));
        assert_eq!(amount(Some(LocationId::new(99))).await, Some(cents(2_500)));
        save_location(&clinic.app, &clinic.system(), Some(clinic.downtown), &urgent).await.unwrap();
        assert_eq!(amount(None).await, Some(cents(6_000)), "the first location is the default");
    }

    async fn nobody_keeps_an_estimate_that_they_did_not_see(db) {
        let clinic = Clinic::new(db).await;
        answered(&clinic, "20260308", 7, &BENEFITS).await;
        let shown = asked(&clinic, &office(&clinic)).await;
        let input = CreatePayment {
            key: Some("k".to_owned()),
            ..from(&clinic, office(&clinic), &shown)
        };
        let changed = ("estimate".to_owned(), "changed".to_owned());
        let other = EstimateInput { network: Some(NetworkChoice::Out), ..office(&clinic) };
        let not_this = CreatePayment { estimate: Some(other), ..input.clone() };
        assert_eq!(fault(create(&clinic, &not_this).await), changed);
        // A day later nothing else is said.
        clinic.set("2026-03-11T15:00:00Z");
        let date = Some(shown.service_date);
        let dated = EstimateInput { service_date: date, ..office(&clinic) };
        let input = CreatePayment { estimate: Some(dated), ..input };
        let kept = create(&clinic, &input).await.unwrap();
        answered(&clinic, "20260310", 8, &[BENEFITS[0], "EB*B*IND*98***27*40.00*****Y"]).await;
        assert_eq!(create(&clinic, &input).await.unwrap(), kept, "a second click finds the first");
        let late = CreatePayment { key: Some("l".to_owned()), ..input.clone() };
        assert_eq!(fault(create(&clinic, &late).await), changed);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM payment").await, 1);
        let unseen = CreatePayment { estimate_seen: None, ..late };
        create(&clinic, &unseen).await.unwrap();
        clinic.verified().await;
    }

    async fn a_newer_check_is_told_of_although_an_older_one_was_chosen(db) {
        let clinic = Clinic::new(db).await;
        answered(&clinic, "20260308", 7, &BENEFITS).await;
        let check = asked(&clinic, &office(&clinic)).await.check;
        let choices = Choices { check, ..Choices::default() };
        let pinned = EstimateInput { choices, ..office(&clinic) };
        let shown = asked(&clinic, &pinned).await;
        answered(&clinic, "20260309", 8, &BENEFITS).await;
        let answer = create(&clinic, &from(&clinic, pinned, &shown)).await;
        assert_eq!(fault(answer), ("estimate".to_owned(), "changed".to_owned()));
    }

    async fn a_payment_keeps_what_was_estimated_and_what_was_asked(db) {
        let clinic = Clinic::new(db).await;
        answered(&clinic, "20260309", 7, &BENEFITS).await;
        let treatment = clinic.treatment(clinic.ann, clinic.harbor).await;
        let choices: Choices =
            serde_json::from_str(r#"{"rule":"deductible_coinsurance","copay":99}"#).unwrap();
        let input = EstimateInput { treatment: Some(treatment), choices, ..office(&clinic) };
        let shown = asked(&clinic, &input).await;
        assert_eq!((shown.case, shown.amount), (Case::Ok, Some(cents(15_000))));
        let asked_for = CreatePayment { amount: cents(5_000), ..from(&clinic, input, &shown) };
        let id = create(&clinic, &asked_for).await.unwrap();
        let (kept, read) = clinic.view(id).await.estimate.unwrap();
        assert_eq!((kept.estimated, kept.entered), (Some(cents(15_000)), cents(5_000)));
        let read = read.unwrap();
        assert_eq!(read, shown);
        assert_eq!(read.inputs.choices.copay, Some(99));
        let codes: Vec<WarningCode> = read.warnings.iter().map(|warning| warning.code).collect();
        assert!(codes.contains(&WarningCode::ChoiceIgnored), "{codes:?}");
        assert_eq!(read.inputs.charge_source, Some(ChargeSource::Treatment));
        assert_eq!(read.service_date, Date::constant(2026, 3, 12));
        assert!(read.sources.iter().any(|source| source.segment == BENEFITS[3]));
        clinic.verified().await;
    }
}
