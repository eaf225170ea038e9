//! Who carries eligibility questions to payers: none, a folder, a clearinghouse over HTTP, or the
//! demo's sandbox.

use std::path::Path;
use std::sync::Arc;

use almoner_domain::ambient::SystemClock;
use almoner_gateways::Secret;
use almoner_gateways::clearinghouse::http::{Envelope, HttpSettings, Timeouts};
use almoner_gateways::clearinghouse::{
    Clearinghouse, FileDrop, Http, NoClearinghouse, Partners, SandboxPayer,
};
use serde::Deserialize;

use crate::Failure;
use crate::cli::ClearinghouseArgs;

/// Where files are exchanged when nothing is said.
const DEFAULT_FOLDER: &str = "almoner-data/clearinghouse";
/// The kind of both parties' ids when nothing is said: mutually defined.
const DEFAULT_QUALIFIER: &str = "ZZ";
/// What the settings may name.
const KINDS: &str = "none, file-drop, http or sandbox";

/// What the table `[clearinghouse]` of `almoner.toml` may hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileClearinghouse {
    kind: Option<String>,
    folder: Option<String>,
    url: Option<String>,
    envelope: Option<String>,
    user: Option<String>,
    password_file: Option<String>,
    ca_file: Option<String>,
    sender_id: Option<String>,
    sender_qualifier: Option<String>,
    receiver_id: Option<String>,
    receiver_qualifier: Option<String>,
}

/// The clearinghouse that the flags, the environment and the file name, in this order.
pub(super) fn choose(
    args: &ClearinghouseArgs,
    file: FileClearinghouse,
    demo: bool,
) -> Result<Arc<dyn Clearinghouse>, Failure> {
    let one = |flag: &Option<String>, filed: Option<String>| flag.clone().or(filed);
    let wanted = ClearinghouseArgs {
        clearinghouse: one(&args.clearinghouse, file.kind),
        clearinghouse_folder: one(&args.clearinghouse_folder, file.folder),
        clearinghouse_url: one(&args.clearinghouse_url, file.url),
        clearinghouse_envelope: one(&args.clearinghouse_envelope, file.envelope),
        clearinghouse_user: one(&args.clearinghouse_user, file.user),
        clearinghouse_password: args.clearinghouse_password.clone(),
        clearinghouse_password_file: one(&args.clearinghouse_password_file, file.password_file),
        clearinghouse_ca_file: one(&args.clearinghouse_ca_file, file.ca_file),
        clearinghouse_sender_id: one(&args.clearinghouse_sender_id, file.sender_id),
        clearinghouse_sender_qualifier: one(
            &args.clearinghouse_sender_qualifier,
            file.sender_qualifier,
        ),
        clearinghouse_receiver_id: one(&args.clearinghouse_receiver_id, file.receiver_id),
        clearinghouse_receiver_qualifier: one(
            &args.clearinghouse_receiver_qualifier,
            file.receiver_qualifier,
        ),
    };
    let kind = wanted.clearinghouse.as_deref();
    match kind.unwrap_or(if demo { "sandbox" } else { "file-drop" }) {
        "none" => Ok(Arc::new(NoClearinghouse)),
        "sandbox" => Ok(Arc::new(SandboxPayer::default())),
        "file-drop" => file_drop(&wanted, kind.is_some()),
        "http" => http(wanted),
        other => Err(Failure::Usage(format!("--clearinghouse {other}: choose {KINDS}"))),
    }
}

fn file_drop(
    wanted: &ClearinghouseArgs,
    is_named: bool,
) -> Result<Arc<dyn Clearinghouse>, Failure> {
    // What is there for another kind, and would do nothing, is told rather than passed over.
    if wanted.clearinghouse_url.is_some() {
        let line = "--clearinghouse-url is for --clearinghouse http, which is not chosen";
        return Err(Failure::Usage(line.to_owned()));
    }
    let partners = partners(wanted);
    if is_named {
        require_ids(&partners)?;
    }
    let folder = wanted.clearinghouse_folder.as_deref().unwrap_or(DEFAULT_FOLDER);
    Ok(Arc::new(FileDrop::new(folder, partners, Arc::new(SystemClock))))
}

