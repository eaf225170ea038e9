//! Reminds of what is due, when the clinic wants it: so many days before and after.
//!
//! A reminder is written beside its link and its entry in the history in one transaction, in which
//! the payment is held, and the database keeps each reminder from being written twice. Whoever is
//! stopped before that transaction ends finds the payment in the next round.

use std::collections::BTreeMap;

use almoner_domain::reminder::{self, Step};
use almoner_domain::{LocationId, Status, time};
use almoner_store::locations::{self, Location};
use almoner_store::mail::{self, MailKind};
use almoner_store::reminders::{self, Owed, Search};
use almoner_store::{audit, links, payments};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_link::{IssueLink, is_collectable, issued};
use crate::record;
use crate::send_link::agreed;

/// So long after anything else happened to a payment, nobody is reminded of it.
pub const QUIET: SignedDuration = SignedDuration::from_hours(24);
/// What a payer knows of, or did: after it, a reminder would come too soon.
const RECENT: [&str; 10] = [
    "payment_created",
    "payment_edited",
    "status_changed",
    "attempt_began",
    "processor_told",
    "tender_reversed",
    "link_issued",
    "link_mail_queued",
    "link_mailed",
    "reminder_mailed",
];
/// Payments that are looked at in one piece.
const PIECE: i64 = 200;

/// Reminds of what is due today where it is day now, of so many payments at most; tells of how
/// many.
///
/// # Errors
/// The database failed; the next round goes on.
pub async fn remind(app: &App, actor: &Actor, limit: usize) -> Result<usize, Error> {
    if !app.mailer.is_set_up() {
        return Ok(0);
    }
    let now = app.now();
    let mut tx = app.db.read().await?;
    let settings = reminders::get(&mut tx, actor.org()).await?.settings;
    if !settings.is_on {
        return Ok(0);
    }
    let locations = locations::all(&mut tx, actor.org()).await?;
    drop(tx);
    let mut count = 0;
    for (today, locations) in where_it_is_day(&locations, now) {
        for step in settings.steps(today) {
            for status in [Status::Pending, Status::Failed] {
                let created_by = now - QUIET;
                let locations = &locations;
                let search = Search { status, step, locations, created_by, after: None };
                count += remind_of(app, actor, search, limit - count).await?;
                if count >= limit {
                    return Ok(count);
                }
            }
        }
    }
    Ok(count)
}

/// The locations at which it is not night, by the date there.
fn where_it_is_day(locations: &[Location], now: Timestamp) -> BTreeMap<Date, Vec<LocationId>> {
    let mut by_date: BTreeMap<Date, Vec<LocationId>> = BTreeMap::new();
    for location in locations {
        let zone = location.zone();
        if reminder::by_day(now, &zone) == now {
            by_date.entry(time::local_date(now, &zone)).or_default().push(location.id);
        }
    }
    by_date
}

async fn remind_of(
    app: &App,
    actor: &Actor,
    mut search: Search<'_>,
    limit: usize,
) -> Result<usize, Error> {
    let mut count = 0;
    loop {
        let mut tx = app.db.read().await?;
        let found = reminders::owed(&mut tx, actor.org(), &search, PIECE).await?;
        drop(tx);
        for owed in &found {
            if remind_once(app, actor, *owed, search.step).await? {
                count += 1;
            }
            if count >= limit {
                return Ok(count);
            }
        }
        search.after = found.last().copied();
        if found.is_empty() {
            return Ok(count);
        }
    }
}

/// Puts a reminder among the letters to be sent, unless there is a reason against it by now; false
/// then.
async fn remind_once(app: &App, actor: &Actor, owed: Owed, step: Step) -> Result<bool, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let Some(payment) = payments::lock(&mut tx, org, owed.payment).await? else {
        return Ok(false);
    };
    if !is_collectable(payment.status) || payment.due != Some(owed.due) {
        return Ok(false);
    }
    if reminders::is_reminded(&mut tx, org, owed, step.days).await? {
        return Ok(false);
    }
    let subject = ("payment", payment.id.seq());
    if audit::any_since(&mut tx, org, subject, &RECENT, now - QUIET).await? {
        return Ok(false);
    }
    if agreed(&mut tx, actor, payment.patient).await?.is_err() {
        return Ok(false);
    }
    // A link that somebody ended stays ended; one that ended by itself is made anew.
    let link = links::newest(&mut tx, org, payment.id).await?;
    if link.is_some_and(|link| link.revoked_at.is_some()) {
        return Ok(false);
    }
    let asked = IssueLink { payment: payment.id, until: None, replaces: None };
    issued(app, actor, &mut tx, asked, now).await?;
    let kind = MailKind::Reminder { step_days: step.days, due: owed.due };
    let number = mail::queue(&mut tx, org, (payment.id, kind), None, now).await?;
    let detail = json!({ "mail": number, "days": step.days });
    record::happened(app, actor, &mut tx, "reminder_mail_queued", subject, detail).await?;
    tx.commit().await?;
    Ok(true)
}
