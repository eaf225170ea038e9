//! Signing in and out, and how sessions end.

use almoner_app::sign_in::{
    ABSOLUTE, IDLE, Token, authenticate, remove_ended_sessions, sign_in, sign_out,
};
use almoner_app::staff_accounts::{add_user, disable_user, reset_password};
use almoner_app::{Actor, Error};
use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, fault};

const EMAIL: &str = "ann.biller@clinic.example";
const PASSWORD: &str = "søn av en hest 12";

async fn with_account(clinic: &Clinic) -> Actor {
    let admin = clinic.staff(Role::Administrator);
    let names = (" Ann.Biller@Clinic.example ", "Ann Biller");
    add_user(&clinic.app, &admin, names, Role::Biller, PASSWORD).await.unwrap();
    admin
}

async fn enter(clinic: &Clinic) -> Token {
    let token = sign_in(&clinic.app, EMAIL, PASSWORD).await.unwrap();
    Token::parse(&token.cookie()).expect("a cookie reads back")
}

async fn is_in(clinic: &Clinic, token: &Token) -> bool {
    authenticate(&clinic.app, token).await.unwrap().is_some()
}

on_both_engines! {
    async fn the_right_password_opens_a_session(db) {
        let clinic = Clinic::new(db).await;
        with_account(&clinic).await;
        let token = sign_in(&clinic.app, " ANN.biller@clinic.EXAMPLE", PASSWORD).await.unwrap();
        let actor = authenticate(&clinic.app, &token).await.unwrap().unwrap();
        let member = actor.member().unwrap();
        assert_eq!((member.name.as_str(), member.role), ("Ann Biller", Role::Biller));
        assert_eq!(actor.org(), clinic.organization.id);
        let second = enter(&clinic).await;
        assert_ne!(second.cookie(), token.cookie());
        let stored = clinic.number("SELECT count(*) AS n FROM session").await;
        assert_eq!(stored, 2);
        let noted = "SELECT count(*) AS n FROM audit_event WHERE action = 'signed_in'";
        assert_eq!(clinic.number(noted).await, 2);
        clinic.verified().await;
    }

    async fn wrong_unknown_and_closed_are_told_alike(db) {
        let clinic = Clinic::new(db).await;
        let admin = with_account(&clinic).await;
        let long = "x".repeat(1_001);
        let wrong = [
            (EMAIL, "søn av en hest 13"),
            (EMAIL, ""),
            (EMAIL, long.as_str()),
            ("nobody@clinic.example", PASSWORD),
            ("", PASSWORD),
        ];
        for (email, password) in wrong {
            let answer = sign_in(&clinic.app, email, password).await;
            assert!(matches!(answer, Err(Error::SignIn)), "{email} {answer:?}");
        }
        disable_user(&clinic.app, &admin, EMAIL).await.unwrap();
        let answer = sign_in(&clinic.app, EMAIL, PASSWORD).await;
        assert!(matches!(answer, Err(Error::SignIn)), "{answer:?}");
        assert_eq!(clinic.number("SELECT count(*) AS n FROM session").await, 0);
    }

    async fn a_session_that_is_not_used_ends(db) {
        let clinic = Clinic::new(db).await;
        with_account(&clinic).await;
        let token = enter(&clinic).await;
        for _ in 0..4 {
            clinic.pass(IDLE);
            assert!(is_in(&clinic, &token).await, "use keeps it open");
        }
        clinic.pass(IDLE + SignedDuration::from_secs(1));
        assert!(!is_in(&clinic, &token).await);
        assert!(!is_in(&clinic, &token).await, "looking at it does not open it again");
        assert_eq!(remove_ended_sessions(&clinic.app).await.unwrap(), 1);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM session").await, 0);
    }

    async fn looking_often_does_not_shorten_a_session(db) {
        let clinic = Clinic::new(db).await;
        with_account(&clinic).await;
        let token = enter(&clinic).await;
        for _ in 0..40 {
            clinic.pass(SignedDuration::from_secs(45));
            assert!(is_in(&clinic, &token).await);
        }
    }

    async fn however_much_it_is_used_a_session_ends_after_a_working_day(db) {
        let clinic = Clinic::new(db).await;
        with_account(&clinic).await;
        let token = enter(&clinic).await;
        let step = SignedDuration::from_mins(10);
        let mut passed = SignedDuration::ZERO;
        while passed + step <= ABSOLUTE {
            clinic.pass(step);
            passed += step;
            assert!(is_in(&clinic, &token).await, "{passed:?}");
        }
        clinic.pass(step);
        assert!(!is_in(&clinic, &token).await);
        assert_eq!(remove_ended_sessions(&clinic.app).await.unwrap(), 1);
    }

    async fn signing_out_ends_this_session_alone(db) {
        let clinic = Clinic::new(db).await;
        with_account(&clinic).await;
        let (first, second) = (enter(&clinic).await, enter(&clinic).await);
        sign_out(&clinic.app, &first).await.unwrap();
        assert!(!is_in(&clinic, &first).await);
        assert!(is_in(&clinic, &second).await);
        sign_out(&clinic.app, &first).await.unwrap();
    }

    async fn closing_an_account_or_a_new_password_ends_all_its_sessions(db) {
        let clinic = Clinic::new(db).await;
        let admin = with_account(&clinic).await;
        let (first, second) = (enter(&clinic).await, enter(&clinic).await);
        disable_user(&clinic.app, &admin, EMAIL).await.unwrap();
        assert!(!is_in(&clinic, &first).await && !is_in(&clinic, &second).await);
        let new = "a quite different phrase";
        reset_password(&clinic.app, &admin, EMAIL, new).await.unwrap();
        assert!(!is_in(&clinic, &first).await, "an old session does not come back");
        let old = sign_in(&clinic.app, EMAIL, PASSWORD).await;
        assert!(matches!(old, Err(Error::SignIn)), "{old:?}");
        let third = sign_in(&clinic.app, EMAIL, new).await.unwrap();
        assert!(is_in(&clinic, &third).await);
        reset_password(&clinic.app, &admin, EMAIL, PASSWORD).await.unwrap();
        assert!(!is_in(&clinic, &third).await);
        for missing in ["nobody@clinic.example", ""] {
            let answer = disable_user(&clinic.app, &admin, missing).await;
            assert!(matches!(answer, Err(Error::NotFound("account"))), "{answer:?}");
        }
        clinic.verified().await;
    }

    async fn cookies_that_were_not_given_out_open_nothing(db) {
        let clinic = Clinic::new(db).await;
        with_account(&clinic).await;
        let cookie = enter(&clinic).await.cookie();
        let (org, secret) = cookie.split_once('.').unwrap();
        let turned: String = secret.chars().rev().collect();
        for forged in [format!("{org}.{turned}"), format!("2.{secret}"), format!("-1.{secret}")] {
            let token = Token::parse(&forged).expect("its form is right");
            assert!(!is_in(&clinic, &token).await, "{forged}");
        }
        let short = &secret[2..];
        for broken in ["", ".", "1.", secret, &format!("{org}.{short}"), &format!("x.{secret}")] {
            assert!(Token::parse(broken).is_none(), "{broken}");
        }
        let hashed = "SELECT count(*) AS n FROM session WHERE length(token_hash) = 32";
        assert_eq!(clinic.number(hashed).await, 1);
    }

    async fn new_accounts_are_checked(db) {
        let clinic = Clinic::new(db).await;
        let admin = with_account(&clinic).await;
        let add = async |email, name, password| {
            let names = (email, name);
            fault(add_user(&clinic.app, &admin, names, Role::Biller, password).await)
        };
        let said = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        let eleven = add("b@clinic.example", "B", "elevenlette").await;
        assert_eq!(eleven, said("password", "too_short"));
        let common = add("b@clinic.example", "B", "Password1234").await;
        assert_eq!(common, said("password", "too_common"));
        let taken = add("ann.BILLER@clinic.example", "B", PASSWORD).await;
        assert_eq!(taken, said("email", "taken"));
        let wrong = add("clinic.example", "B", PASSWORD).await;
        assert_eq!(wrong, said("email", "not_an_address"));
        assert_eq!(add("b@clinic.example", " ", PASSWORD).await, said("name", "required"));
        let weak = reset_password(&clinic.app, &admin, EMAIL, "short").await;
        assert_eq!(fault(weak), said("password", "too_short"));
        enter(&clinic).await;
    }
}
