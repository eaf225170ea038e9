//! Whose an answer to our question is: the patient's whom we asked about, unless it names somebody
//! else.

use almoner_app::exchange_checks::{ask_claimed, claim_due};
use almoner_app::import_eligibility::{ImportFile, ImportedCheck, import_eligibility};
use almoner_app::read;
use almoner_domain::inquiry::InquiryState;
use almoner_domain::{InquiryId, PatientId};
use almoner_store::on_both_engines;

use crate::answers::{BENEFITS, Insured, envelope, transaction};
use crate::common::Clinic;
use crate::run_check::{as_a_child, ask, inquiry, insure, of_ann};
use crate::scripted::{Script, about, payer_rejects, with_trace};

/// Ann as her payer knows her.
const ANN: Insured<'_> =
    Insured { first: "ANN", last: "EXAMPLE", member_id: "MEMBER-A", birth: "19800229" };
/// Somebody else altogether.
const OTHER: Insured<'_> =
    Insured { first: "NORA", last: "SPECIMEN", member_id: "1EG4TE5MK73", birth: "19620314" };

/// Imports a file, in which `{trace}` is the trace, and tells of its only check.
async fn import(
    clinic: &Clinic,
    content: &[u8],
    trace: &str,
    patient: Option<PatientId>,
) -> ImportedCheck {
    let content = with_trace(content, trace);
    let file = ImportFile { name: "a.271".to_owned(), content, patient };
    let imported = import_eligibility(&clinic.app, &clinic.manager(), file).await.unwrap();
    let mut checks = imported.checks.unwrap();
    assert_eq!(checks.len(), 1);
    checks.remove(0)
}

/// Asks about Ann, and gives the question's reference.
async fn asked(clinic: &Clinic) -> (InquiryId, String) {
    let id = ask(clinic, &of_ann(clinic)).await.unwrap();
    (id, inquiry(clinic, id).await.asked.trace)
}

fn is_mismatch(check: &ImportedCheck) -> bool {
    check.warnings.iter().any(|warning| warning.code == "patient_mismatch")
}

/// An answer whose subscriber's and dependent's levels hold these segments.
fn family(control: &str, subscriber: &[&str], dependent: &[&str]) -> Vec<u8> {
    let head = [
        &*format!("ST*271*{control}*005010X279A1"),
        &*format!("BHT*0022*11*REF-{control}*20260309*0915"),
        "HL*1**20*1",
        "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042",
        "HL*2*1*21*1",
        "NM1*1P*2*SAMPLE CLINIC*****XX*1234567893",
        "HL*3*2*22*1",
    ];
    let mut segments: Vec<&str> = head.into_iter().chain(subscriber.iter().copied()).collect();
    if !dependent.is_empty() {
        segments.push("HL*4*3*23*0");
        segments.extend(dependent);
    }
    let end = format!("SE*{}*{control}", segments.len() + 1);
    segments.push(&end);
    envelope(1, &[segments.join("~\n") + "~\n"])
}

