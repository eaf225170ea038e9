//! Steps that run one after another, are timed, and are summed up at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::process::Outcome;

/// How a step ended.
enum End {
    Passed,
    Failed(String),
    /// Not run, because an earlier one had failed.
    Left,
}

/// The steps of one run, in the order in which they were asked for.
pub(crate) struct Steps {
    keep_going: bool,
    done: Vec<(String, Duration, End)>,
}

impl Steps {
    /// Starts an empty run. With `keep_going`, a failure does not end it.
    pub(crate) fn new(keep_going: bool) -> Self {
        Self { keep_going, done: Vec::new() }
    }

    /// Runs a step, unless the run has already ended; says whether it was run and passed.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Outcome<()>) -> bool {
        if self.failed() && !self.keep_going {
            self.done.push((name.to_owned(), Duration::ZERO, End::Left));
            return false;
        }
        println!("\n== {name}");
        let start = Instant::now();
        let end = match step() {
            Ok(()) => End::Passed,
            Err(message) => {
                eprintln!("{name}: {message}");
                End::Failed(message)
            }
        };
        let passed = matches!(end, End::Passed);
        self.done.push((name.to_owned(), start.elapsed(), end));
        passed
    }

    /// Prints the summary; an error when a step failed.
    pub(crate) fn finish(self) -> Outcome<()> {
        println!("\n== Summary\n{}", self.summary());
        let failed = self.done.iter().filter(|(_, _, end)| matches!(end, End::Failed(_))).count();
        if failed == 0 {
            Ok(())
        } else {
            Err(format!("{failed} of {} steps failed", self.done.len()))
        }
    }

    fn failed(&self) -> bool {
        self.done.iter().any(|(_, _, end)| matches!(end, End::Failed(_)))
    }

    fn summary(&self) -> String {
        let mut text = String::new();
        for (name, time, end) in &self.done {
            let (word, why) = match end {
                End::Passed => ("ok", String::new()),
                End::Failed(message) => ("FAILED", message.lines().next().unwrap_or("").to_owned()),
                End::Left => ("not run", String::new()),
            };
            let line = format!("{name:<28} {word:<8} {:>8}  {why}", seconds(*time));
            let _ = writeln!(text, "{}", line.trim_end());
        }
        let all: Duration = self.done.iter().map(|(_, time, _)| *time).sum();
        let _ = write!(text, "{:<28} {:<8} {:>8}", "in all", "", seconds(all));
        text
    }
}

fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_ends_the_run() {
        let mut steps = Steps::new(false);
        assert!(steps.run("one", || Ok(())));
        assert!(!steps.run("two", || Err("broke\nin detail".to_owned())));
        assert!(!steps.run("three", || unreachable!("a run that failed goes no further")));
        let summary = steps.summary();
        assert!(summary.contains("broke") && !summary.contains("detail"), "{summary}");
        assert!(summary.contains("not run"), "{summary}");
        assert_eq!(steps.finish(), Err("1 of 3 steps failed".to_owned()));
    }

    #[test]
    fn keep_going_runs_the_rest_and_still_fails() {
        let mut steps = Steps::new(true);
        steps.run("one", || Err("broke".to_owned()));
        assert!(steps.run("two", || Ok(())));
        assert!(steps.finish().is_err());
    }

    #[test]
    fn times_are_short() {
        assert_eq!(seconds(Duration::from_millis(61_249)), "61.2 s");
    }
}
