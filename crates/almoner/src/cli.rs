//! The command line.
#![expect(clippy::doc_markdown, reason = "these lines are the help that people read")]

use std::path::PathBuf;

use almoner_gateways::Secret;
use almoner_store::copy::PARTITIONS;
use clap::{Args, Parser, Subcommand};

use crate::settings::secrets;

/// A clinic's desk for patient payments.
#[derive(Debug, Parser)]
#[command(name = "almoner", version, about)]
pub(crate) struct Cli {
    /// Settings that every command takes.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Settings by flag or environment; `almoner.toml` may hold them too.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SettingArgs {
    /// Where the database is: sqlite://PATH or postgres://USER@HOST/NAME.
    #[arg(long, global = true, env = "ALMONER_DATABASE")]
    pub database: Option<String>,
    /// A streaming replica of a database at postgres://…, from which pages, lists, reports and
    /// exports are read, as far as it is no more than a few seconds behind. Whoever changed
    /// something sees it at once. None when not given.
    #[arg(long, global = true, env = "ALMONER_READ_DATABASE")]
    pub read_database: Option<String>,
    /// The address to listen on, such as 127.0.0.1:8080; port 0 takes a free one.
    #[arg(long, global = true, env = "ALMONER_LISTEN")]
    pub listen: Option<String>,
    /// The address under which browsers reach the pages, such as https://pay.example.org.
    #[arg(long, global = true, env = "ALMONER_BASE_URL")]
    pub base_url: Option<String>,
    /// The file with the keys that seal payment links; made when it is not there. All servers of
    /// one database need the same one, and a backup without it loses the links that were sent.
    #[arg(long, global = true, env = "ALMONER_LINK_KEY_FILE")]
    pub link_key_file: Option<String>,
    /// Where documents are kept.
    #[command(flatten)]
    pub files: FilesArgs,
    /// Who takes card payments: none, stripe or sandbox (test money).
    #[arg(long, global = true, env = "ALMONER_PROCESSOR")]
    pub processor: Option<String>,
    /// How the clinic is known to Stripe.
    #[command(flatten)]
    pub stripe: StripeArgs,
    /// The address of the proxy in front that ends TLS and names the client.
    #[arg(long, global = true, env = "ALMONER_TRUSTED_PROXY")]
    pub trusted_proxy: Option<String>,
    /// What is told to those who watch the program.
    #[command(flatten)]
    pub watching: WatchingArgs,
    /// For how many seconds requests are still taken once the program is asked to stop, while
    /// /readyz says no already: as long as a balancer in front needs to notice (default 0).
    #[arg(long, global = true, env = "ALMONER_DRAIN_SECONDS")]
    pub drain_seconds: Option<u64>,
    /// Who carries eligibility questions to payers.
    #[command(flatten)]
    pub clearinghouse: ClearinghouseArgs,
    /// Who carries letters to patients.
    #[command(flatten)]
    pub mail: MailArgs,
    /// Send events to webhooks on this machine and in private networks too, and without TLS.
    #[arg(long, global = true, env = "ALMONER_WEBHOOKS_ALLOW_PRIVATE")]
    #[arg(value_parser = clap::builder::BoolishValueParser::new())]
    pub webhooks_allow_private: bool,
    /// A file with settings.
    #[arg(long, global = true, env = "ALMONER_CONFIG", default_value = "almoner.toml")]
    pub config: PathBuf,
}

/// What is told to those who watch the program.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WatchingArgs {
    /// How log lines are written: text or json.
    #[arg(long, global = true, env = "ALMONER_LOG_FORMAT")]
    pub log_format: Option<String>,
    /// Which log lines are written, such as info or almoner_web=debug.
    #[arg(long, global = true, env = "ALMONER_LOG")]
    pub log: Option<String>,
    /// The address at which metrics for Prometheus are told, such as 127.0.0.1:9464; nowhere when
    /// not given.
    #[arg(long, global = true, env = "ALMONER_METRICS_LISTEN")]
    pub metrics_listen: Option<String>,
    /// Lets metrics be told to the network, where everybody who reaches the address reads them.
    #[arg(long, global = true, env = "ALMONER_METRICS_OPEN")]
    pub metrics_open: bool,
    /// A collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; none when
    /// not given.
    #[arg(long, global = true, env = "ALMONER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

