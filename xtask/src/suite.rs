//! `cargo xtask test`: everything that must pass, in an order that fails early.

use std::ffi::OsStr;
use std::path::Path;

use crate::ahead::{self, Ahead};
use crate::browser::{self, Engine};
use crate::engines::Ran;
use crate::postgres::Postgres;
use crate::process::{self, Outcome};
use crate::s3::{self, S3};
use crate::steps::Steps;
use crate::tools::{self, Tool};
use crate::{conformance, fhir, makers, project, readers, stripe, tidy, webhooks};

/// What can be chosen with `--only`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// The style checks.
    Tidy,
    /// Format, lints, and all tests that cargo knows.
    Rust,
    /// What we write, read by programs that are not ours.
    Readers,
    /// The interface for other programs, asked for all that it describes.
    Interface,
    /// The browser tests and the search for leaks.
    Browser,
}

/// Both engines, in the order in which they are tried.
const ENGINES: [Engine; 2] = [Engine::Embedded, Engine::Server];

/// What the developer asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestOptions {
    /// The groups to run.
    pub(crate) groups: Vec<Group>,
    /// Whether to run the rest after a failure.
    pub(crate) keep_going: bool,
}

impl Default for TestOptions {
    fn default() -> Self {
        let groups =
            vec![Group::Tidy, Group::Rust, Group::Readers, Group::Interface, Group::Browser];
        Self { groups, keep_going: false }
    }
}

impl TestOptions {
    fn wants(&self, group: Group) -> bool {
        self.groups.contains(&group)
    }

    /// Whether the built program is tried.
    fn wants_binary(&self) -> bool {
        self.wants(Group::Interface) || self.wants(Group::Browser)
    }

    fn tools(&self) -> Vec<Tool> {
        let mut tools = Vec::new();
        if self.wants(Group::Rust) || self.wants_binary() {
            tools.push(Tool::Postgres);
        }
        if self.wants(Group::Rust) || self.wants(Group::Browser) {
            tools.extend([Tool::Node, Tool::Npm]);
        }
        if [Group::Rust, Group::Readers, Group::Interface].iter().any(|&group| self.wants(group)) {
            tools.push(Tool::Python);
        }
        tools
    }
}

/// Runs what was asked for; an error when a step failed.
pub(crate) fn test(options: &TestOptions) -> Outcome<()> {
    let root = project::root();
    let mut steps = Steps::new(options.keep_going);
    let has_tools = steps.run("tools", || {
        if options.wants(Group::Browser) {
            tools::missing_packages(&ahead::BROWSERS)?;
        }
        tools::ensure(&options.tools())
    });
    let mut fetched = has_tools.then(|| Ahead::start(&root, &options.groups));
    if options.wants(Group::Tidy) {
        steps.run("tidy", tidy::run);
    }
    if options.wants(Group::Rust) {
        lint(&root, &mut steps);
    }
    let server = if options.tools().contains(&Tool::Postgres) {
        let mut server = None;
        steps.run("PostgreSQL", || {
            let started = Postgres::start()?;
            println!("{}", started.url());
            server = Some(started);
            Ok(())
        });
        server
    } else {
        None
    };
    steps.run("what others made", || fetched.as_mut().map_or(Ok(()), Ahead::wait));
    if options.wants(Group::Rust) {
        rust_tests(&root, server.as_ref(), &mut steps);
    }
    if options.wants(Group::Readers) {
        steps.run("independent readers", || readers::run(&root));
    }
    if options.wants_binary() {
        // Built as for the tests, so that nothing is built twice with other features.
        steps.run("binary", || {
            let arguments = ["nextest", "run", "--workspace", "--no-run"];
            process::run(&mut process::cargo(&root, &arguments))
        });
    }
    if options.wants(Group::Interface) {
        for engine in ENGINES {
            let name = format!("Schemathesis, {}", engine.title());
            steps.run(&name, || conformance::run(&root, engine, needed(server.as_ref())?));
        }
    }
    if options.wants(Group::Browser) {
        browser_tests(&root, server.as_ref(), &mut steps);
    }
    drop(server);
    steps.finish()
}

fn lint(root: &Path, steps: &mut Steps) {
    steps.run("cargo tools", || tools::ensure_cargo(root));
    steps.run("format", || process::run(&mut process::cargo(root, &["fmt", "--all", "--check"])));
    steps.run("clippy", || {
        let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        process::run(&mut process::cargo(root, &arguments))
    });
}

fn rust_tests(root: &Path, server: Option<&Postgres>, steps: &mut Steps) {
    let mut clients = Vec::new();
    steps.run("Stripe's clients", || {
        clients = stripe::clients(root)?;
        Ok(())
    });
    steps.run("Standard Webhooks' libraries", || {
        clients.extend(webhooks::libraries(root)?);
        Ok(())
    });
    steps.run("models of FHIR", || {
        clients.extend(fhir::models(root)?);
        Ok(())
    });
    steps.run("makers of clients", || {
        clients.extend(makers::makers(root)?);
        Ok(())
    });
    let mut documents = None;
    steps.run("S3 server", || {
        let started = S3::start(root)?;
        println!("{}", started.url());
        clients.push((s3::VARIABLE, started.url().into()));
        documents = Some(started);
        Ok(())
    });
    steps.run("tests", || {
        for samples in project::SAMPLES {
            match project::samples(root, samples) {
                Some(folder) => println!("the tests on the samples in {} run", folder.display()),
                None => println!("{}: the tests on samples are left out", samples.0),
            }
        }
        nextest(root, needed(server)?, "nextest.toml", &clients)
    });
    steps.run("documentation tests", || {
        let mut command = process::cargo(root, &["test", "--doc", "--workspace", "--quiet"]);
        process::run(command.envs(needed(server)?.variables()))
    });
    drop(documents);
}

fn browser_tests(root: &Path, server: Option<&Postgres>, steps: &mut Steps) {
    steps.run("browsers", || tools::ensure(&ahead::BROWSERS));
    steps.run("node packages", || {
        tools::ensure_node_packages(&root.join("e2e"), tools::NODE_MAJOR_MIN)
    });
    for engine in ENGINES {
        let name = format!("browser, {}", engine.title());
        steps.run(&name, || browser::run(root, engine, needed(server)?));
        let name = format!("leaks, {}", engine.title());
        steps.run(&name, || browser::search_leaks(root, engine));
    }
}

/// Runs all tests with nextest, then counts them by engine. `config` is a file beside this crate.
pub(crate) fn nextest(
    root: &Path,
    server: &Postgres,
    config: &str,
    variables: &[(&str, impl AsRef<OsStr>)],
) -> Outcome<()> {
    let config = format!("xtask:{}", root.join("xtask").join(config).display());
    // Nextest keeps its own files here, wherever cargo builds.
    let report = root.join("target/nextest/default/xtask.xml");
    // A report of an earlier run must never be counted as this one's.
    let _ = std::fs::remove_file(&report);
    let mut command = process::cargo(root, &["nextest", "run", "--workspace", "--no-fail-fast"]);
    command.args(["--no-tests", "warn", "--tool-config-file", &config]);
    command.envs(server.variables());
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    for samples in project::SAMPLES {
        command.envs(project::samples(root, samples).map(|folder| (samples.0, folder)));
    }
    let outcome = process::run(&mut command);
    let ran = Ran::read(&report);
    if let Ok(ran) = &ran {
        println!("{}", ran.line());
    }
    outcome?;
    ran?.check()
}

fn needed(server: Option<&Postgres>) -> Outcome<&Postgres> {
    server.ok_or_else(|| "PostgreSQL is needed and did not start".to_owned())
}
