//! Sends letters beside everything else: a mail server that takes its time keeps nobody waiting.

use std::time::Duration;

use almoner_app::post_mail::{claim_mail, post_claimed};
use almoner_app::{App, Error, read};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::rounds::Rounds;
use crate::{done, in_turn};

/// How often letters that are to be sent are looked for.
const SHORT: Duration = Duration::from_secs(2);
/// Letters that one server sends at a time.
const MAX_AT_ONCE: usize = 4;
/// How long letters that are being sent may take to end once the program is asked to stop; what is
/// cut off then is sent again when its claim has run out.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, base_url: String, stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(SHORT, stop);
    let mut sending = JoinSet::new();
    while let Some(round) = rounds.next().await {
        done("claim_mail", &app, once(&app, &base_url, round, &mut sending)).await;
    }
    let ending = async { while sending.join_next().await.is_some() {} };
    // Dropping the set ends what is left.
    let _ = tokio::time::timeout(STOP_WITHIN, ending).await;
}

/// Begins to send what is due, as far as there is room.
async fn once(
    app: &App,
    base_url: &str,
    round: u32,
    sending: &mut JoinSet<()>,
) -> Result<(), Error> {
    while sending.try_join_next().is_some() {}
    for actor in in_turn(read::organizations(app).await?, round) {
        let room = MAX_AT_ONCE.saturating_sub(sending.len());
        for mail in claim_mail(app, &actor, room).await? {
            let (app, actor, base_url) = (app.clone(), actor.clone(), base_url.to_owned());
            sending.spawn(async move {
                done("send_mail", &app, post_claimed(&app, &actor, &mail, &base_url)).await;
            });
        }
    }
    Ok(())
}