/// Where documents are kept; `almoner.toml` has a table `[s3]`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FilesArgs {
    /// Where documents are kept: file://FOLDER (default: a folder beside the database) or
    /// s3://BUCKET/PREFIX. All servers of one database need the same place.
    #[arg(long = "files", id = "files_address", global = true, env = "ALMONER_FILES")]
    pub files: Option<String>,
    /// The largest document that is taken, in MB (default 25).
    #[arg(long, global = true, env = "ALMONER_MAX_DOCUMENT_MB")]
    pub max_document_mb: Option<usize>,
    /// How many requests that bring files are taken at the same time (default 16).
    #[arg(long, global = true, env = "ALMONER_MAX_UPLOADS")]
    pub max_uploads: Option<usize>,
    /// The address of the S3 store when it is not Amazon's, such as https://files.example.org.
    #[arg(long, global = true, env = "ALMONER_S3_ENDPOINT")]
    pub s3_endpoint: Option<String>,
    /// The region of the bucket (default us-east-1).
    #[arg(long, global = true, env = "ALMONER_S3_REGION")]
    pub s3_region: Option<String>,
    /// The id of our key at the S3 store; without one, the role of the machine is asked for.
    #[arg(long, global = true, env = "ALMONER_S3_KEY_ID")]
    pub s3_key_id: Option<String>,
    /// The secret that belongs to it, from the environment alone: a command line can be read by
    /// others.
    #[arg(skip)]
    pub s3_secret: Option<Secret>,
    /// A file that holds the secret, unless ALMONER_S3_SECRET does.
    #[arg(long, global = true, env = "ALMONER_S3_SECRET_FILE")]
    pub s3_secret_file: Option<String>,
}

/// How the clinic is known to Stripe; `almoner.toml` has a table `[stripe]`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StripeArgs {
    /// The key, from the environment alone: a command line can be read by others.
    #[arg(skip)]
    pub key: Option<Secret>,
    /// A file that holds Stripe's secret or restricted key, unless ALMONER_STRIPE_KEY does.
    #[arg(long = "stripe-key-file", id = "stripe_key_file")]
    #[arg(global = true, env = "ALMONER_STRIPE_KEY_FILE")]
    pub key_file: Option<String>,
    /// What webhooks are signed with, from the environment alone.
    #[arg(skip)]
    pub webhook_secrets: Vec<Secret>,
    /// A file that holds what Stripe signs webhooks with, unless ALMONER_STRIPE_WEBHOOK_SECRET
    /// does: one secret, or two on lines of their own while one takes over.
    #[arg(long = "stripe-webhook-secret-file", id = "stripe_webhook_secret_file")]
    #[arg(global = true, env = "ALMONER_STRIPE_WEBHOOK_SECRET_FILE")]
    pub webhook_secret_file: Option<String>,
    /// What card statements say after the Stripe account's own prefix, at most 10 characters.
    #[arg(long = "stripe-statement-suffix", id = "stripe_statement_suffix")]
    #[arg(global = true, env = "ALMONER_STRIPE_STATEMENT_SUFFIX")]
    pub statement_suffix: Option<String>,
    /// Another address than Stripe's own, for tests.
    #[arg(long = "stripe-url", id = "stripe_url")]
    #[arg(global = true, env = "ALMONER_STRIPE_URL")]
    pub url: Option<String>,
}

