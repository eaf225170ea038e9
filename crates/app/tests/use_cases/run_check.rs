//! Asking a payer: what is written, what is missing, and that nothing is asked twice.

use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::save_patient::{CoverageEntry, PatientEntry, edit_patient};
use almoner_app::{Actor, Error, read, read_inquiries, save_location};
use almoner_domain::InquiryId;
use almoner_domain::inquiry::InquiryState;
use almoner_domain::role::Role;
use almoner_gateways::clearinghouse::NoClearinghouse;
use almoner_store::inquiries::Inquiry;
use almoner_store::on_both_engines;
use jiff::civil::Date;

use crate::common::{Clinic, fault, person};

/// What is asked about Ann, by her physician.
pub(crate) fn of_ann(clinic: &Clinic) -> RunCheck {
    RunCheck {
        patient: clinic.ann,
        rank: 1,
        service_type: None,
        service_date: None,
        location: None,
        physician: Some(clinic.physician),
        treatment: None,
    }
}

pub(crate) async fn ask(clinic: &Clinic, input: &RunCheck) -> Result<InquiryId, Error> {
    run_check(&clinic.app, &clinic.staff(Role::FrontDesk), input, None).await
}

pub(crate) async fn inquiry(clinic: &Clinic, id: InquiryId) -> Inquiry {
    let view = read_inquiries::inquiry(&clinic.app, &clinic.manager(), id).await.unwrap();
    view.listed.inquiry
}

/// Ann's coverages from now on.
pub(crate) async fn insure(clinic: &Clinic, coverages: Vec<CoverageEntry>) {
    let entry = PatientEntry { coverages, ..person("Ann", "Example", "1980-02-29", "MEMBER-A") };
    let manager = clinic.manager();
    let version = read::patient(&clinic.app, &manager, clinic.ann).await.unwrap().patient.version;
    edit_patient(&clinic.app, &manager, (clinic.ann, version), &entry).await.unwrap();
}

pub(crate) fn covered() -> CoverageEntry {
    person("", "", "", "MEMBER-A").coverages.remove(0)
}

/// Covered as a child of Cleo Sample.
pub(crate) fn as_a_child() -> CoverageEntry {
    CoverageEntry {
        relationship: "child".to_owned(),
        subscriber_first_name: "Cleo".to_owned(),
        subscriber_last_name: "Sample".to_owned(),
        subscriber_date_of_birth: "1955-05-06".to_owned(),
        ..covered()
    }
}

fn segments(question: &str) -> Vec<&str> {
    question.split_terminator('~').collect()
}