fn http(wanted: ClearinghouseArgs) -> Result<Arc<dyn Clearinghouse>, Failure> {
    let partners = partners(&wanted);
    require_ids(&partners)?;
    let url = wanted.clearinghouse_url.ok_or_else(|| missing("--clearinghouse-url"))?;
    let envelope = wanted.clearinghouse_envelope.as_deref().unwrap_or("mime");
    let envelope = Envelope::by_name(envelope).ok_or_else(|| {
        let line = format!("--clearinghouse-envelope {envelope}: choose mime, soap or plain");
        Failure::Usage(line)
    })?;
    let user = wanted.clearinghouse_user.ok_or_else(|| missing("--clearinghouse-user"))?;
    let password = match (wanted.clearinghouse_password, &wanted.clearinghouse_password_file) {
        (Some(password), _) => password,
        (None, Some(path)) => {
            let text = read("--clearinghouse-password-file", path)?;
            let text = String::from_utf8(text).map_err(|_| {
                Failure::Usage(format!("--clearinghouse-password-file {path} is not UTF-8"))
            })?;
            Secret::new(text.trim_end_matches(['\r', '\n']))
        }
        (None, None) => {
            let line = "the clearinghouse's password is needed: put it into the environment as \
                ALMONER_CLEARINGHOUSE_PASSWORD, or name a file with --clearinghouse-password-file";
            return Err(Failure::Usage(line.to_owned()));
        }
    };
    let authorities =
        wanted.clearinghouse_ca_file.map(|path| read("--clearinghouse-ca-file", &path));
    let settings = HttpSettings {
        url,
        envelope,
        user,
        password,
        partners,
        authorities: authorities.transpose()?,
        timeouts: Timeouts::default(),
    };
    match Http::new(settings, Arc::new(SystemClock)) {
        Ok(http) => Ok(Arc::new(http)),
        Err(fault) => Err(Failure::Usage(format!("--clearinghouse http: {fault}"))),
    }
}

fn partners(wanted: &ClearinghouseArgs) -> Partners {
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    let kind = |kind: &Option<String>| kind.clone().unwrap_or_else(|| DEFAULT_QUALIFIER.to_owned());
    Partners {
        sender_qualifier: kind(&wanted.clearinghouse_sender_qualifier),
        sender_id: id(&wanted.clearinghouse_sender_id),
        receiver_qualifier: kind(&wanted.clearinghouse_receiver_qualifier),
        receiver_id: id(&wanted.clearinghouse_receiver_id),
    }
}

fn require_ids(partners: &Partners) -> Result<(), Failure> {
    if partners.sender_id.is_empty() {
        return Err(missing("--clearinghouse-sender-id"));
    }
    if partners.receiver_id.is_empty() {
        return Err(missing("--clearinghouse-receiver-id"));
    }
    Ok(())
}

fn missing(flag: &str) -> Failure {
    Failure::Usage(format!("{flag} is needed to ask a clearinghouse"))
}

