//! Raises what a person has to look at.

use almoner_store::Tx;
use almoner_store::exceptions::{self, Exception, NewException};
use jiff::Timestamp;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record;

/// Raises it, unless it was raised before.
pub(crate) async fn raise(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    new: &NewException<'_>,
    at: Timestamp,
) -> Result<(), Error> {
    let Some(id) = exceptions::raise(tx, actor.org(), new, at).await? else {
        return Ok(());
    };
    let subject = match new.payment {
        Some(payment) => ("payment", payment.seq()),
        None => ("exception", id.seq()),
    };
    let detail = json!({
        "exception": id,
        "kind": new.kind.as_str(),
        "amount_cents": new.money.map(|money| money.0),
        "words": new.words,
    });
    record::happened_at(app, actor, tx, ("exception_raised", subject, at), detail).await
}

/// Says what was done about it; one that is solved stays as it was solved.
pub(crate) async fn solve(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    raised: &Exception,
    (solution, at): (&str, Timestamp),
) -> Result<(), Error> {
    let id = raised.id;
    if !exceptions::solve(tx, actor.org(), id, (solution, actor.user()), at).await? {
        return Ok(());
    }
    let subject = match raised.payment {
        Some(payment) => ("payment", payment.seq()),
        None => ("exception", id.seq()),
    };
    let detail = json!({ "exception": id, "solution": solution });
    record::happened_at(app, actor, tx, ("exception_solved", subject, at), detail).await
}
