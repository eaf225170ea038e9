//! Style, behaviour and icon, embedded in the binary under addresses that change with them.
//!
//! The stylesheet and the module are written in parts, joined in their order. An address carries a
//! hash of the content, so that browsers may keep what it leads to for ever.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// Where the addresses of assets begin.
pub(crate) const PREFIX: &str = "/assets/";

/// How many bytes of the hash an address carries.
const HASH_BYTES: usize = 8;

const STYLE: &str = concat!(
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/parts.css"),
    include_str!("../assets/css/pages.css"),
    include_str!("../assets/css/paper.css"),
    include_str!("../assets/css/checks.css"),
    include_str!("../assets/css/reports.css"),
);

const SCRIPT: &str = concat!(include_str!("../assets/app.js"), include_str!("../assets/upload.js"));

/// Something that a page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asset {
    /// The content.
    pub(crate) bytes: &'static [u8],
    /// Its type, as the header says it.
    pub(crate) content_type: &'static str,
}

struct Entry {
    name: &'static str,
    url: String,
    asset: Asset,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    vec![
        entry("app.css", STYLE.as_bytes(), "text/css; charset=utf-8"),
        entry("app.js", SCRIPT.as_bytes(), "text/javascript; charset=utf-8"),
        entry("pay.js", include_bytes!("../assets/pay.js"), "text/javascript; charset=utf-8"),
        entry("icon.svg", include_bytes!("../assets/icon.svg"), "image/svg+xml"),
    ]
});

fn entry(name: &'static str, bytes: &'static [u8], content_type: &'static str) -> Entry {
    let digest = Sha256::digest(bytes);
    let mut hash = String::with_capacity(HASH_BYTES * 2);
    for byte in digest.iter().take(HASH_BYTES) {
        write!(hash, "{byte:02x}").expect("writing to a String cannot fail");
    }
    let (stem, ending) = name.split_once('.').expect("an asset's name has an ending");
    let url = format!("{PREFIX}{stem}.{hash}.{ending}");
    Entry { name, url, asset: Asset { bytes, content_type } }
}

/// The address of an asset: `asset_url("app.css")` is `/assets/app.0123456789abcdef.css`.
///
/// # Panics
/// When there is no such asset: a template names one that does not exist.
pub(crate) fn asset_url(name: &str) -> &'static str {
    let entry = ENTRIES.iter().find(|entry| entry.name == name);
    &entry.expect("the asset exists").url
}

/// The asset at that path, which begins with [`PREFIX`]. Its content never changes.
pub(crate) fn find(path: &str) -> Option<Asset> {
    ENTRIES.iter().find(|entry| entry.url == path).map(|entry| entry.asset)
}

/// Every asset with its path, for the samples.
pub fn assets() -> Vec<(&'static str, &'static [u8])> {
    ENTRIES.iter().map(|entry| (entry.url.as_str(), entry.asset.bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_its_asset_and_others_nowhere() {
        let url = asset_url("app.css");
        assert_eq!(find(url).map(|asset| asset.bytes), Some(STYLE.as_bytes()));
        assert_eq!(find("/assets/app.css"), None);
        assert_eq!(find("/assets/../Cargo.toml"), None);
    }
}
