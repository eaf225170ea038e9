//! Writes every sample of every page into a folder, to be looked at through any file server:
//! `cargo run -p almoner-web --example samples -- DIR`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("name a folder")?;
    for (path, bytes) in almoner_web::assets() {
        write(&folder.join(path.trim_start_matches('/')), bytes)?;
    }
    let mut index = String::from("<!doctype html><title>Samples</title><ul>");
    for (name, html) in almoner_web::rendered_samples() {
        write(&folder.join(format!("{name}.html")), html.as_bytes())?;
        writeln!(index, "<li><a href=\"/{name}.html\">{name}</a>")?;
    }
    write(&folder.join("index.html"), index.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}
