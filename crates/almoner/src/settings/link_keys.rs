//! The keys that seal payment links: a file beside the data, and never in the database.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use almoner_app::link_keys::{KEY_BYTES, LinkKeys};
use almoner_domain::ambient::Entropy;
use almoner_domain::text;

use crate::Failure;

/// The keys of a file, which is made with a fresh one when there is none.
///
/// # Errors
/// The file cannot be read or made, or holds something else.
pub(crate) fn kept(path: &Path, entropy: &dyn Entropy) -> Result<LinkKeys, Failure> {
    if let Some(keys) = read(path)? {
        return Ok(keys);
    }
    make(path, entropy).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    let missing = || Failure::Failed(format!("{}: the file is gone again", path.display()));
    read(path)?.ok_or_else(missing)
}

/// The keys of a file; fresh ones that nobody keeps when there is none, for a command that makes
/// no links.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub(crate) fn there(path: &Path, entropy: &dyn Entropy) -> Result<LinkKeys, Failure> {
    Ok(read(path)?.unwrap_or_else(|| LinkKeys::new(fresh(entropy), Vec::new())))
}

fn fresh(entropy: &dyn Entropy) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    entropy.fill(&mut key);
    key
}

/// Makes the file, for its owner alone, and whole from the first moment on: of two servers that
/// begin at once, one makes it and the other reads it.
fn make(path: &Path, entropy: &dyn Entropy) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", text::hex(&fresh(entropy)))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => Err(refused.error),
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<LinkKeys>, Failure> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::Failed(format!("{shown}: {error}"))),
    };
    let mut keys = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let key = text::unhex(line.trim()).and_then(|key| <[u8; KEY_BYTES]>::try_from(key).ok());
        let digits = 2 * KEY_BYTES;
        let wrong =
            || Failure::Failed(format!("{shown}: line {number} is no key of {digits} hex digits"));
        keys.push(key.ok_or_else(wrong)?);
    }
    let mut keys = keys.into_iter();
    let empty = || Failure::Failed(format!("{shown} holds no key; delete it to have one made"));
    let newest = keys.next().ok_or_else(empty)?;
    Ok(Some(LinkKeys::new(newest, keys.collect())))
}

#[cfg(test)]
mod tests {
    use almoner_app::link_keys::LinkName;
    use almoner_domain::ambient::SystemEntropy;
    use almoner_domain::{OrganizationId, PaymentId};

    use super::*;

    fn token(keys: &LinkKeys) -> String {
        name().token(keys)
    }

    fn name() -> LinkName {
        LinkName { organization: OrganizationId(1), payment: PaymentId::new(7), generation: 1 }
    }

    fn keys(path: &Path) -> LinkKeys {
        kept(path, &SystemEntropy).unwrap_or_else(|_| panic!("the keys are readable"))
    }

    #[test]
    fn the_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("link.key");
        let first = token(&keys(&path));
        assert_eq!(token(&keys(&path)), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_key_is_put_in_front_and_the_old_one_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link.key");
        let old = token(&keys(&path));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{}\n\n{text}", "a7".repeat(KEY_BYTES))).unwrap();
        let both = keys(&path);
        assert_ne!(token(&both), old);
        assert_eq!(LinkName::read(&old, &both), Some(name()));
    }

    #[test]
    fn what_is_no_key_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link.key");
        let fault = |text: &str| {
            fs::write(&path, text).unwrap();
            match kept(&path, &SystemEntropy) {
                Err(Failure::Failed(line)) => line,
                _ => panic!("{text} is refused"),
            }
        };
        assert!(fault(&format!("{}\nabc\n", "00".repeat(KEY_BYTES))).contains("line 2"));
        assert!(fault(" \n").contains("holds no key"));
    }

    #[test]
    fn without_a_file_none_is_made_where_no_links_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link.key");
        assert!(there(&path, &SystemEntropy).is_ok());
        assert!(!path.exists());
    }
}
