//! Where things are in this project.

use std::path::{Path, PathBuf};

/// Names a folder of 271 samples.
pub(crate) const SAMPLES: &str = "ALMONER_SAMPLES_271";

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder that cargo builds into.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// A folder of 271 samples that the project may not carry: the one that the environment names,
/// or else `data/271` in a folder beside the project.
pub(crate) fn samples(root: &Path) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(SAMPLES) {
        return Some(PathBuf::from(named));
    }
    let beside = std::fs::read_dir(root.parent()?).ok()?;
    let folders = beside.filter_map(|entry| Some(entry.ok()?.path().join("data").join("271")));
    let mut found: Vec<PathBuf> =
        folders.filter(|folder| !files_ending(folder, ".271").is_empty()).collect();
    found.sort();
    found.into_iter().next()
}

/// The names of the files in a folder whose name ends with `suffix`, sorted; none when the folder
/// does not exist.
pub(crate) fn files_ending(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(suffix))
        .collect();
    files.sort();
    files
}
