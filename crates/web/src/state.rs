//! What every handler is given.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use almoner_app::App;
use almoner_app::audit_reads::ReadLog;

use crate::api::Pace;
use crate::throttle::{PayerThrottle, Throttle};
use crate::uploads::{UploadSettings, Uploads};
use crate::xlsx_file::{MAX_ROWS, Sheets};

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// The address that browsers use, without a slash at its end.
    pub base_url: String,
    /// The proxy that may name the client.
    pub trusted_proxy: Option<IpAddr>,
    /// The invented clinic: the sign-in page says so.
    pub demo: bool,
    /// How many files are received at the same time.
    pub uploads: UploadSettings,
}

impl WebSettings {
    /// Whether browsers reach the pages by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// The pages' own state.
#[derive(Clone)]
pub struct Web {
    pub(crate) app: App,
    pub(crate) settings: Arc<WebSettings>,
    pub(crate) sign_ins: Arc<Throttle>,
    pub(crate) payers: Arc<PayerThrottle>,
    pub(crate) reads: ReadLog,
    pub(crate) pace: Arc<Pace>,
    pub(crate) uploads: Arc<Uploads>,
    /// Whether somebody asks for metrics.
    pub(crate) measures: bool,
    stopping: Arc<AtomicBool>,
    pub(crate) sheets: Arc<Sheets>,
}

impl Web {
    /// The pages of a program. Needs the runtime, for the queue that audits reads.
    pub fn new(app: App, settings: WebSettings) -> Self {
        let sign_ins = Arc::new(Throttle::new());
        let reads = ReadLog::start(app.clone());
        let payers = Arc::new(PayerThrottle::new());
        let pace = Arc::new(Pace::new());
        let uploads = Arc::new(Uploads::new(settings.uploads));
        let (sheets, settings) = (Arc::new(Sheets::new(MAX_ROWS)), Arc::new(settings));
        Self {
            app,
            settings,
            sign_ins,
            payers,
            reads,
            pace,
            uploads,
            sheets,
            measures: false,
            stopping: Arc::default(),
        }
    }

    /// The same pages, whose requests are counted and timed.
    #[must_use]
    pub fn measured(self) -> Self {
        Self { measures: true, ..self }
    }

    /// The program is asked to stop: from now on it says that it is not ready.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// The same with shorter sheets, for tests of what is longer.
    #[must_use]
    pub fn with_sheet_rows(self, max_rows: usize) -> Self {
        Self { sheets: Arc::new(Sheets::new(max_rows)), ..self }
    }

    /// Waits until every read that was served is in the audit log.
    pub async fn flush_reads(&self) {
        self.reads.flush().await;
    }

    /// A key for a form, which makes sending it twice the same as once.
    pub(crate) fn form_key(&self) -> String {
        almoner_domain::text::hex(&self.app.random::<16>())
    }
}
