//! Keys of other programs: what opens, when they end, and what the audit log says of them.

use almoner_app::api_keys::{KeyToken, MAX_LIFE_DAYS, NewKey, create_key, list_keys, revoke_key};
use almoner_app::audit_reads::{ReadLog, Seen};
use almoner_app::authenticate_key::{KeyCheck, authenticate_key};
use almoner_app::import_eligibility::{ImportFile, import_eligibility};
use almoner_app::permission::Action;
use almoner_app::{Actor, Error, Who, read};
use almoner_domain::checks::CheckRequest;
use almoner_domain::role::Role;
use almoner_domain::scope::{Scope, Scopes};
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::answers::{NORA, answer};
use crate::common::{Clinic, fault, is_forbidden};

fn asked(scopes: &str, life_days: Option<i64>) -> NewKey {
    let scopes = Scopes::parse(scopes).expect("the tests name scopes that are there");
    NewKey { name: "Intake".to_owned(), scopes, life_days }
}

async fn make(clinic: &Clinic, scopes: &str, life_days: Option<i64>) -> KeyToken {
    let admin = clinic.staff(Role::Administrator);
    create_key(&clinic.app, &admin, asked(scopes, life_days)).await.unwrap()
}

async fn show(clinic: &Clinic, key: &str) -> KeyCheck {
    let token = KeyToken::parse(key).expect("it looks like a key");
    authenticate_key(&clinic.app, &token).await.unwrap()
}

async fn holder(clinic: &Clinic, token: &KeyToken) -> Actor {
    match show(clinic, &token.reveal()).await {
        KeyCheck::Good(actor) => *actor,
        other => panic!("the key is good: {other:?}"),
    }
}

/// The same key with another last digit of its secret.
fn forged(token: &KeyToken) -> String {
    let mut key = token.reveal();
    let last = if key.ends_with('0') { '1' } else { '0' };
    key.pop();
    key.push(last);
    key
}

