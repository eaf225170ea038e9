//! Writes the PDF of every sample of a receipt into a folder, and beside each a list of the texts
//! that it shows, for readers that are not ours:
//! `cargo run -p almoner-web --example receipts -- DIR`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("name a folder")?;
    fs::create_dir_all(&folder)?;
    for (name, pdf, texts) in almoner_web::sample_receipts() {
        fs::write(folder.join(format!("{name}.pdf")), pdf)?;
        fs::write(folder.join(format!("{name}.txt")), texts.join("\n"))?;
    }
    Ok(())
}
