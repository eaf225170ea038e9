//! Running other programs: shown before they start, and never left behind.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What every command of this program returns: an error is a sentence for the developer.
pub(crate) type Outcome<T> = Result<T, String>;

/// A child process that is killed when its handle is dropped, also by a panic.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Both fail when the child has already ended, which is the usual case.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Shows the command, runs it on this terminal, and fails unless it ends with 0.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    println!("$ {}", display(command));
    let mut child = KillOnDrop(command.spawn().map_err(|error| cannot_start(command, &error))?);
    let status = child.0.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", program(command))) }
}

/// Runs the command quietly and returns what it printed; on failure, what it complained of.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} ended with {}\n{printed}{complaint}", display(command), output.status))
}

/// Whether the command can be started and ends with 0.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    output(command).is_ok()
}

/// The first file of this name on the `PATH`.
pub(crate) fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A `cargo` command in the project's root, by the same cargo that started this program.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root);
    command
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", program(command))
}

fn program(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned()
}

fn display(command: &Command) -> String {
    let words = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(program(command).into()).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_complaint() {
        let error = output(Command::new("sh").args(["-c", "echo broken >&2; exit 3"]));
        let message = error.unwrap_err();
        assert!(message.contains("sh -c") && message.contains("broken"), "{message}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let message = output(&mut Command::new("no-such-program")).unwrap_err();
        assert!(message.starts_with("cannot start no-such-program"), "{message}");
    }
}
