//! `almoner serve`

use std::net::SocketAddr;
use std::time::Duration;

use almoner_app::App;
use almoner_web::{UploadSettings, Web, WebSettings};
use tokio::net::TcpListener;

use crate::settings::Settings;
use crate::{Failure, demo};

/// How long requests under way may take to end once the program is asked to stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Starts the server on real data.
pub(crate) async fn run(settings: Settings) -> Result<(), Failure> {
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
    serve(app, &settings, listener, false).await
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
    app: App,
    settings: &Settings,
    listener: TcpListener,
    demo: bool,
) -> Result<(), Failure> {
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    let web_settings = WebSettings {
        base_url: settings.base_url.clone().unwrap_or_else(|| format!("http://{address}")),
        trusted_proxy: settings.trusted_proxy,
        demo,
        uploads: UploadSettings::new(settings.files.max_uploads),
    };
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let base_url = web_settings.base_url.clone();
    let jobs = tokio::spawn(almoner_jobs::run(app.clone(), base_url, stopped));
    let web = Web::new(app.clone(), web_settings);
    let router = almoner_web::router(web.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(asked_to_stop());
    let served = tokio::select! {
        served = serving => served,
        () = asked_to_stop_long_ago() => Ok(()),
    };
    web.flush_reads().await;
    let _ = stop.send(true);
    let _ = jobs.await;
    app.db.close().await;
    served.map_err(|error| Failure::of(&error))
}

/// Requests that do not end hold the program up no longer than this.
async fn asked_to_stop_long_ago() {
    asked_to_stop().await;
    tokio::time::sleep(STOP_WITHIN).await;
}

async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminated) = signal(SignalKind::terminate()) else {
            let _ = interrupted.await;
            return;
        };
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
}