/// Who carries eligibility questions to payers; `almoner.toml` has a table `[clearinghouse]`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ClearinghouseArgs {
    /// Who carries eligibility questions to payers: none, file-drop, http or sandbox (invented).
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE")]
    pub clearinghouse: Option<String>,
    /// The folder with outbox and inbox for file-drop (default almoner-data/clearinghouse).
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_FOLDER")]
    pub clearinghouse_folder: Option<String>,
    /// The address of an http clearinghouse, such as https://clearinghouse.example/core.
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_URL")]
    pub clearinghouse_url: Option<String>,
    /// How http wraps questions: mime (default), soap or plain.
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_ENVELOPE")]
    pub clearinghouse_envelope: Option<String>,
    /// Our user name at an http clearinghouse.
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_USER")]
    pub clearinghouse_user: Option<String>,
    /// Our password there, from the environment alone: a command line can be read by others.
    #[arg(skip)]
    pub clearinghouse_password: Option<Secret>,
    /// A file that holds the password, unless ALMONER_CLEARINGHOUSE_PASSWORD does.
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_PASSWORD_FILE")]
    pub clearinghouse_password_file: Option<String>,
    /// Certificates in PEM of authorities to trust besides the public ones.
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_CA_FILE")]
    pub clearinghouse_ca_file: Option<String>,
    /// The clinic's id at the clearinghouse (ISA06).
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_SENDER_ID")]
    pub clearinghouse_sender_id: Option<String>,
    /// What kind of id that is (ISA05; default ZZ).
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_SENDER_QUALIFIER")]
    pub clearinghouse_sender_qualifier: Option<String>,
    /// The clearinghouse's own id (ISA08).
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_RECEIVER_ID")]
    pub clearinghouse_receiver_id: Option<String>,
    /// What kind of id that is (ISA07; default ZZ).
    #[arg(long, global = true, env = "ALMONER_CLEARINGHOUSE_RECEIVER_QUALIFIER")]
    pub clearinghouse_receiver_qualifier: Option<String>,
}

impl SettingArgs {
    /// Takes the secrets from the environment, where no other user of the machine reads them.
    pub(crate) fn take_secrets(&mut self) {
        let secret = |name| from_environment(name).map(Secret::new);
        self.clearinghouse.clearinghouse_password = secret("ALMONER_CLEARINGHOUSE_PASSWORD");
        self.mail.mail_password = secret("ALMONER_MAIL_PASSWORD");
        self.files.s3_secret = secret("ALMONER_S3_SECRET");
        self.stripe.key = secret("ALMONER_STRIPE_KEY");
        let parted = from_environment("ALMONER_STRIPE_WEBHOOK_SECRET");
        self.stripe.webhook_secrets = secrets::parted(&parted.unwrap_or_default());
    }
}

