//! Takes in what the processor pays out: which payouts there are, and what each is made of.
//!
//! A payout is kept before its movements are asked for. They come a page at a time, each kept
//! together with where the next begins, so that whoever goes on after a fault goes on there; what
//! is kept already is kept once. Only when all are here is the payout in the ledger.

use almoner_domain::PayoutId;
use almoner_domain::asking::wait_after;
use almoner_gateways::processor::{
    self, Fact, MovementKind, Object, ObjectKind, PayoutStanding, ProcessorError,
};
use almoner_store::payouts::{self, Movement, Payout, PayoutState, ToldPayout};
use almoner_store::{StoreError, Tx};
use jiff::{SignedDuration, Timestamp};

use crate::book_payout::book;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::read;

/// Payouts that are taken up at a time.
const BATCH: i64 = 10;
/// How far before now payouts are looked for; what is older does not change any more.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(60 * 24);
/// For so long what is not explained in a payout is looked at again; what is older stays so.
const EXPLAINED_WITHIN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Payouts that are looked at again at a time, because something in them is not explained.
const MAX_UNEXPLAINED: i64 = 100;

/// Whose the account's payouts are: where several organizations share an account, nobody can say
/// whose the money at the bank is, and nothing is taken in.
async fn owner(app: &App) -> Result<Option<Actor>, Error> {
    let mut organizations = read::organizations(app).await?;
    Ok(organizations.pop().filter(|_| organizations.is_empty()))
}

/// Asks which payouts there are, and looks again at those in which something was not explained:
/// it may be known by now. Tells how many there are.
///
/// # Errors
/// The database failed. A processor that does not answer is asked again the next time.
pub async fn list_payouts(app: &App) -> Result<usize, Error> {
    let Some(actor) = owner(app).await? else {
        return Ok(0);
    };
    let (now, mut seen, mut after) = (app.now(), 0, None);
    loop {
        let within = (now - LOOK_BACK, now);
        let page = match app.processor.payouts(within, after.as_deref()).await {
            Ok(page) => page,
            Err(ProcessorError::NotSupported) => return Ok(seen),
            Err(error) => {
                tracing::warn!(%error, "which payouts there are is asked again later");
                break;
            }
        };
        // The older has the smaller number.
        for told in page.items.iter().rev() {
            keep_payout(app, &actor, (told, now)).await?;
            seen += 1;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    look_again(app, &actor).await?;
    Ok(seen)
}

/// Keeps a payout that an event told of, unless it is nobody's here.
pub(crate) async fn heard_of(
    app: &App,
    told: (&processor::Payout, Timestamp),
) -> Result<bool, Error> {
    match owner(app).await? {
        Some(actor) => keep_payout(app, &actor, told).await.map(|()| true),
        None => Ok(false),
    }
}

/// Keeps a payout, or how it stands now.
async fn keep_payout(
    app: &App,
    actor: &Actor,
    told: (&processor::Payout, Timestamp),
) -> Result<(), Error> {
    match try_to_keep(app, actor, told).await {
        // Another server heard of it at the same moment, and has it now.
        Err(Error::Store(StoreError::Duplicate(_))) => try_to_keep(app, actor, told).await,
        other => other,
    }
}

async fn try_to_keep(
    app: &App,
    actor: &Actor,
    (told, fetched_at): (&processor::Payout, Timestamp),
) -> Result<(), Error> {
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let new = ToldPayout {
        processor: app.processor.name(),
        id: &told.id,
        amount: told.amount,
        currency: &told.currency,
        standing: told.standing.as_str(),
        created_at: told.created_at,
        arrives_at: told.arrives_at,
        fetched_at,
    };
    let before = payouts::by_processor_id(&mut tx, org, (new.processor, new.id)).await?;
    let id = payouts::keep(&mut tx, org, &new).await?;
    let kept = payouts::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("payout"))?;
    if kept.state != PayoutState::Waiting {
        payouts::set_ask(&mut tx, org, id, (None, kept.asks)).await?;
        // Its standing alone may have changed what the ledger has of it.
        if before.is_some_and(|before| before.standing != kept.standing) {
            book(app, actor, &mut tx, (&kept, kept.state)).await?;
        }
    } else if told.currency != actor.organization.currency {
        // The books know one currency.
        payouts::set_ask(&mut tx, org, id, (None, kept.asks)).await?;
    } else if !told.is_automatic {
        end(app, actor, &mut tx, (&kept, PayoutState::Whole)).await?;
    } else if !told.is_itemised {
        let later = (Some(fetched_at + wait_after(1)), kept.asks);
        payouts::set_ask(&mut tx, org, id, later).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Nothing more is asked of a payout; it is in the books as it stands.
async fn end(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payout, state): (&Payout, PayoutState),
) -> Result<(), Error> {
    payouts::set_ask(tx, actor.org(), payout.id, (None, payout.asks)).await?;
    book(app, actor, tx, (payout, state)).await
}

/// Takes in the movements of every payout that is due. Tells how many came to an end.
///
/// # Errors
/// The database failed. A processor that does not answer is asked again later.
pub async fn import_payouts(app: &App) -> Result<usize, Error> {
    let Some(actor) = owner(app).await? else {
        return Ok(0);
    };
    let mut ended = 0;
    loop {
        let taken = take_up(app, &actor).await?;
        if taken.is_empty() {
            return Ok(ended);
        }
        for payout in &taken {
            match import(app, &actor, payout).await {
                Ok(is_over) => ended += usize::from(is_over),
                Err(error) => {
                    tracing::error!(payout = %payout.id, %error, "a payout is asked about again");
                }
            }
        }
    }
}

async fn take_up(app: &App, actor: &Actor) -> Result<Vec<Payout>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if !payouts::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    let due = payouts::due(&mut tx, org, now, BATCH).await?;
    for payout in &due {
        let next = (Some(now + wait_after(payout.asks)), payout.asks + 1);
        payouts::set_ask(&mut tx, org, payout.id, next).await?;
    }
    tx.commit().await?;
    Ok(due)
}

/// Whether the processor still puts together what a payout is made of: what it lists until then is
/// not all.
async fn is_in_the_making(app: &App, payout: &Payout) -> Result<bool, ProcessorError> {
    let object = Object { kind: ObjectKind::Payout, id: payout.processor_id.clone() };
    let fact = app.processor.fetch(&object).await?;
    Ok(matches!(fact, Fact::Payout(told) if !told.is_itemised))
}

/// Asks for the movements from where the last page ended; false when they are asked for later.
async fn import(app: &App, actor: &Actor, payout: &Payout) -> Result<bool, Error> {
    match is_in_the_making(app, payout).await {
        Ok(false) => {}
        Ok(true) => return Ok(false),
        Err(error) => {
            tracing::warn!(payout = %payout.id, %error, "a payout is asked about again");
            return Ok(false);
        }
    }
    let mut after = payout.page_after.clone();
    loop {
        let page = match app.processor.movements(&payout.processor_id, after.as_deref()).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(payout = %payout.id, %error, "a payout's movements are asked again");
                return Ok(false);
            }
        };
        let mut tx = app.db.begin().await?;
        let held = payouts::lock(&mut tx, actor.org(), payout.id).await?;
        let held = held.ok_or(Error::NotFound("payout"))?;
        for told in &page.items {
            keep(&mut tx, actor, (&held, told)).await?;
        }
        after.clone_from(&page.next);
        if after.is_none() {
            end(app, actor, &mut tx, (&held, PayoutState::Itemised)).await?;
            tx.commit().await?;
            return Ok(true);
        }
        payouts::set_page(&mut tx, actor.org(), payout.id, after.as_deref()).await?;
        tx.commit().await?;
    }
}