on_both_engines! {
    async fn a_key_leads_to_its_organization_and_scopes(db) {
        let clinic = Clinic::new(db).await;
        let token = make(&clinic, "estimates:read,eligibility:write", None).await;
        let actor = holder(&clinic, &token).await;
        assert_eq!(actor.org(), clinic.organization.id);
        assert_eq!((actor.user(), actor.member().is_none()), (None, true));
        let Who::Key(shown) = &actor.who else { panic!("it is a key: {actor:?}") };
        assert_eq!((shown.id, shown.name.as_str()), (token.id(), "Intake"));
        assert!(shown.scopes.have(Scope::EligibilityWrite));
        assert!(actor.may(Action::Estimate) && !actor.may(Action::ReadPatients));
        let wrong = [
            forged(&token),
            token.reveal().replacen("alm_1_", "alm_2_", 1),
            token.reveal().replacen("alm_1_1_", "alm_1_2_", 1),
        ];
        for wrong in wrong {
            assert!(matches!(show(&clinic, &wrong).await, KeyCheck::Unknown), "{wrong}");
        }
        let stored = "SELECT count(*) AS n FROM api_key WHERE length(secret_hash) = 32";
        assert_eq!(clinic.number(stored).await, 1);
        clinic.verified().await;
    }

    async fn a_key_ends_at_its_time(db) {
        let clinic = Clinic::new(db).await;
        let token = make(&clinic, "payments:read", Some(2)).await;
        clinic.pass(SignedDuration::from_hours(48) - SignedDuration::from_secs(1));
        holder(&clinic, &token).await;
        clinic.pass(SignedDuration::from_secs(1));
        assert!(matches!(show(&clinic, &token.reveal()).await, KeyCheck::Expired));
        let forged = forged(&token);
        assert!(matches!(show(&clinic, &forged).await, KeyCheck::Unknown), "nobody else learns it");
        for days in [0, -1, MAX_LIFE_DAYS + 1, i64::MAX] {
            let asked = asked("payments:read", Some(days));
            let made = create_key(&clinic.app, &clinic.system(), asked).await;
            assert_eq!(fault(made), ("expires".to_owned(), "out_of_range".to_owned()));
        }
        let nameless = NewKey { name: " ".to_owned(), ..asked("payments:read", None) };
        let made = create_key(&clinic.app, &clinic.system(), nameless).await;
        assert_eq!(fault(made), ("name".to_owned(), "required".to_owned()));
    }

    async fn a_revoked_key_opens_nothing_from_then_on(db) {
        let clinic = Clinic::new(db).await;
        let one = make(&clinic, "payments:read", None).await;
        let other = make(&clinic, "payments:read", None).await;
        assert_ne!(one.reveal(), other.reveal());
        let admin = clinic.staff(Role::Administrator);
        for _ in 0..2 {
            revoke_key(&clinic.app, &admin, one.id()).await.unwrap();
        }
        assert!(matches!(show(&clinic, &one.reveal()).await, KeyCheck::Revoked));
        holder(&clinic, &other).await;
        let listed = list_keys(&clinic.app, &admin).await.unwrap();
        let revoked: Vec<bool> = listed.iter().map(|key| key.revoked_at.is_some()).collect();
        assert_eq!(revoked, [true, false]);
        let noted = "SELECT count(*) AS n FROM audit_event WHERE action = 'key_revoked'";
        assert_eq!(clinic.number(noted).await, 1);
        clinic.verified().await;
    }

    async fn use_is_noted_once_a_minute(db) {
        let clinic = Clinic::new(db).await;
        let token = make(&clinic, "payments:read", None).await;
        let used = || async {
            list_keys(&clinic.app, &clinic.system()).await.unwrap().remove(0).used_at
        };
        assert_eq!(used().await, None);
        holder(&clinic, &token).await;
        let first = used().await.expect("the first use is noted");
        clinic.pass(SignedDuration::from_secs(60));
        holder(&clinic, &token).await;
        assert_eq!(used().await, Some(first));
        clinic.pass(SignedDuration::from_secs(1));
        holder(&clinic, &token).await;
        assert_eq!(used().await, Some(first + SignedDuration::from_secs(61)));
    }

    async fn the_audit_log_names_the_key(db) {
        let clinic = Clinic::new(db).await;
        let token = make(&clinic, "eligibility:write", None).await;
        let actor = holder(&clinic, &token).await;
        let file = ImportFile { name: "a.271".to_owned(), content: answer(NORA), patient: None };
        import_eligibility(&clinic.app, &actor, file).await.unwrap();
        let query = CheckRequest::default();
        let read = read::checks(&clinic.app, &actor, &query).await;
        assert!(is_forbidden(&read, Action::ReadChecks), "{read:?}");
        let log = ReadLog::start(clinic.app.clone());
        let (from, at) = ("192.0.2.1".to_owned(), clinic.app.now());
        let (subject, document) = ("eligibility_check", None);
        let seen = Seen { actor, subject, subject_seq: 1, document, listed: Vec::new(), from, at };
        log.seen(seen).await;
        log.flush().await;
        for action in ["check_imported", "viewed"] {
            let noted = format!(
                "SELECT count(*) AS n FROM audit_event
                WHERE action = '{action}' AND actor = 'key' AND key_seq = 1 AND user_seq IS NULL"
            );
            assert_eq!(clinic.number(&noted).await, 1, "{action}");
        }
        clinic.verified().await;
    }

    async fn a_key_makes_no_keys(db) {
        let clinic = Clinic::new(db).await;
        let all = Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
        let token = make(&clinic, &all, None).await;
        let actor = holder(&clinic, &token).await;
        let made = create_key(&clinic.app, &actor, asked("payments:read", None)).await;
        assert!(matches!(made, Err(Error::Forbidden(Action::ManageKeys))), "{made:?}");
    }
}
