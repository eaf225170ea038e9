//! The steps that bring a database to this version of the schema.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType};

use super::Engine;

/// The steps for an engine: both take the same ones, each in its own words. A new one is added at
/// the end; one that was released is never edited.
macro_rules! steps {
    ($engine:literal) => {
        steps!($engine:
            1 "0001_foundation",
            2 "0002_eligibility_settings",
            3 "0003_api",
            4 "0004_inquiries",
            5 "0005_check_search",
            6 "0006_file_parts",
            7 "0007_payment_links",
            8 "0008_attempts",
            9 "0009_receipts",
            10 "0010_mail",
            11 "0011_money",
            12 "0012_queues",
            13 "0013_documents",
            14 "0014_drawer_counts",
            15 "0015_views",
            16 "0016_duplicates",
            17 "0017_receipt_lookups",
            18 "0018_names_in_order",
            19 "0019_programs",
            20 "0020_records",
            21 "0021_webhooks",
            22 "0022_imports",
            23 "0023_foreign_codes",
            24 "0024_payment_changes",
            25 "0025_payment_kinds",
            26 "0026_payment_kind_amounts",
        )
    };
    ($engine:literal: $($version:literal $name:literal,)+) => {
        [$((
            $version,
            $name,
            include_str!(concat!("../../migrations/", $engine, "/", $name, ".sql")),
        )),+]
    };
}

/// The steps of the schema, in order.
pub(super) fn migrations(engine: Engine) -> Vec<Migration> {
    let steps = match engine {
        Engine::Sqlite => steps!("sqlite"),
        Engine::Postgres => steps!("postgres"),
    };
    let step = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    steps.into_iter().map(step).collect()
}

/// A number that changes with the schema, for databases that are made once and kept.
#[cfg(feature = "testing")]
pub(crate) fn schema_mark(engine: Engine) -> u64 {
    let texts = migrations(engine);
    let bytes = texts.iter().flat_map(|step| step.sql.as_str().bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
