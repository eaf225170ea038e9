//! What is told to those who watch the program: log lines, metrics, traces.

use std::net::SocketAddr;

use crate::Failure;
use crate::cli::WatchingArgs;

/// What `almoner.toml` says.
#[derive(Debug, Default)]
pub(super) struct FileWatching {
    pub(super) log_format: Option<String>,
    pub(super) log: Option<String>,
    pub(super) metrics_listen: Option<String>,
    pub(super) metrics_open: bool,
    pub(super) otlp_endpoint: Option<String>,
}

/// What is told to those who watch the program.
#[derive(Debug, Clone)]
pub(crate) struct Watching {
    /// Log lines as JSON.
    pub(crate) json_logs: bool,
    /// Which log lines are written.
    pub(crate) log: String,
    /// Where metrics are told.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// A collector's address for traces, without a slash at its end.
    pub(crate) otlp_endpoint: Option<String>,
}

impl Watching {
    /// What the flags, the environment and the file say, in this order.
    pub(super) fn read(args: &WatchingArgs, file: FileWatching) -> Result<Self, Failure> {
        let one = |flag: &Option<String>, filed: Option<String>| flag.clone().or(filed);
        let format = one(&args.log_format, file.log_format).unwrap_or_else(|| "text".to_owned());
        let json_logs = match &*format {
            "json" => true,
            "text" => false,
            other => {
                return Err(Failure::Usage(format!("--log-format {other}: choose text or json")));
            }
        };
        let listen = one(&args.metrics_listen, file.metrics_listen);
        let is_open = args.metrics_open || file.metrics_open;
        Ok(Self {
            json_logs,
            log: one(&args.log, file.log).unwrap_or_else(|| "info".to_owned()),
            metrics_listen: listen.map(|listen| metrics_address(&listen, is_open)).transpose()?,
            otlp_endpoint: one(&args.otlp_endpoint, file.otlp_endpoint)
                .map(|url| collector(&url))
                .transpose()?,
        })
    }
}

/// Counts alone tell how a clinic is doing, so they are for this machine unless it is said that
/// they are not.
fn metrics_address(text: &str, is_open: bool) -> Result<SocketAddr, Failure> {
    let address: SocketAddr = text.parse().map_err(|_| {
        Failure::Usage(format!("--metrics-listen {text} is no address like 127.0.0.1:9464"))
    })?;
    if !address.ip().is_loopback() && !is_open {
        let line = format!(
            "--metrics-listen {text} would tell metrics to the network; listen on 127.0.0.1, or \
             add --metrics-open where only the monitoring reaches that address"
        );
        return Err(Failure::Usage(line));
    }
    Ok(address)
}

/// Traces hold no patient data, but the times of a clinic's work, which leave the machine by TLS
/// only.
fn collector(url: &str) -> Result<String, Failure> {
    let url = url.trim_end_matches('/');
    let is_local = super::LOCAL_HOSTS.iter().any(|host| super::is_host(url, host));
    if url.starts_with("https://") || (url.starts_with("http://") && is_local) {
        return Ok(url.to_owned());
    }
    Err(Failure::Usage(format!(
        "--otlp-endpoint {url}: begin with https://, or with http:// for a collector on this \
         machine, such as http://127.0.0.1:4318"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &WatchingArgs) -> Option<String> {
        match Watching::read(args, FileWatching::default()) {
            Ok(_) => None,
            Err(Failure::Usage(line) | Failure::Failed(line)) => Some(line),
        }
    }

    #[test]
    fn metrics_are_for_this_machine_unless_it_is_said() {
        let args = |listen: &str, metrics_open| WatchingArgs {
            metrics_listen: Some(listen.to_owned()),
            metrics_open,
            ..WatchingArgs::default()
        };
        assert_eq!(refused(&args("127.0.0.1:9464", false)), None);
        assert_eq!(refused(&args("[::1]:0", false)), None);
        assert!(refused(&args("0.0.0.0:9464", false)).unwrap().contains("--metrics-open"));
        assert_eq!(refused(&args("0.0.0.0:9464", true)), None);
        assert!(refused(&args("9464", true)).unwrap().contains("no address"));
    }

    #[test]
    fn traces_leave_the_machine_by_tls_only() {
        let args = |url: &str| WatchingArgs {
            otlp_endpoint: Some(url.to_owned()),
            ..WatchingArgs::default()
        };
        for url in ["http://127.0.0.1:4318", "http://localhost:4318/", "https://traces.example"] {
            assert_eq!(refused(&args(url)), None, "{url}");
        }
        for url in ["http://traces.example", "http://127.0.0.1.evil.example", "localhost:4317"] {
            assert!(refused(&args(url)).unwrap().contains("https://"), "{url}");
        }
    }
}