on_both_engines! {
    async fn the_question_says_what_the_clinic_knows(db) {
        let clinic = Clinic::new(db).await;
        let id = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        assert_eq!(id.to_string(), "INQ-001");
        let kept = inquiry(&clinic, id).await;
        assert_eq!((kept.state, kept.tries, kept.asked.rank), (InquiryState::Waiting, 0, 1));
        assert!(clinic.clearinghouse.asked().is_empty(), "a job asks, nobody waits for it");
        let trace = &kept.asked.trace;
        assert_eq!(trace.len(), 26);
        let told = segments(&kept.asked.question);
        let expected = [
            format!("BHT*0022*13*{trace}*20260310*110000"),
            "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042".to_owned(),
            "NM1*1P*1*SAMPLE*DANA****XX*1234567893".to_owned(),
            format!("TRN*1*{trace}*9234567893"),
            "NM1*IL*1*EXAMPLE*ANN****MI*MEMBER-A".to_owned(),
            "DMG*D8*19800229".to_owned(),
            "EQ*30".to_owned(),
        ];
        for segment in &expected {
            assert!(told.contains(&segment.as_str()), "{segment} is missing in {told:#?}");
        }
        let dates = told.iter().filter(|segment| segment.starts_with("DTP")).count();
        assert_eq!(dates, 0, "today goes without saying");
        let history = "SELECT count(*) AS n FROM audit_event WHERE action = 'check_asked'";
        assert_eq!(clinic.number(history).await, 1);
        clinic.verified().await;
    }

    async fn a_treatment_says_when_where_by_whom_and_about_what(db) {
        let clinic = Clinic::new(db).await;
        let treatment = clinic.treatment(clinic.ann, clinic.harbor).await;
        let input = RunCheck { treatment: Some(treatment), physician: None, ..of_ann(&clinic) };
        let kept = inquiry(&clinic, ask(&clinic, &input).await.unwrap()).await.asked;
        assert_eq!(kept.service_type, "98");
        assert_eq!(kept.service_date, Date::constant(2026, 3, 12));
        assert_eq!((kept.location, kept.physician), (clinic.harbor, Some(clinic.physician)));
        let told = segments(&kept.question);
        assert!(told.contains(&"DTP*291*D8*20260312") && told.contains(&"EQ*98"), "{told:#?}");
        let other = RunCheck {
            service_type: Some("33".to_owned()),
            service_date: Some(Date::constant(2026, 4, 1)),
            location: Some(clinic.downtown),
            ..input
        };
        let kept = inquiry(&clinic, ask(&clinic, &other).await.unwrap()).await.asked;
        assert_eq!((&*kept.service_type, kept.location), ("33", clinic.downtown));
        assert!(segments(&kept.question).contains(&"DTP*291*D8*20260401"));
        let bens = clinic.treatment(clinic.ben, clinic.harbor).await;
        let input = RunCheck { treatment: Some(bens), ..of_ann(&clinic) };
        let told = fault(ask(&clinic, &input).await);
        assert_eq!(told, ("treatment_id".to_owned(), "not_the_patients".to_owned()));
    }

    async fn without_a_physician_the_location_asks(db) {
        let clinic = Clinic::new(db).await;
        let at = |location| RunCheck { location, physician: None, ..of_ann(&clinic) };
        let kept = inquiry(&clinic, ask(&clinic, &at(Some(clinic.harbor))).await.unwrap()).await;
        assert_eq!(kept.asked.npi, "1999999984");
        assert!(segments(&kept.asked.question).contains(&"NM1*1P*2*HARBOR*****XX*1999999984"));
        // The first location has no identifier.
        let missing = ("npi".to_owned(), "missing".to_owned());
        assert_eq!(fault(ask(&clinic, &at(None)).await), missing);
        let first = read::location(&clinic.app, &clinic.manager(), clinic.downtown).await.unwrap();
        let mut fields = first.fields;
        fields.npi = Some("1234567890".to_owned());
        let administrator = clinic.staff(Role::Administrator);
        let saved = save_location::save_location(
            &clinic.app, &administrator, Some(clinic.downtown), &fields).await;
        assert_eq!(fault(saved), ("npi".to_owned(), "wrong_check_digit".to_owned()));
        fields.npi = Some("1888888876".to_owned());
        save_location::save_location(&clinic.app, &administrator, Some(clinic.downtown), &fields)
            .await
            .unwrap();
        let kept = inquiry(&clinic, ask(&clinic, &at(None)).await.unwrap()).await;
        assert_eq!((kept.asked.location, &*kept.asked.npi), (clinic.downtown, "1888888876"));
    }

    async fn a_dependent_is_asked_about_through_the_subscriber(db) {
        let clinic = Clinic::new(db).await;
        insure(&clinic, vec![as_a_child()]).await;
        let kept = inquiry(&clinic, ask(&clinic, &of_ann(&clinic)).await.unwrap()).await.asked;
        let told = segments(&kept.question);
        let expected = [
            "NM1*IL*1*SAMPLE*CLEO****MI*MEMBER-A",
            "DMG*D8*19550506",
            "NM1*03*1*EXAMPLE*ANN",
            "DMG*D8*19800229",
            "INS*N*19",
        ];
        let place = |row: &&str| told.iter().position(|told| told == row);
        let places: Vec<_> = expected.iter().map(place).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told:#?}");
        // Somebody else's coverage keeps nothing of a subscriber who is the patient.
        insure(&clinic, vec![CoverageEntry { relationship: String::new(), ..as_a_child() }]).await;
        let view = read::patient(&clinic.app, &clinic.manager(), clinic.ann).await.unwrap();
        assert_eq!(view.coverages[0].subscriber_last_name, None);
    }

    async fn each_missing_thing_is_told_where_it_is_mended(db) {
        let clinic = Clinic::new(db).await;
        let told = async |coverages| {
            insure(&clinic, coverages).await;
            match ask(&clinic, &RunCheck { physician: None, ..of_ann(&clinic) }).await {
                Err(Error::Invalid(faults)) => {
                    faults.0.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(told(Vec::new()).await, ["coverage"]);
        let blank = || CoverageEntry { payer_id: String::new(), ..covered() };
        assert_eq!(told(vec![blank()]).await, ["payer_id", "npi"]);
        let odd = CoverageEntry { member_id: "A*B~C".to_owned(), ..covered() };
        assert_eq!(told(vec![odd]).await, ["npi", "member_id"]);
        let nobody = CoverageEntry {
            member_id: String::new(),
            subscriber_date_of_birth: String::new(),
            ..as_a_child()
        };
        assert_eq!(told(vec![nobody]).await, ["npi", "member_id"]);
        let second = RunCheck { rank: 2, ..of_ann(&clinic) };
        let unknown = |field: &str| (field.to_owned(), "unknown".to_owned());
        assert_eq!(fault(ask(&clinic, &second).await), unknown("coverage"));
        for rank in [0, -1, i64::MAX, i64::MIN] {
            let odd = RunCheck { rank, ..of_ann(&clinic) };
            assert_eq!(fault(ask(&clinic, &odd).await), unknown("coverage"), "{rank}");
        }
        for odd in ["", "99999", "O'Brien & Søn <b>", "~"] {
            let input = RunCheck { service_type: Some(odd.to_owned()), ..of_ann(&clinic) };
            assert_eq!(fault(ask(&clinic, &input).await), unknown("service_type"), "{odd}");
        }
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_inquiry").await, 0);
    }

    async fn the_second_coverage_is_asked_about_as_well(db) {
        let clinic = Clinic::new(db).await;
        let payer = ("Second Sample Plan".to_owned(), "00077".to_owned());
        let second = CoverageEntry { payer: payer.0, payer_id: payer.1, ..covered() };
        insure(&clinic, vec![covered(), second]).await;
        let first = ask(&clinic, &of_ann(&clinic)).await.unwrap();
        let second = ask(&clinic, &RunCheck { rank: 2, ..of_ann(&clinic) }).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(inquiry(&clinic, second).await.asked.payer, "Second Sample Plan");
    }

    async fn names_that_trouble_others_are_asked_about(db) {
        let clinic = Clinic::new(db).await;
        let mut entry = person("Ann", "O'Brien & Søn <b>", "1980-02-29", "member-a");
        "Sample ~ Health * Plan".clone_into(&mut entry.coverages[0].payer);
        let manager = clinic.manager();
        edit_patient(&clinic.app, &manager, (clinic.ann, 1), &entry).await.unwrap();
        let kept = inquiry(&clinic, ask(&clinic, &of_ann(&clinic)).await.unwrap()).await.asked;
        assert_eq!(kept.question.matches('~').count(), 16, "{}", kept.question);
        let entry = person("Ann", "李", "1980-02-29", "MEMBER-A");
        edit_patient(&clinic.app, &manager, (clinic.ann, 2), &entry).await.unwrap();
        let told = fault(ask(&clinic, &of_ann(&clinic)).await);
        assert_eq!(told, ("last_name".to_owned(), "letter".to_owned()));
    }

    async fn a_double_click_asks_once(db) {
        let clinic = Clinic::new(db).await;
        let desk = clinic.staff(Role::FrontDesk);
        let input = of_ann(&clinic);
        let keyed = async |input: &RunCheck, key: &str| {
            run_check(&clinic.app, &desk, input, Some(key)).await
        };
        let first = keyed(&input, "one").await.unwrap();
        assert_eq!(keyed(&input, "one").await.unwrap(), first);
        assert_eq!(keyed(&input, "two").await.unwrap(), first, "the same question is under way");
        let other = RunCheck { service_type: Some("98".to_owned()), ..of_ann(&clinic) };
        assert!(matches!(keyed(&other, "one").await, Err(Error::KeyReused)));
        assert_ne!(keyed(&other, "three").await.unwrap(), first);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM eligibility_inquiry").await, 2);
        clinic.verified().await;
    }

    async fn sixteen_at_once_ask_once(db) {
        let clinic = Clinic::new(db).await;
        let mut racing = tokio::task::JoinSet::new();
        for number in 0..16 {
            let (app, input) = (clinic.app.clone(), of_ann(&clinic));
            let actor: Actor = clinic.staff(Role::FrontDesk);
            let key = (number % 2 == 0).then(|| format!("key {}", number % 4));
            racing.spawn(async move { run_check(&app, &actor, &input, key.as_deref()).await });
        }
        for id in racing.join_all().await {
            assert_eq!(id.unwrap(), InquiryId::new(1));
        }
        clinic.verified().await;
    }

    async fn without_a_clearinghouse_the_way_out_is_told(db) {
        let mut clinic = Clinic::new(db).await;
        clinic.app.clearinghouse = std::sync::Arc::new(NoClearinghouse);
        let told = fault(ask(&clinic, &of_ann(&clinic)).await);
        assert_eq!(told, ("clearinghouse".to_owned(), "not_set_up".to_owned()));
    }
}
