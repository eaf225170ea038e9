//! Settings: by flag, by `ALMONER_*` in the environment, by `almoner.toml`, in this order.

mod clearinghouse;
pub(crate) mod files;
pub(crate) mod link_keys;
mod mail;
mod processor;
pub(crate) mod secrets;
mod watching;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use almoner_gateways::clearinghouse::Clearinghouse;
use almoner_gateways::mail::Mailer;
use almoner_gateways::measured;
use almoner_gateways::processor::Processor;
use almoner_gateways::webhooks::{HttpWebhooks, Webhooks};
use serde::Deserialize;

use crate::Failure;
use crate::cli::SettingArgs;

/// Where the server listens when nothing is said.
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// Where the data is when nothing is said.
const DEFAULT_DATABASE: &str = "sqlite://almoner-data/almoner.db";
/// Where the demo's is: never in the same place as real data.
const DEMO_DATABASE: &str = "sqlite://almoner-data/demo.db";

/// Where the keys of payment links are when nothing is said.
const DEFAULT_LINK_KEYS: &str = "almoner-data/link.key";

/// The longest that requests are taken once the program is asked to stop.
const MAX_DRAIN_SECONDS: u64 = 300;

/// What `almoner.toml` may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileSettings {
    database: Option<String>,
    read_database: Option<String>,
    listen: Option<String>,
    base_url: Option<String>,
    link_key_file: Option<String>,
    files: Option<String>,
    max_document_mb: Option<usize>,
    max_uploads: Option<usize>,
    s3: files::FileS3,
    processor: Option<String>,
    stripe: processor::FileStripe,
    clearinghouse: clearinghouse::FileClearinghouse,
    mail: mail::FileMail,
    webhooks_allow_private: bool,
    trusted_proxy: Option<String>,
    log_format: Option<String>,
    log: Option<String>,
    metrics_listen: Option<String>,
    metrics_open: bool,
    otlp_endpoint: Option<String>,
    drain_seconds: Option<u64>,
}

/// The settings that hold.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The database's address.
    pub database: String,
    /// A replica's address, to read from.
    pub read_database: Option<String>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address that browsers use, without a slash at its end; `None` until the port is known.
    pub base_url: Option<String>,
    /// The keys that seal payment links.
    pub link_key_file: PathBuf,
    /// Where documents are kept.
    pub files: files::FilesSettings,
    /// Who takes card payments.
    pub processor: Arc<dyn Processor>,
    /// Who carries eligibility questions to payers.
    pub clearinghouse: Arc<dyn Clearinghouse>,
    /// Who carries letters to patients.
    pub mailer: Arc<dyn Mailer>,
    /// Tells other programs of events.
    pub webhooks: Arc<dyn Webhooks>,
    /// The proxy that may name the client.
    pub trusted_proxy: Option<std::net::IpAddr>,
    /// What is told to those who watch the program.
    pub watching: watching::Watching,
    /// For how long requests are still taken once the program is asked to stop.
    pub drain: Duration,
}

/// Hosts that only this machine reaches.
const LOCAL_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether an `http://` address is of that host.
fn is_host(url: &str, host: &str) -> bool {
    let rest = url.trim_start_matches("http://").strip_prefix(host);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}

