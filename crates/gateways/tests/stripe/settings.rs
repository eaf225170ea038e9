//! Settings that are not usable are refused with the reason, before anything is sent.

use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::{BASE_URL, Limits, SetUpError, Settings, Stripe};
use almoner_gateways::processor::{self, Processor as _, ProcessorError};

use crate::common::{key, settings};

fn refused(settings: Settings) -> SetUpError {
    Stripe::new(settings).expect_err("a setting is refused")
}

fn good() -> Settings {
    settings(BASE_URL)
}

#[test]
fn keys_say_whether_the_money_is_invented() {
    for (key, is_test_money) in [
        ("sk_test_SAMPLE", true),
        ("rk_test_SAMPLE", true),
        ("sk_live_SAMPLE", false),
        ("rk_live_SAMPLE", false),
    ] {
        let stripe = Stripe::new(Settings { key: Secret::new(key), ..good() }).unwrap();
        assert_eq!(stripe.is_test_money(), is_test_money, "{key}");
        assert_eq!(stripe.name(), "stripe");
        assert!(!format!("{stripe:?}").contains("_SAMPLE"), "a key is not printed");
    }
    for key in ["", "pk_live_SAMPLE", "whsec_SAMPLE", "sk_live_\n"] {
        assert_eq!(refused(Settings { key: Secret::new(key), ..good() }), SetUpError::Key);
    }
}

#[test]
fn one_or_two_webhook_secrets_are_taken() {
    let with = |secrets: &[&str]| {
        let webhook_secrets = secrets.iter().map(|&secret| Secret::new(secret)).collect();
        Stripe::new(Settings { webhook_secrets, ..good() }).err()
    };
    assert_eq!(with(&["whsec_a"]), None);
    assert_eq!(with(&["whsec_a", "whsec_b"]), None);
    for secrets in [&[][..], &["sk_test_a"], &["whsec_a", "whsec_b", "whsec_c"]] {
        assert_eq!(with(secrets), Some(SetUpError::WebhookSecrets), "{secrets:?}");
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for (base_url, is_fine) in [
        ("https://api.stripe.com", true),
        ("http://127.0.0.1:4711", true),
        ("http://[::1]:4711", true),
        ("http://api.stripe.com", false),
        ("http://127.0.0.1.example", false),
        ("ftp://127.0.0.1", false),
        ("stripe", false),
    ] {
        let answer = Stripe::new(Settings { base_url: base_url.to_owned(), ..good() }).err();
        assert_eq!(answer, (!is_fine).then_some(SetUpError::BaseUrl), "{base_url}");
    }
}

#[test]
fn statement_suffixes_are_what_card_networks_take() {
    for (suffix, is_fine) in [
        ("SAMPLE", true),
        ("Dr Sample", true),
        ("A2345678901", false),
        ("", false),
        ("12345", false),
        ("O'BRIEN", false),
        ("SØN", false),
        ("A*B", false),
    ] {
        let statement_suffix = Some(suffix.to_owned());
        let answer = Stripe::new(Settings { statement_suffix, ..good() }).err();
        assert_eq!(answer, (!is_fine).then_some(SetUpError::StatementSuffix), "{suffix}");
    }
}

#[test]
fn waits_are_bounded() {
    let limits = Limits::default();
    let pauses = limits.pause * (2_u32.pow(limits.tries - 1) - 1);
    let longest = (limits.connect + limits.answer) * limits.tries + pauses;
    assert!(longest.as_secs() < 120, "a call ends within two minutes: {longest:?}");
}

#[tokio::test]
async fn what_a_processor_cannot_do_it_says() {
    let offline = processor::by_name("none").unwrap();
    let answer = offline.attempt(key("attempt-1", None)).await;
    assert_eq!(answer, Err(ProcessorError::NotSupported));
    assert!(processor::by_name("stripe").is_none(), "it is made from settings");
}