/// Keeps a movement; that of the payout itself is what all the others come to.
async fn keep(
    tx: &mut Tx,
    actor: &Actor,
    (payout, told): (&Payout, &processor::Movement),
) -> Result<(), Error> {
    let is_itself = told.source.as_ref() == Some(&payout.processor_id);
    if told.kind == MovementKind::Payout && is_itself {
        return Ok(());
    }
    let new = Movement {
        id: told.id.clone(),
        kind: told.kind.as_str().to_owned(),
        amount: told.amount,
        fee: told.fee,
        source: told.source.clone(),
        processor_payment: told.payment.clone(),
        reference: told.reference.clone(),
        created_at: told.created_at,
        location: payout.location,
        ours: None,
    };
    payouts::keep_movement(tx, actor.org(), payout.id, &new).await?;
    Ok(())
}

/// Looks again at what was not explained.
async fn look_again(app: &App, actor: &Actor) -> Result<(), Error> {
    let mut tx = app.db.read().await?;
    let since = app.now() - EXPLAINED_WITHIN;
    let open = payouts::unexplained(&mut tx, actor.org(), since, MAX_UNEXPLAINED).await?;
    drop(tx);
    let ids: Vec<PayoutId> = open.iter().map(|payout| payout.id).collect();
    for id in ids {
        let mut tx = app.db.begin().await?;
        let held = payouts::lock(&mut tx, actor.org(), id).await?;
        let held = held.ok_or(Error::NotFound("payout"))?;
        book(app, actor, &mut tx, (&held, held.state)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Whether the money of a payout is at the processor again.
pub(crate) fn is_back(payout: &Payout) -> bool {
    PayoutStanding::from_name(&payout.standing).is_back()
}
