//! The rounds of a loop: one with each tick, until the program is asked to stop.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

/// The rounds of a loop.
pub(crate) struct Rounds {
    ticks: Interval,
    stop: watch::Receiver<bool>,
    next: u32,
}

impl Rounds {
    /// The first round at once, and one after each pause, until `stop` turns true.
    pub(crate) fn new(pause: Duration, stop: watch::Receiver<bool>) -> Self {
        let mut ticks = tokio::time::interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, stop, next: 0 }
    }

    /// Waits for the next round and tells its number, which begins anew after very many; `None`
    /// once the program is asked to stop.
    pub(crate) async fn next(&mut self) -> Option<u32> {
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => return None,
            _ = self.ticks.tick() => {}
        }
        let round = self.next;
        self.next = round.wrapping_add(1);
        Some(round)
    }
}

/// Does the work of each round until `stop` turns true. A round that goes on then is left where it
/// waits, so what it has not committed must be taken up again after a restart.
pub(crate) async fn in_rounds<F: Future<Output = ()>>(
    pause: Duration,
    mut stop: watch::Receiver<bool>,
    mut work: impl FnMut(u32) -> F,
) {
    let mut rounds = Rounds::new(pause, stop.clone());
    while let Some(round) = rounds.next().await {
        tokio::select! {
            () = work(round) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rounds_are_numbered_until_the_program_is_asked_to_stop() {
        let (ask, stop) = watch::channel(false);
        let mut rounds = Rounds::new(Duration::from_millis(1), stop);
        assert_eq!((rounds.next().await, rounds.next().await), (Some(0), Some(1)));
        ask.send(true).expect("somebody listens");
        assert_eq!((rounds.next().await, rounds.next().await), (None, None));
    }

    #[tokio::test]
    async fn nobody_who_could_ask_to_stop_is_as_good_as_being_asked() {
        let (ask, stop) = watch::channel(false);
        drop(ask);
        assert_eq!(Rounds::new(Duration::from_hours(1), stop).next().await, None);
    }
}
