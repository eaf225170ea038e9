//! `almoner serve`

use std::future::{Future, IntoFuture as _};
use std::net::SocketAddr;
use std::time::Duration;

use almoner_app::App;
use almoner_web::{UploadSettings, Web, WebSettings};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::settings::Settings;
use crate::telemetry::{Telemetry, metrics};
use crate::{Failure, demo};

/// How long requests under way, and the jobs, may take to end once the program is asked to stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// How long what they leave may take to be written.
const NOTE_WITHIN: Duration = Duration::from_secs(5);

/// Starts the server on real data.
pub(crate) async fn run(settings: Settings, telemetry: &Telemetry) -> Result<(), Failure> {
    let faults = settings.unsafe_for_real_data();
    if !faults.is_empty() {
        return Err(Failure::Usage(format!("refusing to start: {}", faults.join("; "))));
    }
    let app = super::open(&settings).await?;
    let organizations = almoner_app::read::organizations(&app).await?;
    if organizations.iter().any(|actor| actor.organization.slug == demo::SLUG) {
        let line = "refusing to start: this database holds the demo's clinic, whose passwords \
            everybody knows";
        return Err(Failure::Usage(line.to_owned()));
    }
    let (listener, _) = listen(&settings).await?;
    serve(app, &settings, (listener, false), telemetry).await
}

/// Takes the port and prints the address.
#[expect(clippy::print_stdout, reason = "the address is the command's answer")]
pub(crate) async fn listen(settings: &Settings) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        Failure::Failed(format!("cannot listen on {}: {error}", settings.listen))
    })?;
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    println!("Almoner listens on http://{address}");
    Ok((listener, address))
}

/// Serves until the program is asked to stop; requests under way are finished.
pub(crate) async fn serve(
    mut app: App,
    settings: &Settings,
    (listener, demo): (TcpListener, bool),
    telemetry: &Telemetry,
) -> Result<(), Failure> {
    if let Some(replica) = &settings.read_database {
        app.db = app.db.with_replica(replica).await?;
    }
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    let web_settings = WebSettings {
        base_url: settings.base_url.clone().unwrap_or_else(|| format!("http://{address}")),
        trusted_proxy: settings.trusted_proxy,
        demo,
        uploads: UploadSettings::new(settings.files.max_uploads),
    };
    let base_url = web_settings.base_url.clone();
    let mut web = Web::new(app.clone(), web_settings);
    if telemetry.metrics.is_some() {
        web = web.measured();
    }
    let metrics = tell_metrics(&app, &web, settings, telemetry).await?;
    let mut signals = Signals::new()?;
    let (stop_jobs, jobs_stopped) = watch::channel(false);
    let (close, closed) = watch::channel(false);
    let jobs = tokio::spawn(almoner_jobs::run(app.clone(), base_url, jobs_stopped));
    let watched = app.db.clone();
    let watching = tokio::spawn(async move { watched.watch_replica().await });
    let router = almoner_web::router(web.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(turned(closed));
    let mut running = Running { serving: tokio::spawn(serving.into_future()), jobs };
    let served = running.until_it_ends(&mut signals).await;
    web.stop();
    let _ = stop_jobs.send(true);
    let stopping = async {
        tokio::time::sleep(if served.is_ok() { settings.drain } else { Duration::ZERO }).await;
        let _ = close.send(true);
        watching.abort();
        running.end(&app, &web).await;
    };
    tokio::select! {
        () = stopping => tracing::info!("stopped"),
        () = signals.asked() => tracing::warn!("asked to stop again: what is under way is cut off"),
    }
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    served
}

/// Begins to tell metrics, when the settings say where.
#[expect(clippy::print_stdout, reason = "the address is part of the command's answer")]
async fn tell_metrics(
    app: &App,
    web: &Web,
    settings: &Settings,
    telemetry: &Telemetry,
) -> Result<Option<JoinHandle<()>>, Failure> {
    let (Some(at), Some(handle)) = (settings.watching.metrics_listen, &telemetry.metrics) else {
        return Ok(None);
    };
    let listener = TcpListener::bind(at)
        .await
        .map_err(|error| Failure::Failed(format!("cannot listen on {at} for metrics: {error}")))?;
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    println!("Metrics are at http://{address}/metrics");
    let telling = metrics::serve(listener, app.clone(), web.clone(), handle.clone());
    Ok(Some(tokio::spawn(telling)))
}

/// What runs until the program is asked to stop.
struct Running {
    serving: JoinHandle<std::io::Result<()>>,
    jobs: JoinHandle<()>,
}

impl Running {
    /// Waits until the program is asked to stop. That something ends by itself is a failure: a
    /// server without jobs would keep refunds, letters and seals waiting, and say nothing.
    async fn until_it_ends(&mut self, signals: &mut Signals) -> Result<(), Failure> {
        tokio::select! {
            () = signals.asked() => {
                tracing::info!("asked to stop: requests under way are finished");
                Ok(())
            }
            ended = &mut self.serving => match ended {
                Ok(Ok(())) => Err(Failure::Failed("the server ended by itself".to_owned())),
                Ok(Err(error)) => Err(Failure::of(&error)),
                Err(error) => Err(Failure::of(&error)),
            },
            _ = &mut self.jobs => Err(Failure::Failed("the jobs ended by themselves".to_owned())),
        }
    }

    /// Ends everything in an order in which nothing is lost, each step within a deadline: what is
    /// cut off is undone, and taken up again by the next start.
    async fn end(self, app: &App, web: &Web) {
        let Self { serving, jobs } = self;
        if !serving.is_finished() {
            within(STOP_WITHIN, "requests", async { drop(serving.await) }).await;
        }
        within(NOTE_WITHIN, "the audit log of reads", web.flush_reads()).await;
        if !jobs.is_finished() {
            within(STOP_WITHIN, "jobs", async { drop(jobs.await) }).await;
        }
        within(NOTE_WITHIN, "the database", app.db.close()).await;
    }
}

async fn within(limit: Duration, what: &'static str, work: impl Future<Output = ()>) {
    if tokio::time::timeout(limit, work).await.is_err() {
        tracing::warn!(what, "did not end in time and is cut off");
    }
}

/// Waits until it is turned to true, or nobody is left to do so.
async fn turned(mut switch: watch::Receiver<bool>) {
    let _ = switch.wait_for(|is_on| *is_on).await;
}

/// Ways of being asked to stop.
#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::of(&error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ways of being asked to stop.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self, Failure> {
        Ok(Self)
    }

    async fn asked(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