fn read(flag: &str, path: &str) -> Result<Vec<u8>, Failure> {
    let shown = Path::new(path).display();
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{flag} {shown}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(kind: &str) -> ClearinghouseArgs {
        let some = |text: &str| Some(text.to_owned());
        ClearinghouseArgs {
            clearinghouse: some(kind),
            clearinghouse_sender_id: some("SAMPLECLINIC"),
            clearinghouse_receiver_id: some("SAMPLEHOUSE"),
            ..ClearinghouseArgs::default()
        }
    }

    fn http_args() -> ClearinghouseArgs {
        ClearinghouseArgs {
            clearinghouse_url: Some("https://clearinghouse.example/core".to_owned()),
            clearinghouse_user: Some("desk".to_owned()),
            clearinghouse_password: Some(Secret::new("SAMPLE-secret")),
            ..args("http")
        }
    }

    fn chosen(args: &ClearinghouseArgs, demo: bool) -> Result<Arc<dyn Clearinghouse>, String> {
        choose(args, FileClearinghouse::default(), demo).map_err(|failure| match failure {
            Failure::Usage(line) => line,
            Failure::Failed(line) => panic!("{line}"),
        })
    }

    fn refused(args: &ClearinghouseArgs) -> String {
        chosen(args, false).err().expect("it is refused")
    }

    #[test]
    fn without_settings_serve_exchanges_files_and_the_demo_plays() {
        let none = ClearinghouseArgs::default();
        let serve = chosen(&none, false).expect("a clearinghouse");
        assert_eq!((serve.name(), serve.is_set_up(), serve.is_test()), ("file-drop", false, false));
        let demo = chosen(&none, true).expect("a clearinghouse");
        assert_eq!((demo.name(), demo.is_set_up(), demo.is_test()), ("sandbox", true, true));
    }

    #[test]
    fn each_kind_is_chosen_by_its_name() {
        for (kind, is_set_up) in [("none", false), ("file-drop", true), ("sandbox", true)] {
            let found = chosen(&args(kind), false).expect("a clearinghouse");
            assert_eq!((found.name(), found.is_set_up()), (kind, is_set_up));
        }
        let http = chosen(&http_args(), true).expect("a clearinghouse");
        assert_eq!((http.name(), http.is_set_up()), ("http", true));
        let partners = http.partners();
        assert_eq!(partners.sender_id, "SAMPLECLINIC");
        assert_eq!((&*partners.sender_qualifier, &*partners.receiver_qualifier), ("ZZ", "ZZ"));
        assert!(refused(&args("pigeon")).contains("none, file-drop, http or sandbox"));
    }

    #[test]
    fn what_is_needed_and_missing_is_named() {
        let without = |change: &dyn Fn(&mut ClearinghouseArgs)| {
            let mut args = http_args();
            change(&mut args);
            refused(&args)
        };
        for (line, flag) in [
            (without(&|args| args.clearinghouse_url = None), "--clearinghouse-url"),
            (without(&|args| args.clearinghouse_user = None), "--clearinghouse-user"),
            (without(&|args| args.clearinghouse_sender_id = None), "--clearinghouse-sender-id"),
            (without(&|args| args.clearinghouse_receiver_id = None), "--clearinghouse-receiver-id"),
            (without(&|args| args.clearinghouse_password = None), "ALMONER_CLEARINGHOUSE_PASSWORD"),
            (
                without(&|args| args.clearinghouse_envelope = Some("paper".to_owned())),
                "mime, soap or plain",
            ),
            (
                without(&|args| args.clearinghouse_ca_file = Some("/no/such.pem".to_owned())),
                "--clearinghouse-ca-file",
            ),
            (
                without(&|args| args.clearinghouse_url = Some("http://house.example".to_owned())),
                "use https://",
            ),
            (
                without(&|args| args.clearinghouse = Some("file-drop".to_owned())),
                "--clearinghouse http",
            ),
        ] {
            assert!(line.contains(flag), "{line}");
            assert!(!line.contains("SAMPLE-secret"), "{line}");
        }
        let lonely = ClearinghouseArgs {
            clearinghouse: Some("file-drop".to_owned()),
            ..ClearinghouseArgs::default()
        };
        assert!(refused(&lonely).contains("--clearinghouse-sender-id"));
    }

    #[test]
    fn a_password_comes_from_a_file_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let args = ClearinghouseArgs {
            clearinghouse_password: None,
            clearinghouse_password_file: Some(path.to_string_lossy().into_owned()),
            ..http_args()
        };
        assert!(refused(&args).contains("--clearinghouse-password-file"));
        std::fs::write(&path, "SAMPLE-secret\r\n").unwrap();
        assert_eq!(chosen(&args, false).map(|found| found.name()), Ok("http"));
        std::fs::write(&path, "two\nlines").unwrap();
        assert!(refused(&args).contains("control characters"));
        std::fs::write(&path, b"\xff").unwrap();
        assert!(refused(&args).contains("UTF-8"));
    }
}
