//! Searches logs and addresses for values that the browser tests planted as patient data.
//!
//! `e2e/canaries.txt` lists unmistakable values, one a line, as `KIND VALUE`:
//! - `everywhere`: must be neither in a log nor in an address;
//! - `logs`: may be in an address (a search for a name is), but never in a log.
//!
//! The tests add what they learn while they run (link tokens, session cookies) to `secrets.txt`
//! beside the logs, in the same form.

use std::fmt::Write as _;
use std::path::Path;

use crate::process::Outcome;
use crate::project;

/// The longest part of a line that is shown with a finding.
const EXCERPT_CHARS_MAX: usize = 160;
/// A value shorter than this would be found by chance.
const VALUE_CHARS_MIN: usize = 8;

/// A planted value.
#[derive(Debug, PartialEq, Eq)]
struct Canary {
    value: String,
    logs_only: bool,
}

/// An error with every place where a canary was found; also when nothing was left to search.
pub(crate) fn search(list: &Path, folder: &Path) -> Outcome<()> {
    let mut canaries = parse(&read(list)?)?;
    let secrets = folder.join("secrets.txt");
    if secrets.exists() {
        canaries.extend(parse(&read(&secrets)?)?);
    }
    let logs = project::files_ending(folder, ".log");
    let addresses = project::files_ending(folder, ".urls");
    if logs.is_empty() || addresses.is_empty() {
        return Err(format!("the browser tests left no logs or addresses in {}", folder.display()));
    }
    let mut found = String::new();
    let (mut lines, mut hits) = (0, 0);
    for path in logs.iter().chain(&addresses) {
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        let text = read(path)?;
        lines += text.lines().count();
        for (number, canary, line) in find(&text, &canaries, is_log) {
            hits += 1;
            let _ = write!(found, "\n{}:{number}: `{canary}` in: {line}", path.display());
        }
    }
    println!("{lines} lines of logs and addresses searched for {} values", canaries.len());
    if hits == 0 { Ok(()) } else { Err(format!("patient data or secrets leaked:{found}")) }
}

fn read(path: &Path) -> Outcome<String> {
    let bytes =
        std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse(text: &str) -> Outcome<Vec<Canary>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| !line.starts_with('#')).map(parse_line).collect()
}

fn parse_line(line: &str) -> Outcome<Canary> {
    let (kind, value) = line.split_once(' ').unwrap_or((line, ""));
    let logs_only = match kind {
        "everywhere" => false,
        "logs" => true,
        _ => return Err(format!("`{line}` is not a canary: begin with `everywhere` or `logs`")),
    };
    if value.chars().count() < VALUE_CHARS_MIN {
        return Err(format!("the canary `{value}` is too short to be unmistakable"));
    }
    Ok(Canary { value: value.to_lowercase(), logs_only })
}

/// The line number, the value and an excerpt of each hit.
fn find<'a>(
    text: &'a str,
    canaries: &'a [Canary],
    is_log: bool,
) -> impl Iterator<Item = (usize, &'a str, String)> {
    text.lines().enumerate().flat_map(move |(index, line)| {
        let lowered = line.to_lowercase();
        let hit = move |canary: &&Canary| {
            (is_log || !canary.logs_only) && lowered.contains(&canary.value)
        };
        let excerpt: String = line.chars().take(EXCERPT_CHARS_MAX).collect();
        let hits: Vec<&Canary> = canaries.iter().filter(hit).collect();
        hits.into_iter().map(move |canary| (index + 1, canary.value.as_str(), excerpt.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# Values.\neverywhere Zzcanaryname\nlogs Zzcanarysearch\n";

    #[test]
    fn a_canary_is_found_in_any_case() {
        let canaries = parse(LIST).expect("the list is right");
        let log = "fine\npatient=ZZCANARYNAME saved\n";
        let hits: Vec<_> = find(log, &canaries, true).collect();
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].0, hits[0].1), (2, "zzcanaryname"));
    }

    #[test]
    fn a_search_may_stand_in_an_address_but_not_in_a_log() {
        let canaries = parse(LIST).expect("the list is right");
        let line = "GET /payments?q=zzcanarysearch";
        assert_eq!(find(line, &canaries, false).count(), 0);
        assert_eq!(find(line, &canaries, true).count(), 1);
    }

    #[test]
    fn logs_addresses_and_secrets_of_a_run_are_searched() {
        let folder = std::env::temp_dir().join(format!("xtask-canary-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("the file can be written");
        };
        write("list.txt", LIST);
        let empty = search(&folder.join("list.txt"), &folder);
        write("story.log", "started\n");
        write("story.urls", "GET /pay/sixteen-or-more-xyz\n");
        write("secrets.txt", "logs sixteen-or-more-xyz\n");
        let clean = search(&folder.join("list.txt"), &folder);
        write("story.log", "started\nGET /pay/sixteen-or-more-xyz\n");
        let leaked = search(&folder.join("list.txt"), &folder);
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        assert!(empty.is_err_and(|message| message.contains("left no logs")));
        assert_eq!(clean, Ok(()));
        assert!(
            leaked.is_err_and(|message| message.contains("story.log:2: `sixteen-or-more-xyz`"))
        );
    }

    #[test]
    fn a_list_that_would_find_nothing_or_everything_is_refused() {
        assert!(parse("Zzcanaryname").is_err());
        assert!(parse("everywhere short").is_err());
    }
}
