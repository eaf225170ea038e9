//! Writes a question of each shape into a folder, for readers other than ours to judge.

#[path = "../tests/shapes/mod.rs"]
mod shapes;

use std::error::Error;
use std::path::Path;

use almoner_x12::inquiry::write;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: inquiries FOLDER")?;
    for (name, inquiry) in shapes::all() {
        let text = write(&inquiry)?;
        std::fs::write(Path::new(&folder).join(format!("{name}.270")), text)?;
    }
    Ok(())
}
