//! Where documents are kept, and how large one may be.

use almoner_gateways::files::{Files, S3Access};
use serde::Deserialize;

use super::secrets;
use crate::Failure;
use crate::cli::FilesArgs;

/// The largest document that is taken when nothing is said.
const DEFAULT_MB: usize = 25;
/// The largest that can be said.
const MAX_MB: usize = 1024;
/// How many requests with files are taken at the same time when nothing is said.
const DEFAULT_UPLOADS: usize = 16;
/// The most that can be said.
const MAX_UPLOADS: usize = 1024;
/// A folder's address begins so.
const FOLDER: &str = "file://";

/// What the table `[s3]` of `almoner.toml` may hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileS3 {
    endpoint: Option<String>,
    region: Option<String>,
    key_id: Option<String>,
    secret_file: Option<String>,
}

/// Where documents are kept.
#[derive(Debug, Clone)]
pub(crate) struct FilesSettings {
    address: String,
    access: S3Access,
    /// The largest document that is taken.
    pub(crate) max_document_bytes: usize,
    /// How many requests with files are taken at the same time.
    pub(crate) max_uploads: usize,
}

/// What `almoner.toml` says: the address, the limits, the store.
type Filed = (Option<String>, (Option<usize>, Option<usize>), FileS3);

impl FilesSettings {
    /// What the flags, the environment and the file say, in this order. Documents are in a folder
    /// beside an embedded database when nothing is said.
    pub(super) fn read(
        args: &FilesArgs,
        (address, (max_mb, max_uploads), s3): Filed,
        database: &str,
    ) -> Result<Self, Failure> {
        let one = |flag: &Option<String>, filed: Option<String>| flag.clone().or(filed);
        let max_mb = args.max_document_mb.or(max_mb).unwrap_or(DEFAULT_MB);
        if !(1..=MAX_MB).contains(&max_mb) {
            let line = format!("--max-document-mb {max_mb}: choose 1 to {MAX_MB}");
            return Err(Failure::Usage(line));
        }
        let max_uploads = args.max_uploads.or(max_uploads).unwrap_or(DEFAULT_UPLOADS);
        if !(1..=MAX_UPLOADS).contains(&max_uploads) {
            let line = format!("--max-uploads {max_uploads}: choose 1 to {MAX_UPLOADS}");
            return Err(Failure::Usage(line));
        }
        let address = one(&args.files, address).unwrap_or_else(|| beside(database));
        let secret = match (args.s3_secret.clone(), one(&args.s3_secret_file, s3.secret_file)) {
            (Some(secret), _) => Some(secret),
            (None, Some(path)) => Some(secrets::read_secret("--s3-secret-file", &path)?),
            (None, None) => None,
        };
        let key = match (one(&args.s3_key_id, s3.key_id), secret) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            _ => {
                let line = "--s3-key-id and its secret (ALMONER_S3_SECRET in the environment, or \
                    a file named by --s3-secret-file) belong together";
                return Err(Failure::Usage(line.to_owned()));
            }
        };
        let endpoint = one(&args.s3_endpoint, s3.endpoint);
        let access = S3Access { endpoint, region: one(&args.s3_region, s3.region), key };
        Ok(Self { address, access, max_document_bytes: max_mb * 1024 * 1024, max_uploads })
    }

    /// The store. Its folder is made when it is not there and `make` says so.
    pub(crate) fn open(&self, make: bool) -> Result<Files, Failure> {
        let Self { address, access, .. } = self;
        Files::open(address, access, make)
            .map_err(|error| Failure::Usage(format!("--files {address}: {error}")))
    }
}

/// `almoner-data/clinic-files` beside `almoner-data/clinic.db`.
fn beside(database: &str) -> String {
    let path = database.strip_prefix("sqlite://").unwrap_or("almoner-data/almoner.db");
    let stem = std::path::Path::new(path).with_extension("");
    format!("{FOLDER}{}-files", stem.display())
}

#[cfg(test)]
mod tests {
    use almoner_gateways::Secret;

    use super::*;

    fn read(args: &FilesArgs, database: &str) -> Result<FilesSettings, String> {
        let settings = FilesSettings::read(args, (None, (None, None), FileS3::default()), database);
        settings.map_err(|failure| match failure {
            Failure::Usage(line) | Failure::Failed(line) => line,
        })
    }

    #[test]
    fn documents_are_beside_the_database_unless_a_place_is_named() {
        let of = |database: &str| read(&FilesArgs::default(), database).unwrap().address;
        assert_eq!(of("sqlite://almoner-data/demo.db"), "file://almoner-data/demo-files");
        assert_eq!(of("sqlite:///srv/a.b/clinic"), "file:///srv/a.b/clinic-files");
        assert_eq!(of("postgres://x@y/z"), "file://almoner-data/almoner-files");
        let args = FilesArgs { files: Some("s3://clinic/x".into()), ..FilesArgs::default() };
        assert!(read(&args, "sqlite://a.db").unwrap().open(true).is_ok());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let wrong = |args: FilesArgs| {
            read(&args, "sqlite://a.db").and_then(|settings| match settings.open(false) {
                Ok(_) => Ok(()),
                Err(Failure::Usage(line) | Failure::Failed(line)) => Err(line),
            })
        };
        let of = |files: &str| FilesArgs { files: Some(files.into()), ..FilesArgs::default() };
        for address in ["", "/srv/files", "https://x.example/y", "s3://", "s3:///x", "file://"] {
            assert!(wrong(of(address)).is_err(), "{address}");
        }
        let large = FilesArgs { max_document_mb: Some(2_000), ..FilesArgs::default() };
        assert!(wrong(large).unwrap_err().contains("1 to 1024"));
        let none = FilesArgs { max_uploads: Some(0), ..FilesArgs::default() };
        assert!(wrong(none).unwrap_err().contains("1 to 1024"));
        let key = FilesArgs { s3_key_id: Some("ID".into()), ..of("s3://clinic") };
        assert!(wrong(key.clone()).unwrap_err().contains("belong together"));
        assert!(wrong(FilesArgs { s3_secret: Some(Secret::new("SAMPLE")), ..key }).is_ok());
    }
}
