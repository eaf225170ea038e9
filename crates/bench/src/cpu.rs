//! How much time processes had of the processors, and how much memory they hold, as Linux tells.

use std::fs;

/// The processes that answer: the server, and those of its database that are for it alone.
#[derive(Debug, Clone)]
pub(crate) struct Processes {
    server: u32,
    /// What stands in the command line of each of the database's processes.
    backends: Option<String>,
}

/// Nanoseconds of processor time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// In the server.
    pub(crate) server: u64,
    /// In the database's processes; an embedded database has none.
    pub(crate) backends: u64,
}

impl Used {
    /// What was used since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server.saturating_sub(before.server),
            backends: self.backends.saturating_sub(before.backends),
        }
    }

    /// Microseconds of each of so many requests.
    pub(crate) fn micros_each(self, count: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "printed with a few digits")]
        let (whole, count) = ((self.server + self.backends) as f64, count as f64);
        whole / 1_000.0 / count
    }
}

impl Processes {
    /// A server, with the words that mark the processes of its database.
    pub(crate) fn new(server: u32, backends: Option<String>) -> Self {
        Self { server, backends }
    }

    /// This process in the server's place.
    pub(crate) fn own(backends: Option<String>) -> Self {
        Self { server: std::process::id(), backends }
    }

    /// What all of them used since they began.
    pub(crate) fn used(&self) -> Used {
        let backends = self.backends.as_deref().map(marked).unwrap_or_default();
        Used { server: nanos(self.server), backends: backends.into_iter().map(nanos).sum() }
    }

    /// What the server holds in memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }
}

/// The processes in whose command line the words stand.
fn marked(words: &str) -> Vec<u32> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|process: &u32| {
            let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            let line: Vec<u8> =
                line.iter().map(|&byte| if byte == 0 { b' ' } else { byte }).collect();
            String::from_utf8_lossy(&line).starts_with(words)
        })
        .collect()
}

/// What all threads of a process used.
fn nanos(process: u32) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    threads
        .filter_map(|thread| {
            let told = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            told.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum()
}
