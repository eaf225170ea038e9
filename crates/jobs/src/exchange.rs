//! Carries questions to payers beside everything else: a payer that takes its time keeps neither
//! the other jobs nor the questions to other payers waiting.

use std::time::Duration;

use almoner_app::exchange_checks::{ask_claimed, claim_due, collect_answers, give_up};
use almoner_app::{Actor, App, Error, read};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::rounds::Rounds;
use crate::{done, in_turn};

/// How often questions that are due are looked for.
const SHORT: Duration = Duration::from_secs(1);
/// After how many short rounds the clearinghouse is asked what it holds for us.
const ROUNDS_BETWEEN_COLLECTING: u32 = 3;
/// After how many short rounds questions are given up.
const ROUNDS_BETWEEN_GIVING_UP: u32 = 60;
/// Questions that one server asks at a time.
const MAX_AT_ONCE: usize = 8;
/// How long questions that are being asked may take to end once the program is asked to stop; what
/// is cut off then is asked again when its claim has run out.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// What one round is to do beside asking.
struct Round {
    number: u32,
    collects: bool,
    gives_up: bool,
}

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(SHORT, stop);
    let mut asking = JoinSet::new();
    let mut collecting = JoinSet::new();
    while let Some(number) = rounds.next().await {
        let round = Round {
            number,
            collects: number.is_multiple_of(ROUNDS_BETWEEN_COLLECTING),
            gives_up: number.is_multiple_of(ROUNDS_BETWEEN_GIVING_UP),
        };
        done("claim_questions", &app, once(&app, &round, &mut asking)).await;
        while collecting.try_join_next().is_some() {}
        if round.collects && collecting.is_empty() {
            let app = app.clone();
            collecting.spawn(async move {
                done("collect_answers", &app, collect_answers(&app)).await;
            });
        }
    }
    let ending = async {
        while asking.join_next().await.is_some() {}
        while collecting.join_next().await.is_some() {}
    };
    // Dropping the sets ends what is left.
    let _ = tokio::time::timeout(STOP_WITHIN, ending).await;
}

/// Begins to ask what is due, as far as there is room.
async fn once(app: &App, round: &Round, asking: &mut JoinSet<()>) -> Result<(), Error> {
    while asking.try_join_next().is_some() {}
    for actor in in_turn(read::organizations(app).await?, round.number) {
        if round.gives_up {
            done("give_up_questions", app, give_up(app, &actor)).await;
        }
        let room = MAX_AT_ONCE.saturating_sub(asking.len());
        for inquiry in claim_due(app, &actor, room).await? {
            let (app, actor): (App, Actor) = (app.clone(), actor.clone());
            asking.spawn(async move {
                done("ask_payer", &app, ask_claimed(&app, &actor, &inquiry)).await;
            });
        }
    }
    Ok(())
}