fn read_file(path: &Path) -> Result<FileSettings, Failure> {
    if !path.exists() {
        return Ok(FileSettings::default());
    }
    let file = config::File::from(path).format(config::FileFormat::Toml);
    let settings = config::Config::builder().add_source(file).build();
    let settings = settings.and_then(config::Config::try_deserialize);
    settings.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

impl Settings {
    /// The settings from the command line, the environment and the file.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a setting that cannot be understood.
    pub(crate) fn read(args: &SettingArgs, demo: bool) -> Result<Self, Failure> {
        let file = read_file(&args.config)?;
        let one = |flag: &Option<String>, filed: Option<String>| flag.clone().or(filed);
        let listen = one(&args.listen, file.listen).unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        let listen = listen.parse().map_err(|_| {
            Failure::Usage(format!("--listen {listen} is no address like 127.0.0.1:8080"))
        })?;
        let name = one(&args.processor, file.processor);
        let processor = processor::choose(name.as_deref(), &args.stripe, file.stripe, demo)?;
        let clearinghouse = clearinghouse::choose(&args.clearinghouse, file.clearinghouse, demo)?;
        let mailer = mail::choose(&args.mail, file.mail)?;
        let allow_private = args.webhooks_allow_private || file.webhooks_allow_private;
        let trusted_proxy = one(&args.trusted_proxy, file.trusted_proxy)
            .map(|address| {
                address.parse().map_err(|_| {
                    Failure::Usage(format!("--trusted-proxy {address} is no IP address"))
                })
            })
            .transpose()?;
        let filed = watching::FileWatching {
            log_format: file.log_format,
            log: file.log,
            metrics_listen: file.metrics_listen,
            metrics_open: file.metrics_open,
            otlp_endpoint: file.otlp_endpoint,
        };
        let watching = watching::Watching::read(&args.watching, filed)?;
        let drain = args.drain_seconds.or(file.drain_seconds).unwrap_or_default();
        if drain > MAX_DRAIN_SECONDS {
            let line = format!("--drain-seconds {drain}: choose 0 to {MAX_DRAIN_SECONDS}");
            return Err(Failure::Usage(line));
        }
        let base_url = one(&args.base_url, file.base_url);
        let database = one(&args.database, file.database)
            .unwrap_or_else(|| if demo { DEMO_DATABASE } else { DEFAULT_DATABASE }.to_owned());
        let limits = (file.max_document_mb, file.max_uploads);
        let filed = (file.files, limits, file.s3);
        Ok(Self {
            files: files::FilesSettings::read(&args.files, filed, &database)?,
            database,
            read_database: one(&args.read_database, file.read_database),
            listen,
            base_url: base_url.map(|url| url.trim_end_matches('/').to_owned()),
            link_key_file: one(&args.link_key_file, file.link_key_file)
                .unwrap_or_else(|| DEFAULT_LINK_KEYS.to_owned())
                .into(),
            processor,
            clearinghouse,
            mailer,
            webhooks: Arc::new(HttpWebhooks::new(allow_private)),
            trusted_proxy,
            watching,
            drain: Duration::from_secs(drain),
        })
    }

    /// The same settings, whose outside parties are measured.
    pub(crate) fn measured(self) -> Self {
        Self {
            processor: measured::processor(self.processor),
            clearinghouse: measured::clearinghouse(self.clearinghouse),
            mailer: measured::mailer(self.mailer),
            webhooks: measured::webhooks(self.webhooks),
            ..self
        }
    }

    /// What makes these settings unsafe for real data, if anything.
    pub(crate) fn unsafe_for_real_data(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.listen.ip().is_loopback() && self.trusted_proxy.is_none() {
            faults.push(format!(
                "--listen {} would serve plain http to the network; listen on 127.0.0.1, or name \
                 the proxy that ends TLS with --trusted-proxy",
                self.listen
            ));
        }
        if let Some(url) = &self.base_url
            && url.starts_with("http://")
            && !LOCAL_HOSTS.iter().any(|host| is_host(url, host))
        {
            faults.push(format!("--base-url {url} would send sessions without TLS; use https://"));
        }
        faults.extend(self.unsafe_processor());
        if self.clearinghouse.is_test() {
            faults.push("--clearinghouse sandbox invents answers; it is for the demo".to_owned());
        }
        match &self.base_url {
            Some(url) if self.trusted_proxy.is_some() && !url.starts_with("https://") => {
                faults.push(format!("--base-url {url} must begin with https:// behind a proxy"));
            }
            None if self.trusted_proxy.is_some() => {
                faults.push("--base-url is needed behind a proxy".to_owned());
            }
            _ => {}
        }
        faults
    }

    fn unsafe_processor(&self) -> Option<String> {
        let name = self.processor.name();
        if self.processor.is_test_money() {
            let what = if name == "stripe" { "with a test key " } else { "" };
            return Some(format!("--processor {name} {what}is test money; it is for the demo"));
        }
        let comes_back = name == "stripe" && self.base_url.is_none();
        comes_back.then(|| {
            "--base-url is needed with --processor stripe, which sends payers back to it".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use almoner_gateways::Secret;

    use super::*;
    use crate::cli::{StripeArgs, WatchingArgs};

    fn read(args: &SettingArgs) -> Result<Settings, Failure> {
        Settings::read(args, false)
    }

    fn faults(listen: &str, proxy: Option<&str>, base_url: Option<&str>) -> usize {
        let args = SettingArgs {
            listen: Some(listen.to_owned()),
            trusted_proxy: proxy.map(str::to_owned),
            base_url: base_url.map(str::to_owned),
            ..SettingArgs::default()
        };
        read(&args).unwrap_or_else(|_| panic!("readable")).unsafe_for_real_data().len()
    }

    #[test]
    fn plain_http_is_only_for_this_machine() {
        assert_eq!(faults("127.0.0.1:0", None, None), 0);
        assert_eq!(faults("0.0.0.0:8080", None, None), 1);
        assert_eq!(faults("0.0.0.0:8080", Some("10.0.0.1"), Some("http://a.example")), 2);
        assert_eq!(faults("127.0.0.1:8080", None, Some("http://clinic.lan")), 1);
        assert_eq!(faults("127.0.0.1:8080", None, Some("http://127.0.0.1.evil.example")), 1);
        assert_eq!(faults("127.0.0.1:8080", None, Some("http://localhost:8080")), 0);
        assert_eq!(faults("0.0.0.0:8080", Some("10.0.0.1"), Some("https://a.example")), 0);
        assert_eq!(faults("127.0.0.1:8080", Some("127.0.0.1"), None), 1);
    }

    #[test]
    fn payers_of_a_real_clinic_come_back_to_a_known_address() {
        let faults = |key: &str, base_url: Option<&str>| {
            let stripe = StripeArgs {
                key: Some(Secret::new(key)),
                webhook_secrets: vec![Secret::new("whsec_SAMPLE")],
                ..StripeArgs::default()
            };
            let args = SettingArgs {
                processor: Some("stripe".to_owned()),
                base_url: base_url.map(str::to_owned),
                stripe,
                ..SettingArgs::default()
            };
            read(&args).unwrap_or_else(|_| panic!("readable")).unsafe_for_real_data()
        };
        let base_url = Some("https://pay.example.org");
        assert_eq!(faults("sk_live_SAMPLE", base_url), [""; 0]);
        assert!(faults("sk_live_SAMPLE", None)[0].contains("--base-url is needed"));
        assert!(faults("sk_test_SAMPLE", base_url)[0].contains("test money"));
    }

    #[test]
    fn what_cannot_be_understood_is_wrong_usage() {
        let wrong = |args: SettingArgs| matches!(read(&args), Err(Failure::Usage(_)));
        assert!(wrong(SettingArgs { listen: Some("here".into()), ..SettingArgs::default() }));
        assert!(wrong(SettingArgs { processor: Some("x".into()), ..SettingArgs::default() }));
        let watching = WatchingArgs { log_format: Some("x".into()), ..WatchingArgs::default() };
        assert!(wrong(SettingArgs { watching, ..SettingArgs::default() }));
        assert!(wrong(SettingArgs { drain_seconds: Some(301), ..SettingArgs::default() }));
        assert!(wrong(SettingArgs { trusted_proxy: Some("x".into()), ..SettingArgs::default() }));
    }

    #[test]
    fn the_settings_of_the_package_are_safe_as_they_are() {
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/almoner.toml");
        let args = SettingArgs { config: shipped.into(), ..SettingArgs::default() };
        let settings = read(&args).unwrap_or_else(|_| panic!("readable"));
        assert_eq!(settings.unsafe_for_real_data(), [""; 0]);
        assert!(settings.watching.json_logs && settings.watching.metrics_listen.is_none());
        assert!(settings.database.ends_with(":///var/lib/almoner/almoner.db"));
    }

    #[test]
    fn a_file_holds_settings_and_unknown_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("almoner.toml");
        std::fs::write(&path, "database = \"sqlite://x.db\"\nprocessor = \"sandbox\"").unwrap();
        let settings = read(&SettingArgs { config: path.clone(), ..SettingArgs::default() });
        let settings = settings.unwrap_or_else(|_| panic!("readable"));
        assert_eq!(settings.database, "sqlite://x.db");
        assert_eq!(settings.processor.name(), "sandbox");
        let text = "[clearinghouse]\nkind = \"sandbox\"";
        std::fs::write(&path, text).unwrap();
        let settings = read(&SettingArgs { config: path.clone(), ..SettingArgs::default() });
        let settings = settings.unwrap_or_else(|_| panic!("readable"));
        assert_eq!(settings.clearinghouse.name(), "sandbox");
        assert_eq!(settings.unsafe_for_real_data().len(), 1);
        let misplaced = ["[clearinghouse]\npassword = \"x\"", "[stripe]\nkey = \"x\""];
        for text in misplaced.into_iter().chain(["databse = \"x\""]) {
            std::fs::write(&path, text).unwrap();
            let args = SettingArgs { config: path.clone(), ..SettingArgs::default() };
            assert!(read(&args).is_err(), "{text}");
        }
    }
}
