//! Reads at a streaming replica, for whoever does not have to see the newest.
//!
//! How it is decided where a read goes:
//!
//! 1. [`Db::read`] and [`Db::begin`] always go to the database itself. Only [`Db::read_since`] may
//!    go to the replica, and only for a caller who says up to which [`Position`] they have to see
//!    everything, such as that of their own last write.
//! 2. The connection that is about to read is asked first: whether it is a replica, whether of this
//!    database, and how far it has come. So it does not matter which of several replicas answers
//!    behind one address, nor what happened since somebody looked last.
//! 3. It must have come as far as the caller's position, and as far as the database stood
//!    [`LAG_MAX`] ago, so that nobody ever sees anything that is much older than that. Where the
//!    database stands is noted each [`ROUND`].
//! 4. Whatever is missing for this, the read goes to the database itself, and nobody notices. A
//!    replica that is away or behind is not asked again before the next round found it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use almoner_domain::ambient::Stopwatch;
use metrics::counter;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Postgres, Row as _};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::opening::{is_server, server_options, server_pool};
use super::{Db, StoreError, Tx};

/// How far back from the newest a read at the replica may be.
const LAG_MAX: Duration = Duration::from_secs(5);
/// How often it is looked where the database and its replica stand.
const ROUND: Duration = Duration::from_millis(500);
/// How long a replica may take to say where it stands; a reader waits no longer for it.
const ASK_WITHIN: Duration = Duration::from_secs(1);
/// How long the database may take to say where it stands.
const PRIMARY_WITHIN: Duration = Duration::from_secs(3);

/// Which database it is among all that there are, and how far it has come as a replica.
const STANDING: &str = "\
    SELECT (SELECT CAST(system_identifier AS BIGINT) FROM pg_control_system()) AS cluster, \
    (SELECT CAST(oid AS BIGINT) FROM pg_database WHERE datname = current_database()) AS inside, \
    CASE WHEN pg_is_in_recovery() \
    THEN CAST(pg_last_wal_replay_lsn() - CAST('0/0' AS pg_lsn) AS BIGINT) END AS replayed";
/// Where the database stands: behind everything that is committed by now. What is written next may
/// begin a page of the log, behind its header of 24 bytes, or a segment, behind one of 40; a
/// replica that has everything is still before that header then, for as long as nothing is written.
const POSITION: &str = "\
    SELECT CASE WHEN mod(next, pg_size_bytes(current_setting('wal_segment_size'))) = 40 \
    THEN next - 40 WHEN mod(next, pg_size_bytes(current_setting('wal_block_size'))) = 24 \
    THEN next - 24 ELSE next END AS stands FROM (SELECT \
    CAST(pg_current_wal_insert_lsn() - CAST('0/0' AS pg_lsn) AS BIGINT) AS next) AS log";

/// A place in the order of everything that was ever written to a database. It is no secret, and
/// whoever makes one up harms nobody but themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(i64);

impl Position {
    /// Before everything: whoever has to see up to here takes any replica.
    pub const START: Self = Self(0);
    /// Behind everything: whoever has to see up to here reads at the database itself.
    pub const END: Self = Self(i64::MAX);

    /// Reads what was told somebody as a text.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|place| *place >= 0).map(Self)
    }
}

