//! What may be written after `cargo xtask`.

use std::path::PathBuf;

use crate::bench::{BenchOptions, Part};
use crate::browser::Engine;
use crate::guard;
use crate::process::Outcome;
use crate::suite::{Group, TestOptions};

/// The help text, also shown when the command line is not understood.
pub(crate) const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--only GROUP,…] [--keep-going]
                     everything that must pass: tidy, format, lints, tests on both engines,
                     readers that are not ours, the interface asked for all that it describes,
                     browser tests on both engines, and the search for leaked patient data. GROUP
                     is one of tidy, rust, readers, interface, browser. Without --keep-going the
                     first failure ends the run.
  tidy               only the style checks that the compiler does not make
  bench [--payments N,…] [--patients N] [--count N] [--writes N] [--engine NAME]
        [--only PART,…]
                     what the server costs among 10,000 and 1,000,000 payments, or as many as are
                     named, and N (1,000,000) patients; each page asked for N (100) times, each
                     thing written N (2,000) times; on sqlite, postgres or both. PART is one of
                     server, browser (how soon it is on the screen), crates (their own
                     benchmarks). Writes docs/benchmarks.md; slow is no failure
  package [--binary FILE]
                     the Debian package, in target/debian, of the release binary, which is built
                     first, or of FILE
  soak [--seconds N] the long forms of the tests, then N seconds (60) of each fuzz target
  with-postgres COMMAND…
                     run a command with ALMONER_TEST_POSTGRES pointing at a throw-away server";

/// How long one fuzz target runs when nothing else is said.
const SOAK_SECONDS_DEFAULT: u32 = 60;
/// The longest that one fuzz target may run: a day.
const SOAK_SECONDS_MAX: u32 = 86_400;

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print the usage.
    Help,
    /// Run the test suite.
    Test(TestOptions),
    /// Run the style checks.
    Tidy,
    /// Measure how fast the pages answer.
    Bench(BenchOptions),
    /// Put the Debian package together, of that binary if one is named.
    Package(Option<PathBuf>),
    /// Run the long forms of the tests, and each fuzz target for so many seconds.
    Soak {
        /// The bound for each fuzz target.
        seconds: u32,
    },
    /// Run a command beside a throw-away PostgreSQL.
    WithPostgres(Vec<String>),
    /// Internal: outlive the parent just long enough to stop a server (see [`guard`]).
    Guard(Vec<String>),
}

/// Reads the words after the program's name.
pub(crate) fn parse(arguments: &[String]) -> Outcome<Command> {
    let Some((name, rest)) = arguments.split_first() else {
        return Err("a command is missing".to_owned());
    };
    match name.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "test" => parse_test(rest).map(Command::Test),
        "tidy" => no_more(rest).map(|()| Command::Tidy),
        "bench" => parse_bench(rest).map(Command::Bench),
        "package" => parse_package(rest).map(Command::Package),
        "soak" => parse_soak(rest),
        "with-postgres" if rest.is_empty() => Err("with-postgres needs a command".to_owned()),
        "with-postgres" => Ok(Command::WithPostgres(rest.to_vec())),
        guard::NAME => Ok(Command::Guard(rest.to_vec())),
        other => Err(format!("there is no command `{other}`")),
    }
}

fn no_more(rest: &[String]) -> Outcome<()> {
    match rest.first() {
        None => Ok(()),
        Some(word) => Err(format!("`{word}` is not understood here")),
    }
}

fn parse_test(rest: &[String]) -> Outcome<TestOptions> {
    let mut options = TestOptions::default();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        if word == "--keep-going" {
            options.keep_going = true;
        } else if word == "--only" {
            let list = words.next().ok_or("--only needs a list of groups")?;
            options.groups = parse_groups(list)?;
        } else if let Some(list) = word.strip_prefix("--only=") {
            options.groups = parse_groups(list)?;
        } else {
            return Err(format!("`{word}` is not understood here"));
        }
    }
    Ok(options)
}

fn parse_groups(list: &str) -> Outcome<Vec<Group>> {
    list.split(',')
        .map(|name| match name {
            "tidy" => Ok(Group::Tidy),
            "rust" => Ok(Group::Rust),
            "readers" => Ok(Group::Readers),
            "interface" => Ok(Group::Interface),
            "browser" => Ok(Group::Browser),
            other => Err(format!(
                "`{other}` is not a group; there are tidy, rust, readers, interface and browser"
            )),
        })
        .collect()
}

