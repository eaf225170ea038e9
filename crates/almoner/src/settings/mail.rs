//! Who carries letters to patients: nobody, or a mail server.

use std::path::Path;
use std::sync::Arc;

use almoner_gateways::Secret;
use almoner_gateways::mail::{Mailer, NoMailer, Security, Smtp, SmtpSettings};
use serde::Deserialize;

use crate::Failure;
use crate::cli::MailArgs;

/// What the table `[mail]` of `almoner.toml` may hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileMail {
    kind: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    security: Option<String>,
    user: Option<String>,
    password_file: Option<String>,
    ca_file: Option<String>,
    from: Option<String>,
    return_path: Option<String>,
}

/// The mailer that the flags, the environment and the file name, in this order.
pub(super) fn choose(args: &MailArgs, file: FileMail) -> Result<Arc<dyn Mailer>, Failure> {
    let one = |flag: &Option<String>, filed: Option<String>| flag.clone().or(filed);
    let wanted = MailArgs {
        mail: one(&args.mail, file.kind),
        mail_host: one(&args.mail_host, file.host),
        mail_port: args.mail_port.or(file.port),
        mail_security: one(&args.mail_security, file.security),
        mail_user: one(&args.mail_user, file.user),
        mail_password: args.mail_password.clone(),
        mail_password_file: one(&args.mail_password_file, file.password_file),
        mail_ca_file: one(&args.mail_ca_file, file.ca_file),
        mail_from: one(&args.mail_from, file.from),
        mail_return_path: one(&args.mail_return_path, file.return_path),
    };
    match wanted.mail.as_deref() {
        Some("smtp") => smtp(wanted),
        None | Some("none") if wanted.mail_host.is_some() => {
            let line = "--mail-host is for --mail smtp, which is not chosen";
            Err(Failure::Usage(line.to_owned()))
        }
        None | Some("none") => Ok(Arc::new(NoMailer)),
        Some(other) => Err(Failure::Usage(format!("--mail {other}: choose none or smtp"))),
    }
}

fn smtp(wanted: MailArgs) -> Result<Arc<dyn Mailer>, Failure> {
    let missing = |flag: &str| Failure::Usage(format!("{flag} is needed to send e-mail"));
    let host = wanted.mail_host.ok_or_else(|| missing("--mail-host"))?;
    let from = wanted.mail_from.ok_or_else(|| missing("--mail-from"))?;
    let name = wanted.mail_security.as_deref().unwrap_or("implicit");
    let security = Security::by_name(name).ok_or_else(|| {
        Failure::Usage(format!("--mail-security {name}: choose implicit, starttls or none"))
    })?;
    let password = match (wanted.mail_password, &wanted.mail_password_file) {
        (Some(password), _) => Some(password),
        (None, Some(path)) => {
            let text = String::from_utf8(read("--mail-password-file", path)?);
            let text = text
                .map_err(|_| Failure::Usage(format!("--mail-password-file {path} is not UTF-8")))?;
            Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
        }
        (None, None) => None,
    };
    let login = match (wanted.mail_user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (None, Some(_)) => return Err(missing("--mail-user")),
        (Some(_), None) => {
            let line = "the mail server's password is needed: put it into the environment as \
                ALMONER_MAIL_PASSWORD, or name a file with --mail-password-file";
            return Err(Failure::Usage(line.to_owned()));
        }
    };
    let authorities = wanted.mail_ca_file.map(|path| read("--mail-ca-file", &path)).transpose()?;
    let port = wanted.mail_port.unwrap_or_else(|| security.port());
    let return_path = wanted.mail_return_path;
    let settings = SmtpSettings { host, port, security, login, from, return_path, authorities };
    match Smtp::new(settings) {
        Ok(smtp) => Ok(Arc::new(smtp)),
        Err(fault) => Err(Failure::Usage(format!("--mail smtp: {fault}"))),
    }
}

fn read(flag: &str, path: &str) -> Result<Vec<u8>, Failure> {
    let shown = Path::new(path).display();
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{flag} {shown}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> MailArgs {
        let some = |text: &str| Some(text.to_owned());
        MailArgs {
            mail: some("smtp"),
            mail_host: some("mail.example"),
            mail_from: some("desk@clinic.example"),
            mail_user: some("desk"),
            mail_password: Some(Secret::new("SAMPLE-secret")),
            ..MailArgs::default()
        }
    }

    fn chosen(args: &MailArgs) -> Result<Arc<dyn Mailer>, String> {
        choose(args, FileMail::default()).map_err(|failure| match failure {
            Failure::Usage(line) => line,
            Failure::Failed(line) => panic!("{line}"),
        })
    }

    fn refused(change: impl Fn(&mut MailArgs)) -> String {
        let mut args = args();
        change(&mut args);
        chosen(&args).err().expect("it is refused")
    }

    #[test]
    fn nothing_is_sent_unless_a_server_is_named() {
        let none = chosen(&MailArgs::default()).expect("a mailer");
        assert_eq!((none.name(), none.is_set_up()), ("none", false));
        let smtp = chosen(&args()).expect("a mailer");
        assert_eq!((smtp.name(), smtp.is_set_up()), ("smtp", true));
        let open = MailArgs { mail_user: None, mail_password: None, ..args() };
        assert!(chosen(&open).is_ok(), "a server may ask for no password");
    }

    #[test]
    fn what_is_needed_and_missing_is_named() {
        for (line, flag) in [
            (refused(|args| args.mail = Some("pigeon".to_owned())), "none or smtp"),
            (refused(|args| args.mail = None), "--mail smtp"),
            (refused(|args| args.mail_host = None), "--mail-host"),
            (refused(|args| args.mail_from = None), "--mail-from"),
            (refused(|args| args.mail_from = Some("desk".to_owned())), "no address"),
            (refused(|args| args.mail_return_path = Some("desk".to_owned())), "no address"),
            (refused(|args| args.mail_user = None), "--mail-user"),
            (refused(|args| args.mail_password = None), "ALMONER_MAIL_PASSWORD"),
            (refused(|args| args.mail_security = Some("none".to_owned())), "without TLS"),
            (refused(|args| args.mail_security = Some("ssl".to_owned())), "starttls"),
            (refused(|args| args.mail_ca_file = Some("/no/such".to_owned())), "--mail-ca-file"),
        ] {
            assert!(line.contains(flag), "{line}");
            assert!(!line.contains("SAMPLE-secret"), "{line}");
        }
    }

    #[test]
    fn a_password_comes_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "SAMPLE-secret\n").unwrap();
        let file = Some(path.to_string_lossy().into_owned());
        let args = MailArgs { mail_password: None, mail_password_file: file, ..args() };
        assert_eq!(chosen(&args).map(|found| found.name()), Ok("smtp"));
        std::fs::write(&path, b"\xff").unwrap();
        assert!(chosen(&args).err().is_some_and(|line| line.contains("UTF-8")));
    }
}