#[expect(clippy::disallowed_methods, reason = "settings that must not be flags")]
fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Who carries letters to patients; `almoner.toml` has a table `[mail]`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct MailArgs {
    /// Who carries payment links to patients by e-mail: none (default) or smtp.
    #[arg(long, global = true, env = "ALMONER_MAIL")]
    pub mail: Option<String>,
    /// The mail server's name.
    #[arg(long, global = true, env = "ALMONER_MAIL_HOST")]
    pub mail_host: Option<String>,
    /// Its port (default 465 for implicit, 587 for starttls, 25 for none).
    #[arg(long, global = true, env = "ALMONER_MAIL_PORT")]
    pub mail_port: Option<u16>,
    /// How the way there is kept from others: implicit (TLS, default), starttls, or none, which
    /// only a server on this machine may have.
    #[arg(long, global = true, env = "ALMONER_MAIL_SECURITY")]
    pub mail_security: Option<String>,
    /// Our user name at the mail server, when it asks for one.
    #[arg(long, global = true, env = "ALMONER_MAIL_USER")]
    pub mail_user: Option<String>,
    /// Our password there, from the environment alone: a command line can be read by others.
    #[arg(skip)]
    pub mail_password: Option<Secret>,
    /// A file that holds the password, unless ALMONER_MAIL_PASSWORD does.
    #[arg(long, global = true, env = "ALMONER_MAIL_PASSWORD_FILE")]
    pub mail_password_file: Option<String>,
    /// Certificates in PEM of authorities to trust besides the public ones.
    #[arg(long, global = true, env = "ALMONER_MAIL_CA_FILE")]
    pub mail_ca_file: Option<String>,
    /// The address that letters come from, such as desk@clinic.example.
    #[arg(long, global = true, env = "ALMONER_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// The address that bounced letters go back to (default: the one that letters come from).
    #[arg(long, global = true, env = "ALMONER_MAIL_RETURN_PATH")]
    pub mail_return_path: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start with an invented clinic in ./almoner-data and test money.
    Demo,
    /// Fill a database of its own with very many invented payments and patients.
    ///
    /// It makes an organization with staff whose password everybody knows, so it refuses every
    /// database that holds an organization, invented or real; an embedded database must not be
    /// there yet. Broken off, it leaves nothing but that empty organization: begin again with
    /// another database. Start `almoner demo` on it afterwards.
    DemoData(DemoDataArgs),
    /// Start the server.
    Serve,
    /// Bring the database to this version.
    Migrate,
    /// Organizations.
    #[command(subcommand)]
    Org(OrgCommand),
    /// Staff accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Keys of other programs.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Eligibility checks.
    #[command(subcommand)]
    Eligibility(EligibilityCommand),
    /// Files of patients and treatments.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Prove that every cent is accounted for; exits 1 with the first difference.
    Verify {
        /// A seal that must be among the audit log's, as it was logged.
        #[arg(long)]
        anchor: Option<String>,
        /// How closely documents are looked at: content, size (whether each is there) or none.
        #[arg(long, default_value = "content")]
        documents: String,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
    /// Write all that the database holds into a new file, while the server goes on working.
    ///
    /// The file holds the database as it was at one moment, whichever kind of database it is, and
    /// a record of what it must hold. Documents and the keys of payment links are not in it.
    Backup {
        /// The file; it must not be there yet.
        file: PathBuf,
    },
    /// Write a backup into a database that holds no organization yet.
    ///
    /// The file is compared with its own record first, and what was written with what was read
    /// before it is kept.
    Restore {
        /// The file that `almoner backup` wrote.
        file: PathBuf,
        /// Have large tables lie in so many partitions there, each organization's rows in one.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(PARTITIONS))]
        partitions: Option<i64>,
    },
    /// Copy all of a database into another that is empty, and prove that nothing is missing.
    ///
    /// Each table's rows are counted, its amounts added up and all of it hashed on both sides
    /// before anything is kept. Broken off, it leaves nothing: begin again. Stop the server first;
    /// the old database is left as it is.
    Move {
        /// Where the data is: sqlite://PATH or postgres://USER@HOST/NAME.
        #[arg(long, value_name = "URL")]
        from: String,
        /// Where it is to be: a file that is not there yet, or a database without tables.
        #[arg(long, value_name = "URL")]
        to: String,
        /// Have large tables lie in so many partitions there, each organization's rows in one.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(PARTITIONS))]
        partitions: Option<i64>,
    },
}

/// How much demo data there is to be.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DemoDataArgs {
    /// How many payments, of the last three years.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=100_000_000))]
    pub payments: i64,
    /// How many patients.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=100_000_000))]
    pub patients: i64,
    /// What chance begins with; the same seed gives the same data at the same moment.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How many locations.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=500))]
    pub locations: i64,
}

