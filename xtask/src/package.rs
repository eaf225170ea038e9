//! The Debian package: the release binary, its unit and its settings, put together by `dpkg-deb`.
//!
//! What is shipped lies in `packaging/`. To ship another file, add its line to [`FILES`].

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project;

/// What is shipped beside the binary: from where, to where, and with which mode.
const FILES: [(&str, &str, u32); 12] = [
    ("packaging/almoner-admin", "usr/sbin/almoner-admin", 0o755),
    ("packaging/almoner.service", "usr/lib/systemd/system/almoner.service", 0o644),
    ("packaging/almoner.toml", "etc/almoner/almoner.toml", 0o640),
    ("packaging/environment", "etc/almoner/environment", 0o600),
    ("packaging/alerts.yml", "usr/share/doc/almoner/alerts.yml", 0o644),
    ("packaging/debian/postinst", "DEBIAN/postinst", 0o755),
    ("packaging/debian/prerm", "DEBIAN/prerm", 0o755),
    ("packaging/debian/postrm", "DEBIAN/postrm", 0o755),
    ("docs/OPERATIONS.md", "usr/share/doc/almoner/OPERATIONS.md", 0o644),
    ("README.md", "usr/share/doc/almoner/README.md", 0o644),
    ("CHANGELOG.md", "usr/share/doc/almoner/CHANGELOG.md", 0o644),
    ("LICENSE", "usr/share/doc/almoner/copyright", 0o644),
];
/// Where the binary goes.
const BINARY: &str = "usr/bin/almoner";
/// Settings that an upgrade leaves as they are.
const CONFFILES: &str = "/etc/almoner/almoner.toml\n/etc/almoner/environment\n";
/// The part of a symbol's version that names the C library.
const GLIBC: &[u8] = b"GLIBC_";

/// Builds the package, from a binary that is there or from one that is built first.
pub(crate) fn run(binary: Option<&Path>) -> Outcome<()> {
    let root = project::root();
    let target = project::target(&root);
    let built = target.join("release/almoner");
    let binary = if let Some(binary) = binary {
        binary
    } else {
        let words = ["build", "--release", "--locked", "--package", "almoner"];
        process::run(&mut process::cargo(&root, &words))?;
        &built
    };
    let folder = target.join("debian");
    let staging = folder.join("almoner");
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(|error| at(&staging, &error))?;
    }
    let architecture = process::output(Command::new("dpkg").arg("--print-architecture"))?;
    let version = version(&read_text(&root.join("Cargo.toml"))?)?;
    stage(&root, binary, &staging, (&version, architecture.trim()))?;
    let package = folder.join(format!("almoner_{version}_{}.deb", architecture.trim()));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "-Zxz", "--build"]).arg(&staging).arg(&package);
    process::run(&mut pack)?;
    println!("{}", package.display());
    Ok(())
}

