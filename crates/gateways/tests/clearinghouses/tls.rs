//! TLS to a clearinghouse: who it is must be proved before anything is said.

use std::sync::Arc;
use std::time::Duration;

use almoner_domain::ambient::SetClock;
use almoner_gateways::clearinghouse::http::{Envelope, HttpSettings, Timeouts};
use almoner_gateways::clearinghouse::{Clearinghouse as _, ClearinghouseError, Http, Question};
use almoner_gateways::testing::{Payer, partners};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;

use crate::questions::{answer, inquiry, text};

/// A payer whose certificate is for `host`, and the certificate of the authority that says so.
async fn payer_of(host: &str) -> (Payer, Vec<u8>) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let payer = Payer::start_with_tls(certificate.der().clone(), key).await;
    (payer, authority.pem().into_bytes())
}

async fn ask(settings: HttpSettings) -> Result<almoner_x12::Answer, ClearinghouseError> {
    let clock = Arc::new(SetClock::at("2026-03-02T14:15:30Z".parse().expect("a time")));
    let house = Http::new(settings, clock).unwrap_or_else(|fault| panic!("{fault}"));
    let text = text(&inquiry("1EG4TE5MK73", &partners()));
    house.ask(Question { reference: "ALM-77", text: &text }).await.map(answer)
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let (payer, authority) = payer_of("localhost").await;
    let settings = payer.settings(Envelope::Soap);
    assert!(settings.url.starts_with("https://"));
    let found = ask(HttpSettings { authorities: Some(authority), ..settings }).await;
    assert_eq!(found.expect("an answer").traces, ["ALM-77"]);
    assert_eq!(payer.received().len(), 1);
}

#[tokio::test]
async fn nothing_is_said_to_whoever_cannot_prove_who_it_is() {
    let (stranger, _) = payer_of("localhost").await;
    let (other, authority) = payer_of("other.example").await;
    let plain = Payer::start().await;
    let timeouts = Timeouts { connect: Duration::from_secs(2), ..Timeouts::default() };
    let unknown = HttpSettings { timeouts, ..stranger.settings(Envelope::Mime) };
    let wrong_name =
        HttpSettings { authorities: Some(authority), ..other.settings(Envelope::Mime) };
    let mut no_tls = HttpSettings { timeouts, ..plain.settings(Envelope::Mime) };
    no_tls.url = no_tls.url.replace("http://", "https://");
    for settings in [unknown, wrong_name, no_tls] {
        let found = ask(settings.clone()).await;
        let is_not_taken = matches!(found, Err(ClearinghouseError::NotTaken(_)));
        assert!(is_not_taken, "{}: {found:?}", settings.url);
    }
    assert_eq!(stranger.received().len() + other.received().len() + plain.received().len(), 0);
}