/// Organizations.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Add an organization with a first location of the same name; prints its slug.
    Add {
        /// The clinic's name.
        name: String,
        /// The time zone of its days and months.
        #[arg(long, default_value = "America/New_York")]
        time_zone: String,
    },
    /// List the organizations.
    List,
    /// Write all that belongs to an organization into one archive, while the server goes on.
    ///
    /// The archive holds every row as JSON and every document, and says what each must be. It holds
    /// patients' data and the hashes of passwords: keep it as secret as the database.
    Export {
        /// The file, such as clinic.zip; it must not be there yet.
        file: PathBuf,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
    /// Bring an archive into a database where its organization is new, and prove it.
    ///
    /// Keys of other programs, webhooks and links that were sent do not come along; they are made
    /// again. Broken off, or refused, it leaves no row.
    Import {
        /// The file that `almoner org export` wrote.
        file: PathBuf,
    },
}

/// Staff accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add an account; prints a password to hand over, unless one comes by stdin.
    Add {
        /// The e-mail address to sign in with.
        email: String,
        /// `front_desk`, `biller`, `manager`, `administrator` or `auditor`.
        #[arg(long)]
        role: String,
        /// The name that others see; the address when not given.
        #[arg(long)]
        name: Option<String>,
        /// Read the password from the first line of stdin.
        #[arg(long)]
        password_stdin: bool,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
    /// Give an account a new password, open it again and end its sessions.
    Reset {
        /// The e-mail address.
        email: String,
        /// Read the password from the first line of stdin.
        #[arg(long)]
        password_stdin: bool,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
    /// Close an account and end its sessions.
    Disable {
        /// The e-mail address.
        email: String,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
}

/// Keys of other programs.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; prints it once.
    Create {
        /// What it is called, such as the name of the other program.
        #[arg(long)]
        name: String,
        /// What it is for, parted by commas, such as eligibility:write,estimates:read.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// After how many days it ends; it does not end by itself when not given.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
        expires: Option<i64>,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
    /// List the keys: id, name, scopes, when each ends and when it was last used.
    List {
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
    /// Revoke a key: from now on it opens nothing.
    Revoke {
        /// The key's id, such as KEY-001.
        id: String,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
}

/// Eligibility checks.
#[derive(Debug, Subcommand)]
pub(crate) enum EligibilityCommand {
    /// Import 271 files; exits 1 when nothing could be read from one of them.
    Import {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The organization's slug; not needed while there is one.
        #[arg(long)]
        org: Option<String>,
    },
}

/// Files of patients and treatments.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import patients from a CSV file; exits 1 when a row is faulty, and imports nothing then.
    Patients(CsvImport),
    /// Import treatments from a CSV file; exits 1 when a row is faulty, and imports nothing then.
    Treatments(CsvImport),
    /// Import FHIR R4 bundles, each whole or not at all; exits 1 when one has a fault.
    Fhir(FhirImport),
}

/// Bundles of FHIR R4.
#[derive(Debug, Args)]
pub(crate) struct FhirImport {
    /// The files, in the order in which one may refer to another.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Where visits were whose place a bundle does not say, such as LOC-001.
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// The organization's slug; not needed while there is one.
    #[arg(long)]
    pub(crate) org: Option<String>,
}

/// A file of comma-separated values, and how it is read.
#[derive(Debug, Args)]
pub(crate) struct CsvImport {
    /// The file, in UTF-8; its first line has the headings.
    pub(crate) file: PathBuf,
    /// Which heading a field has, such as mrn=Chart; the others are recognised.
    #[arg(long, value_name = "FIELD=HEADING")]
    pub(crate) map: Vec<String>,
    /// The order of dates: YYYY-MM-DD, MM/DD/YYYY or DD/MM/YYYY.
    #[arg(long, default_value = "YYYY-MM-DD")]
    pub(crate) dates: String,
    /// Where treatments took place whose row does not say, such as LOC-001.
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// Leave faulty rows out and import the others.
    #[arg(long)]
    pub(crate) skip_faulty: bool,
    /// The organization's slug; not needed while there is one.
    #[arg(long)]
    pub(crate) org: Option<String>,
}