/// Lays everything out as it will be installed.
fn stage(
    root: &Path,
    binary: &Path,
    staging: &Path,
    (version, architecture): (&str, &str),
) -> Outcome<()> {
    let content = fs::read(binary).map_err(|error| at(binary, &error))?;
    put(&staging.join(BINARY), &content, 0o755)?;
    let mut bytes = content.len();
    for (from, to, mode) in FILES {
        let from = root.join(from);
        let content = fs::read(&from).map_err(|error| at(&from, &error))?;
        put(&staging.join(to), &content, mode)?;
        bytes += content.len();
    }
    let control = control(version, architecture, newest_glibc(&content).as_deref(), bytes);
    put(&staging.join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    put(&staging.join("DEBIAN/conffiles"), CONFFILES.as_bytes(), 0o644)
}

fn control(version: &str, architecture: &str, glibc: Option<&str>, bytes: usize) -> String {
    let mut depends = "adduser".to_owned();
    if let Some(glibc) = glibc {
        let _ = write!(depends, ", libc6 (>= {glibc}), libgcc-s1");
    }
    format!(
        "Package: almoner\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: The Almoner project <almoner@localhost>\n\
         Installed-Size: {}\n\
         Depends: {depends}\n\
         Recommends: caddy | nginx\n\
         Suggests: postgresql\n\
         Section: web\n\
         Priority: optional\n\
         Description: clinic's desk for patient payments\n \
         Creates, estimates, collects, refunds and accounts for what patients pay. One program\n \
         with an embedded database; PostgreSQL can be used instead.\n",
        bytes.div_ceil(1024),
    )
}

/// The version of the workspace.
fn version(manifest: &str) -> Outcome<String> {
    let package = manifest.split("[workspace.package]").nth(1).unwrap_or_default();
    let line = package.lines().find_map(|line| line.strip_prefix("version = \""));
    let version = line.and_then(|rest| rest.split('"').next());
    version.map(str::to_owned).ok_or_else(|| "Cargo.toml names no version".to_owned())
}

/// The newest version of the C library that a program asks for; none when it asks for none.
fn newest_glibc(program: &[u8]) -> Option<String> {
    let versions = program.windows(GLIBC.len()).enumerate().filter(|(_, word)| *word == GLIBC);
    let newest = versions.filter_map(|(start, _)| {
        let rest = &program[start + GLIBC.len()..];
        let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let (major, minor) = std::str::from_utf8(&rest[..end]).ok()?.split_once('.')?;
        let minor = minor.split('.').next()?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    });
    newest.max().map(|(major, minor)| format!("{major}.{minor}"))
}

fn put(path: &Path, content: &[u8], mode: u32) -> Outcome<()> {
    let folders: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_path_buf).collect();
    for folder in folders.iter().rev().filter(|folder| !folder.exists()) {
        fs::create_dir(folder).map_err(|error| at(folder, &error))?;
        set_mode(folder, 0o755)?;
    }
    fs::write(path, content).map_err(|error| at(path, &error))?;
    set_mode(path, mode)
}

fn set_mode(path: &Path, mode: u32) -> Outcome<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| at(path, &error))
}

fn read_text(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_c_library_is_asked_for() {
        let program = b"\x7fELF\0GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0end";
        assert_eq!(newest_glibc(program).as_deref(), Some("2.34"));
        assert_eq!(newest_glibc(b"a program that asks for nothing"), None);
    }

    #[test]
    fn all_of_it_is_laid_out_with_its_modes() {
        let folder = std::env::temp_dir().join(format!("xtask-package-{}", std::process::id()));
        let staging = folder.join("almoner");
        let binary = folder.join("binary");
        put(&binary, b"\x7fELF\0GLIBC_2.36\0", 0o755).expect("it can be written");
        let root = project::root();
        let staged = stage(&root, &binary, &staging, ("1.2.3", "amd64"));
        let mode = |path: &str| {
            let found = fs::metadata(staging.join(path)).map(|found| found.permissions().mode());
            found.ok().map(|mode| mode & 0o777)
        };
        let modes = [BINARY, "DEBIAN/postinst", "etc/almoner/environment", "etc"].map(mode);
        let control = read_text(&staging.join("DEBIAN/control"));
        let unit = read_text(&staging.join("usr/lib/systemd/system/almoner.service"));
        fs::remove_dir_all(&folder).expect("the folder can be removed");
        assert_eq!(staged, Ok(()));
        assert_eq!(modes, [Some(0o755), Some(0o755), Some(0o600), Some(0o755)]);
        let control = control.expect("there is a control file");
        assert!(control.starts_with("Package: almoner\nVersion: 1.2.3\nArchitecture: amd64\n"));
        assert!(control.contains("\nDepends: adduser, libc6 (>= 2.36), libgcc-s1\n"), "{control}");
        assert!(control.ends_with(" can be used instead.\n") && !control.contains("\n\n"));
        assert!(unit.is_ok_and(|unit| unit.contains(&format!("ExecStart=/{BINARY} serve"))));
    }

    #[test]
    fn the_version_is_the_workspaces() {
        let manifest =
            "[workspace]\n[workspace.package]\nversion = \"0.4.1\"\nedition = \"2024\"\n";
        assert_eq!(version(manifest).as_deref(), Ok("0.4.1"));
        assert!(version("[package]\nversion = \"1.0.0\"\n").is_err());
    }
}
