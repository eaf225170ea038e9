//! Who takes card payments: nobody, Stripe, or the demo's sandbox.

use std::sync::Arc;

use almoner_gateways::processor::stripe::{BASE_URL, Limits, Settings, Stripe};
use almoner_gateways::processor::{self, Processor};
use serde::Deserialize;

use super::secrets;
use crate::Failure;
use crate::cli::StripeArgs;

/// What the settings may name.
const KINDS: &str = "none, sandbox or stripe";

/// What the table `[stripe]` of `almoner.toml` may hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileStripe {
    key_file: Option<String>,
    webhook_secret_file: Option<String>,
    statement_suffix: Option<String>,
    url: Option<String>,
}

/// The processor of that name; without one, none for a clinic and the sandbox for the demo.
pub(super) fn choose(
    name: Option<&str>,
    args: &StripeArgs,
    file: FileStripe,
    demo: bool,
) -> Result<Arc<dyn Processor>, Failure> {
    match name.unwrap_or(if demo { "sandbox" } else { "none" }) {
        "stripe" => stripe(args, file),
        name => processor::by_name(name)
            .ok_or_else(|| Failure::Usage(format!("--processor {name}: choose {KINDS}"))),
    }
}

fn stripe(args: &StripeArgs, file: FileStripe) -> Result<Arc<dyn Processor>, Failure> {
    let one = |flag: &Option<String>, filed: Option<String>| flag.clone().or(filed);
    let key_file = one(&args.key_file, file.key_file);
    let key = match (args.key.clone(), key_file) {
        (Some(key), _) => key,
        (None, Some(path)) => secrets::read_secret("--stripe-key-file", &path)?,
        (None, None) => return Err(missing("key", "ALMONER_STRIPE_KEY", "--stripe-key-file")),
    };
    let secret_file = one(&args.webhook_secret_file, file.webhook_secret_file);
    let webhook_secrets = match (&args.webhook_secrets[..], secret_file) {
        ([], Some(path)) => secrets::read_secrets("--stripe-webhook-secret-file", &path)?,
        ([], None) => {
            let flag = "--stripe-webhook-secret-file";
            return Err(missing("webhook secret", "ALMONER_STRIPE_WEBHOOK_SECRET", flag));
        }
        (secrets, _) => secrets.to_vec(),
    };
    let settings = Settings {
        base_url: one(&args.url, file.url).unwrap_or_else(|| BASE_URL.to_owned()),
        key,
        webhook_secrets,
        statement_suffix: one(&args.statement_suffix, file.statement_suffix),
        limits: Limits::default(),
    };
    match Stripe::new(settings) {
        Ok(stripe) => Ok(Arc::new(stripe)),
        Err(fault) => Err(Failure::Usage(format!("--processor stripe: {fault}"))),
    }
}

fn missing(what: &str, variable: &str, flag: &str) -> Failure {
    Failure::Usage(format!(
        "the Stripe {what} is needed: put it into the environment as {variable}, or name a file \
         with {flag}"
    ))
}

#[cfg(test)]
mod tests {
    use almoner_gateways::Secret;

    use super::*;

    const KEY: &str = "sk_live_SAMPLE_hidden";
    const WEBHOOK: &str = "whsec_SAMPLE_hidden";

    fn args() -> StripeArgs {
        StripeArgs {
            key: Some(Secret::new(KEY)),
            webhook_secrets: vec![Secret::new(WEBHOOK)],
            ..StripeArgs::default()
        }
    }

    fn chosen(name: Option<&str>, args: &StripeArgs, demo: bool) -> Result<String, String> {
        match choose(name, args, FileStripe::default(), demo) {
            Ok(found) => Ok(format!("{} {}", found.name(), found.is_test_money())),
            Err(Failure::Usage(line) | Failure::Failed(line)) => Err(line),
        }
    }

    fn refused(args: &StripeArgs) -> String {
        let line = chosen(Some("stripe"), args, false).expect_err("it is refused");
        assert!(!line.contains("hidden"), "a secret is shown: {line}");
        line
    }

    #[test]
    fn each_processor_is_chosen_by_its_name() {
        let none = StripeArgs::default();
        assert_eq!(chosen(None, &none, false), Ok("none false".to_owned()));
        assert_eq!(chosen(None, &none, true), Ok("sandbox true".to_owned()));
        assert_eq!(chosen(Some("none"), &args(), true), Ok("none false".to_owned()));
        assert_eq!(chosen(Some("sandbox"), &none, false), Ok("sandbox true".to_owned()));
        assert_eq!(chosen(Some("stripe"), &args(), false), Ok("stripe false".to_owned()));
        let test = StripeArgs { key: Some(Secret::new("sk_test_SAMPLE")), ..args() };
        assert_eq!(chosen(Some("stripe"), &test, false), Ok("stripe true".to_owned()));
        let line = chosen(Some("bank"), &none, false).unwrap_err();
        assert!(line.contains("none, sandbox or stripe"), "{line}");
    }

    #[test]
    fn what_is_needed_and_missing_is_named() {
        let line = refused(&StripeArgs { key: None, ..args() });
        assert!(line.contains("ALMONER_STRIPE_KEY") && line.contains("--stripe-key-file"));
        let line = refused(&StripeArgs { webhook_secrets: Vec::new(), ..args() });
        assert!(line.contains("ALMONER_STRIPE_WEBHOOK_SECRET"), "{line}");
        for args in [
            StripeArgs { key: Some(Secret::new("pk_live_hidden")), ..args() },
            StripeArgs { webhook_secrets: vec![Secret::new("hidden")], ..args() },
            StripeArgs { webhook_secrets: vec![Secret::new(WEBHOOK); 3], ..args() },
            StripeArgs { statement_suffix: Some("O'BRIEN".to_owned()), ..args() },
            StripeArgs { url: Some("http://stripe.example".to_owned()), ..args() },
            StripeArgs { key: None, key_file: Some("/no/such/file".to_owned()), ..args() },
        ] {
            assert!(refused(&args).contains("tripe"), "{args:?}");
        }
    }

    #[test]
    fn secrets_come_from_files_and_two_are_taken_while_one_takes_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("key"), format!("{KEY}\r\n")).unwrap();
        std::fs::write(path("webhook"), format!("{WEBHOOK}\n{WEBHOOK}_next\n")).unwrap();
        let from_files = StripeArgs {
            key_file: Some(path("key")),
            webhook_secret_file: Some(path("webhook")),
            ..StripeArgs::default()
        };
        assert_eq!(chosen(Some("stripe"), &from_files, false), Ok("stripe false".to_owned()));
        let filed = FileStripe {
            key_file: Some(path("key")),
            webhook_secret_file: Some(path("webhook")),
            ..FileStripe::default()
        };
        assert!(choose(Some("stripe"), &StripeArgs::default(), filed, false).is_ok());
        std::fs::write(path("webhook"), [WEBHOOK; 3].join("\n")).unwrap();
        refused(&from_files);
    }
}
