//! Where things are in this project.

use std::path::{Path, PathBuf};

/// Samples that the project may not carry: what names their folder, what it is called beside the
/// project, and how its files end.
pub(crate) const SAMPLES: [(&str, &str, &str); 2] =
    [("ALMONER_SAMPLES_271", "271", ".271"), ("ALMONER_SAMPLES_FHIR", "fhir", ".json")];

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

/// A folder of samples: the one that the environment names, or else one of that name in `data` of
/// a folder beside the project.
pub(crate) fn samples(
    root: &Path,
    (variable, name, ending): (&str, &str, &str),
) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Some(PathBuf::from(named));
    }
    let beside = std::fs::read_dir(root.parent()?).ok()?;
    let folders = beside.filter_map(|entry| Some(entry.ok()?.path().join("data").join(name)));
    let mut found: Vec<PathBuf> =
        folders.filter(|folder| !files_ending(folder, ending).is_empty()).collect();
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