fn parse_bench(rest: &[String]) -> Outcome<BenchOptions> {
    let mut options = BenchOptions::default();
    for pair in rest.chunks(2) {
        let [flag, value] = pair else { return Err(format!("{} needs a value", pair[0])) };
        let number = || {
            let number = value.parse().ok().filter(|number| *number > 0);
            number.ok_or_else(|| format!("{flag} takes a number from 1"))
        };
        match (flag.as_str(), value.as_str()) {
            ("--payments", list) => options.sizes = parse_sizes(list)?,
            ("--patients", _) => options.patients = number()?,
            ("--count", _) => options.count = number()?,
            ("--writes", _) => options.writes = number()?,
            ("--only", list) => options.parts = parse_parts(list)?,
            ("--engine", "sqlite") => options.engines = vec![Engine::Embedded],
            ("--engine", "postgres") => options.engines = vec![Engine::Server],
            ("--engine", "both") => {}
            _ => return Err(format!("`{flag} {value}` is not understood here")),
        }
    }
    Ok(options)
}

/// Sizes of databases, in their order.
fn parse_sizes(list: &str) -> Outcome<Vec<u64>> {
    let size = |word: &str| word.parse().ok().filter(|size| *size > 0);
    let sizes: Option<Vec<u64>> = list.split(',').map(size).collect();
    let mut sizes = sizes.ok_or("--payments takes numbers from 1")?;
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

fn parse_parts(list: &str) -> Outcome<Vec<Part>> {
    let part = |name: &str| {
        let message = || format!("`{name}` is not a part; there are server, browser and crates");
        Part::from_name(name).ok_or_else(message)
    };
    list.split(',').map(part).collect()
}

fn parse_package(rest: &[String]) -> Outcome<Option<PathBuf>> {
    match rest {
        [] => Ok(None),
        [flag, file] if flag == "--binary" => Ok(Some(PathBuf::from(file))),
        [word, ..] => Err(format!("`{word}` is not understood here")),
    }
}

fn parse_soak(rest: &[String]) -> Outcome<Command> {
    let seconds = match rest {
        [] => SOAK_SECONDS_DEFAULT,
        [flag, value] if flag == "--seconds" => value
            .parse()
            .ok()
            .filter(|seconds| (1..=SOAK_SECONDS_MAX).contains(seconds))
            .ok_or_else(|| format!("--seconds takes a number from 1 to {SOAK_SECONDS_MAX}"))?,
        [word, ..] => return Err(format!("`{word}` is not understood here")),
    };
    Ok(Command::Soak { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn test_runs_everything_unless_told_otherwise() {
        let Ok(Command::Test(options)) = parse(&words("test")) else { panic!("not understood") };
        let all = [Group::Tidy, Group::Rust, Group::Readers, Group::Interface, Group::Browser];
        assert_eq!(options.groups, all);
        assert!(!options.keep_going);
    }

    #[test]
    fn groups_are_chosen_by_name() {
        let expected = TestOptions { groups: vec![Group::Tidy, Group::Browser], keep_going: true };
        let line = words("test --only tidy,browser --keep-going");
        assert_eq!(parse(&line), Ok(Command::Test(expected)));
    }

    #[test]
    fn bench_has_sizes() {
        let line = "bench --payments 700,500 --engine sqlite --only server,crates";
        let Ok(Command::Bench(options)) = parse(&words(line)) else { panic!("not understood") };
        assert_eq!((options.sizes, options.patients), (vec![500, 700], 1_000_000));
        assert_eq!(options.engines, [Engine::Embedded]);
        assert_eq!(options.parts, [Part::Server, Part::Crates]);
        for line in [
            "bench --payments",
            "bench --payments 5,0",
            "bench --engine oracle",
            "bench --only speed",
        ] {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }

    #[test]
    fn package_takes_a_binary_or_builds_one() {
        assert_eq!(parse(&words("package")), Ok(Command::Package(None)));
        let named = Command::Package(Some(PathBuf::from("there/almoner")));
        assert_eq!(parse(&words("package --binary there/almoner")), Ok(named));
        assert!(parse(&words("package --binary")).is_err());
    }

    #[test]
    fn soak_is_bounded() {
        assert_eq!(parse(&words("soak")), Ok(Command::Soak { seconds: SOAK_SECONDS_DEFAULT }));
        assert_eq!(parse(&words("soak --seconds 5")), Ok(Command::Soak { seconds: 5 }));
        assert!(parse(&words("soak --seconds 0")).is_err());
        assert!(parse(&words("soak --seconds 1000000")).is_err());
    }

    #[test]
    fn unknown_words_are_refused() {
        for line in ["", "tset", "test --fast", "test --only", "test --only rost", "tidy now"] {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }
}