on_both_engines! {
    async fn whoever_agrees_in_one_thing_is_the_patient(db) {
        let clinic = Clinic::new(db).await;
        let cases = [
            ("all", ANN, true),
            ("the name after a marriage", Insured { last: "NEWNAME", birth: "", ..ANN }, true),
            ("another birth date", Insured { birth: "19800228", ..ANN }, true),
            ("a new number", Insured { member_id: "MEMBER-Z", ..ANN }, true),
            ("the number in small letters", Insured { member_id: "member-a", ..OTHER }, true),
            ("only the name", Insured { first: "Ann", last: "Example", ..OTHER }, true),
            ("only the birth date", Insured { birth: "19800229", ..OTHER }, true),
            ("nothing", OTHER, false),
            ("half of the name", Insured { last: "EXAMPLE", ..OTHER }, false),
        ];
        for (place, (name, insured, fits)) in cases.into_iter().enumerate() {
            let (id, trace) = asked(&clinic).await;
            let content = about(insured, &format!("{:04}", place + 1), &BENEFITS);
            let check = import(&clinic, &content, &trace, None).await;
            assert_eq!(check.inquiry, Some(id), "{name}");
            assert_eq!(check.patient, fits.then_some(clinic.ann), "{name}");
            assert_eq!(is_mismatch(&check), !fits, "{name}");
            let kept = inquiry(&clinic, id).await;
            assert_eq!(kept.state, InquiryState::Answered, "{name}");
            assert_eq!(kept.check, Some(check.id), "{name}");
        }
        clinic.verified().await;
    }

    async fn changed_demographics_are_no_other_person(db) {
        let clinic = Clinic::new(db).await;
        let (_, trace) = asked(&clinic).await;
        let changed = Insured { first: "ANNA", last: "NEWNAME", birth: "19800301", ..ANN };
        let mut rows = vec!["INS*Y*18*001*25"];
        rows.extend(BENEFITS);
        let check = import(&clinic, &about(changed, "0001", &rows), &trace, None).await;
        assert_eq!(check.patient, Some(clinic.ann));
    }

    async fn rejections_of_our_question_are_the_patient_s(db) {
        let clinic = Clinic::new(db).await;
        for (place, reason) in ["72", "73", "75", "71", "78"].into_iter().enumerate() {
            let (id, trace) = asked(&clinic).await;
            let row = format!("AAA*N**{reason}*C");
            let content = about(ANN, &format!("{:04}", place + 1), &[&row]);
            let check = import(&clinic, &content, &trace, None).await;
            assert_eq!((check.patient, check.inquiry), (Some(clinic.ann), Some(id)), "{reason}");
        }
        for (place, reason) in ["79", "T4"].into_iter().enumerate() {
            let (id, trace) = asked(&clinic).await;
            let content = payer_rejects(&format!("{:04}", place + 50), reason, "C");
            let check = import(&clinic, &content, &trace, None).await;
            assert_eq!((check.patient, check.inquiry), (Some(clinic.ann), Some(id)), "{reason}");
            assert!(!is_mismatch(&check));
        }
    }

    async fn the_trace_is_found_wherever_it_comes_back(db) {
        let clinic = Clinic::new(db).await;
        let body = transaction("0001", ANN, &BENEFITS);
        let places = [
            body.replace("TRACE-0001", "{trace}"),
            body.replace("REF-0001", "{trace}"),
            body.replace("TRN*2*TRACE-0001", "TRN*1*{trace}"),
            body.replace("TRACE-0001", " {trace} "),
        ];
        for (number, body) in (1..).zip(places) {
            let (id, trace) = asked(&clinic).await;
            let body = body.replace("0001", &format!("{number:04}"));
            let small = if number == 4 { trace.to_lowercase() } else { trace };
            let check = import(&clinic, &envelope(1, &[body]), &small, None).await;
            assert_eq!(check.inquiry, Some(id), "place {number}");
        }
        let (_, trace) = asked(&clinic).await;
        let part = &trace[..25];
        let check = import(&clinic, &about(OTHER, "0099", &BENEFITS), part, None).await;
        assert_eq!((check.inquiry, check.patient), (None, None), "part of a trace is none");
    }

    async fn of_a_family_only_the_one_who_was_asked_about_is_meant(db) {
        let clinic = Clinic::new(db).await;
        insure(&clinic, vec![as_a_child()]).await;
        let cleo = ["NM1*IL*1*SAMPLE*CLEO****MI*MEMBER-A", "DMG*D8*19550506"];
        let ours = "TRN*2*{trace}*9234567893";
        let ann = [ours, "NM1*03*1*EXAMPLE*ANN", "DMG*D8*19800229", "INS*N*19", "EB*1**30"];
        let sibling = [ours, "NM1*03*1*EXAMPLE*BEA", "DMG*D8*19820101", "INS*N*19", "EB*1**30"];
        let unnamed = [ours, "NM1*03*1", "EB*1**30"];
        let with = |rows: &[&'static str]| [&cleo[..], rows].concat();
        let cases: [(&str, Vec<&str>, &[&str], bool); 7] = [
            ("the child", cleo.to_vec(), &ann, true),
            ("a sibling under the same number", cleo.to_vec(), &sibling, false),
            ("nobody named below", cleo.to_vec(), &unnamed, true),
            ("the parent instead of the child", with(&[ours, "EB*1**30"]), &[], false),
            ("the parent was not found", with(&[ours, "AAA*N**75*C"]), &[], true),
            ("the child under a number of her own",
             vec![ours, "NM1*IL*1*EXAMPLE*ANN****MI*MEMBER-A1", "DMG*D8*19800229", "EB*1**30"],
             &[], true),
            ("a stranger was not found", vec![ours, "NM1*IL*1*BODY*NO", "AAA*N**75*C"], &[], false),
        ];
        for (place, (name, subscriber, dependent, fits)) in cases.into_iter().enumerate() {
            let (id, trace) = asked(&clinic).await;
            let content = family(&format!("{:04}", place + 1), &subscriber, dependent);
            let check = import(&clinic, &content, &trace, None).await;
            assert_eq!(check.inquiry, Some(id), "{name}");
            assert_eq!(check.patient, fits.then_some(clinic.ann), "{name}");
            assert_eq!(is_mismatch(&check), !fits, "{name}");
        }
        // The trace may stand at the subscriber's level alone.
        let (id, trace) = asked(&clinic).await;
        let content = family("0020", &with(&[ours]), &ann[1..]);
        let check = import(&clinic, &content, &trace, None).await;
        assert_eq!((check.inquiry, check.patient), (Some(id), Some(clinic.ann)));
    }

    async fn an_answer_said_to_be_somebody_else_s_waits(db) {
        let clinic = Clinic::new(db).await;
        let (id, trace) = asked(&clinic).await;
        let content = about(ANN, "0001", &BENEFITS);
        let check = import(&clinic, &content, &trace, Some(clinic.ben)).await;
        assert_eq!((check.patient, check.inquiry), (None, Some(id)));
        assert!(is_mismatch(&check));
        let (_, trace) = asked(&clinic).await;
        let content = about(ANN, "0002", &BENEFITS);
        let check = import(&clinic, &content, &trace, Some(clinic.ann)).await;
        assert_eq!(check.patient, Some(clinic.ann));
    }

    async fn a_reply_without_our_reference_answers_all_the_same(db) {
        let clinic = Clinic::new(db).await;
        let plain = envelope(1, &[transaction("0001", ANN, &BENEFITS)]);
        for _ in 0..2 {
            // The second time the payer says the very same.
            let (id, _) = asked(&clinic).await;
            clinic.clearinghouse.then(Script::Answer(plain.clone()));
            let claimed = claim_due(&clinic.app, &clinic.system(), 8).await.unwrap();
            ask_claimed(&clinic.app, &clinic.system(), &claimed[0]).await.unwrap();
            assert_eq!(inquiry(&clinic, id).await.state, InquiryState::Answered);
        }
        let (id, _) = asked(&clinic).await;
        let strangers = envelope(1, &[transaction("0002", OTHER, &BENEFITS)]);
        clinic.clearinghouse.then(Script::Answer(strangers));
        let claimed = claim_due(&clinic.app, &clinic.system(), 8).await.unwrap();
        ask_claimed(&clinic.app, &clinic.system(), &claimed[0]).await.unwrap();
        let kept = inquiry(&clinic, id).await;
        let manager = clinic.manager();
        let view = read::check(&clinic.app, &manager, kept.check.unwrap()).await.unwrap();
        assert!(view.patient.is_none(), "somebody else's answer waits for a person");
        clinic.verified().await;
    }

    async fn what_says_less_takes_no_answer_s_place(db) {
        let clinic = Clinic::new(db).await;
        let (id, trace) = asked(&clinic).await;
        let first = import(&clinic, &about(ANN, "0001", &BENEFITS), &trace, None).await;
        let late = import(&clinic, &payer_rejects("0002", "42", "R"), &trace, None).await;
        let kept = inquiry(&clinic, id).await;
        assert_eq!((kept.state, kept.check), (InquiryState::Answered, Some(first.id)));
        assert_eq!(late.patient, Some(clinic.ann));
        let newer = import(&clinic, &about(ANN, "0003", &BENEFITS), &trace, None).await;
        assert_eq!(inquiry(&clinic, id).await.check, Some(newer.id));
    }
}