impl From<Position> for i64 {
    fn from(position: Position) -> Self {
        position.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One database among all that there are: its cluster, and its number in there.
type Identity = (i64, i64);

/// What a connection says that was asked.
enum Standing {
    /// It is a replica of ours and has come so far.
    At(Position),
    /// It is no replica, or none any more.
    NoReplica,
    /// It is one of another database.
    Foreign,
}

/// A replica, and what is known of it.
#[derive(Debug)]
pub struct Replica {
    pool: PgPool,
    /// Of which database it has to be one.
    identity: Identity,
    since: Stopwatch,
    watch: Mutex<Watch>,
}

/// Where the database and its replica stood when it was looked.
#[derive(Debug, Default)]
struct Watch {
    /// Where the database stood, and when, the oldest first; nothing that is older than the lag
    /// that is borne.
    stood: VecDeque<(Duration, Position)>,
    /// As far as a replica must have come.
    floor: Position,
    /// When it was looked last.
    looked: Option<Duration>,
    is_usable: bool,
    /// How far the replica was behind then, at most, when that was known.
    lag: Option<Duration>,
    /// What the log was told last.
    told: Option<bool>,
}

impl Watch {
    /// Notes where both stand; tells how far the replica is behind at most, unless that is not
    /// known or more than is borne.
    fn note(
        &mut self,
        now: Duration,
        stands: Position,
        replica: Option<Position>,
    ) -> Option<Duration> {
        match self.stood.back() {
            // From here on everything is seen, and nothing is known of what was before.
            None => self.floor = self.floor.max(stands),
            // It has lost what it had, as after a failover; the replica may have it still.
            Some(&(_, newest)) if stands < newest => {
                self.floor = self.floor.max(newest);
                self.stood.clear();
            }
            Some(_) => {}
        }
        self.stood.push_back((now, stands));
        while let Some(&(at, position)) = self.stood.front()
            && at + LAG_MAX <= now
        {
            self.floor = self.floor.max(position);
            self.stood.pop_front();
        }
        self.looked = Some(now);
        self.is_usable = replica.is_some_and(|replica| replica >= self.floor);
        let reached = self.stood.iter().rev().find(|(_, position)| Some(*position) <= replica);
        reached.map(|(at, _)| now.saturating_sub(*at))
    }

    /// As far as a replica must have come for somebody who has to see up to that position; `None`
    /// when none is to be asked.
    fn required(&self, now: Duration, seen: Position) -> Option<Position> {
        let looked = self.looked.filter(|looked| *looked + LAG_MAX > now)?;
        (self.is_usable && looked <= now).then(|| self.floor.max(seen))
    }
}

/// Which database a connection leads to, and how far that has come as a replica.
async fn ask(connection: &mut PgConnection) -> Result<(Identity, Option<Position>), sqlx::Error> {
    let row = sqlx::query(STANDING).fetch_one(connection).await?;
    let replayed: Option<i64> = row.try_get("replayed")?;
    Ok(((row.try_get("cluster")?, row.try_get("inside")?), replayed.map(Position)))
}

impl Replica {
    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to the replica, and what it says of itself.
    async fn asked(&self) -> Result<(PoolConnection<Postgres>, Standing), StoreError> {
        let asked = async {
            loop {
                let mut connection = self.pool.acquire().await?;
                match ask(&mut connection).await.map_err(StoreError::from) {
                    Ok((identity, replayed)) => {
                        let standing = match replayed {
                            _ if identity != self.identity => Standing::Foreign,
                            Some(position) => Standing::At(position),
                            None => Standing::NoReplica,
                        };
                        return Ok((connection, standing));
                    }
                    // It was opened before the replica was started anew; others may be good.
                    Err(StoreError::Unavailable(_)) => connection.close_on_drop(),
                    Err(other) => return Err(other),
                }
            }
        };
        let asked = timeout(ASK_WITHIN, asked).await;
        asked.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)))
    }

    /// A connection to the replica that shows everything up to that position, if there is one.
    async fn reader(&self, seen: Position) -> Option<PoolConnection<Postgres>> {
        let required = self.watch().required(self.since.elapsed(), seen)?;
        match self.asked().await {
            Ok((connection, Standing::At(position))) if position >= required => Some(connection),
            Ok((_, Standing::At(_))) => None,
            Ok((_, Standing::NoReplica | Standing::Foreign)) | Err(_) => {
                self.watch().is_usable = false;
                None
            }
        }
    }

    /// Notes where both stand, and tells it to the log when that changes where reads go.
    async fn look(&self, primary: &PgPool) {
        let now = self.since.elapsed();
        let Ok(Ok(stands)) = timeout(PRIMARY_WITHIN, position(primary)).await else { return };
        let (replica, mut why) = match self.asked().await {
            Ok((_, Standing::At(position))) => (Some(position), "it is too far behind"),
            Ok((_, Standing::NoReplica)) => (None, "it is no replica any more"),
            Ok((_, Standing::Foreign)) => (None, "it is a replica of another database"),
            Err(_) => (None, "it does not answer"),
        };
        let (is_usable, is_news) = {
            let mut watch = self.watch();
            watch.lag = watch.note(now, stands, replica);
            let is_usable = watch.is_usable;
            (is_usable, watch.told.replace(is_usable) != Some(is_usable))
        };
        if is_usable {
            why = "it has come far enough";
        }
        match (is_news, is_usable) {
            (true, true) => tracing::info!(why, "reads may go to the replica"),
            (true, false) => tracing::warn!(why, "reads do not go to the replica"),
            (false, _) => {}
        }
    }
}

/// Where a database stands now.
async fn position(pool: &PgPool) -> Result<Position, sqlx::Error> {
    sqlx::query(POSITION).fetch_one(pool).await?.try_get("stands").map(Position)
}

impl Db {
    /// The same database, with a streaming replica of it that may be read from. A replica that is
    /// away, or not far enough yet, is taken as well: it is looked for by [`Db::watch_replica`].
    ///
    /// # Errors
    /// [`StoreError::Address`] when the address is unusable, leads to another database, or this
    /// database is one that has no replicas; others when this database does not answer.
    pub async fn with_replica(self, url: &str) -> Result<Self, StoreError> {
        let refused = |line: &str| Err(StoreError::Address(line.to_owned()));
        let Self::Postgres(pool, _) = self else {
            return refused("Only a database at postgres://… has a replica to read from.");
        };
        if !is_server(url) {
            return refused("The database to read from must be postgres://USER@HOST/NAME.");
        }
        let options = server_options(url)?.options([("default_transaction_read_only", "on")]);
        let (identity, _) = ask(&mut *pool.acquire().await?).await?;
        let replica = Replica {
            pool: server_pool(ASK_WITHIN).connect_lazy_with(options),
            identity,
            since: Stopwatch::start(),
            watch: Mutex::default(),
        };
        if let Ok((_, Standing::Foreign)) = replica.asked().await {
            return refused("The database to read from is no replica of this one, but another.");
        }
        Ok(Self::Postgres(pool, Some(replica.into())))
    }

    fn replica(&self) -> Option<(&PgPool, &Replica)> {
        match self {
            Self::Postgres(pool, Some(replica)) => Some((pool, replica)),
            Self::Postgres(_, None) | Self::Sqlite { .. } => None,
        }
    }

    /// Whether there is a replica that may be read from.
    pub fn has_replica(&self) -> bool {
        self.replica().is_some()
    }

    /// Whether the replica, if there is one, can be read from now.
    pub fn replica_is_usable(&self) -> Option<bool> {
        let (_, replica) = self.replica()?;
        let required = replica.watch().required(replica.since.elapsed(), Position::START);
        Some(required.is_some())
    }

    /// How far the replica is behind at most; `None` when that is not known or more than is borne.
    pub fn replica_lag(&self) -> Option<Duration> {
        self.replica()?.1.watch().lag
    }

    /// A position behind everything that is committed by now: whoever reads since it sees all of
    /// that. `None` when there is no replica, and so no need for one. It cannot fail: when the
    /// database does not say where it stands, it is the end of everything.
    pub async fn position(&self) -> Option<Position> {
        let (pool, _) = self.replica()?;
        let told = timeout(PRIMARY_WITHIN, position(pool)).await;
        Some(told.map_or(Position::END, |told| told.unwrap_or(Position::END)))
    }

    /// A connection that only reads, and sees at least what was committed at that position: at the
    /// replica where that has it, else at the database itself.
    pub async fn read_since(&self, seen: Position) -> Result<Tx, StoreError> {
        let Some((_, replica)) = self.replica() else { return self.read().await };
        let reader = replica.reader(seen).await;
        let at = if reader.is_some() { "replica" } else { "primary" };
        counter!("almoner_replica_reads_total", "at" => at).increment(1);
        match reader {
            Some(connection) => Ok(Tx::PostgresRead(connection)),
            None => self.read().await,
        }
    }

    /// Looks where the database and its replica stand, once.
    pub async fn look_at_replica(&self) {
        if let Some((pool, replica)) = self.replica() {
            replica.look(pool).await;
        }
    }

    /// Looks again and again, until it is dropped; without a replica there is nothing to do.
    pub async fn watch_replica(&self) {
        let Some((pool, replica)) = self.replica() else { return };
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            replica.look(pool).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn nobody_reads_before_it_was_looked_or_after_the_looking_ended() {
        let mut watch = Watch::default();
        assert_eq!(watch.required(at(0), Position::START), None);
        watch.note(at(0), Position(100), Some(Position(99)));
        assert_eq!(watch.required(at(0), Position::START), None, "it has to catch up first");
        watch.note(at(1), Position(120), Some(Position(100)));
        assert_eq!(watch.required(at(1), Position::START), Some(Position(100)));
        assert_eq!(watch.required(at(1), Position(130)), Some(Position(130)));
        assert_eq!(watch.required(at(5), Position::START), Some(Position(100)));
        assert_eq!(watch.required(at(6), Position::START), None, "it was looked too long ago");
        watch.note(at(7), Position(140), None);
        assert_eq!(watch.required(at(7), Position::START), None, "it is away");
    }

    #[test]
    fn a_replica_must_have_come_as_far_as_the_database_was_a_while_ago() {
        let mut watch = Watch::default();
        for second in 0..=6 {
            let stands = Position(100 + i64::try_from(second).expect("it is small"));
            let lag = watch.note(at(second), stands, Some(Position(101)));
            let expected = if second == 6 { None } else { Some(at(second.saturating_sub(1))) };
            assert_eq!(lag, expected, "{second}");
            assert!(watch.is_usable, "{second}");
        }
        watch.note(at(7), Position(107), Some(Position(101)));
        assert!(!watch.is_usable, "it lacks what was committed five seconds ago");
        watch.note(at(8), Position(108), Some(Position(103)));
        assert_eq!(watch.required(at(8), Position::START), Some(Position(103)));
    }

    #[test]
    fn what_a_failover_lost_is_read_at_no_replica() {
        let mut watch = Watch::default();
        watch.note(at(0), Position(100), Some(Position(100)));
        watch.note(at(1), Position(200), Some(Position(200)));
        // Whoever wrote since then is at 160, which the replica that was left behind has passed.
        watch.note(at(2), Position(150), Some(Position(199)));
        assert_eq!(watch.required(at(2), Position(160)), None);
        watch.note(at(3), Position(210), Some(Position(205)));
        assert_eq!(watch.required(at(3), Position(160)), Some(Position(200)));
    }

    #[test]
    fn positions_are_told_and_read_again() {
        for position in [Position::START, Position(7), Position::END] {
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        for text in ["", "x", "-1", "1.0", "9223372036854775808"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
