//! Payments as other programs are told of them: each with what belongs to it. What a whole page
//! needs is read together, so that a page costs as many questions as one payment does.

use std::collections::BTreeMap;

use almoner_domain::estimate::Estimate;
use almoner_domain::list::PageRequest;
use almoner_domain::status::{self, Facts, Status};
use almoner_domain::{LocationId, Money, PatientId, PaymentId};
use almoner_store::cards::{self, Cards};
use almoner_store::payment_list::{self, Calendar, ListedPayment, PaymentPage};
use almoner_store::payments::Payment;
use almoner_store::record_list::{self, Narrowed, Records};
use almoner_store::tenders::{self, TenderRow};
use almoner_store::{Tx, attempts, links, locations, merged, patients, payments};
use jiff::Timestamp;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_link::{self, ShownLink, is_collectable};
use crate::permission::Action;
use crate::read_records::{PageAt, RecordsView};

/// A payment with what belongs to it.
#[derive(Debug, Clone)]
pub struct WholePayment {
    /// The payment and its patient's name.
    pub listed: ListedPayment,
    /// The tender that stands.
    pub tender: Option<TenderRow>,
    /// The link that opens it, for whoever may issue one.
    pub link: Option<ShownLink>,
    /// Where it may be moved by hand now.
    pub ways: Vec<Status>,
}

/// A page of the list, with whole payments.
#[derive(Debug, Clone)]
pub struct WholePage {
    /// The page, whose rows are in `payments`.
    pub page: PaymentPage,
    /// Its payments.
    pub payments: Vec<WholePayment>,
}

/// A payment and the estimate that it keeps; one that an older version kept in another form is not
/// read any more.
pub type Estimated = (WholePayment, Option<Estimate>);

/// A page of the payments list.
///
/// # Errors
/// No permission, or the database failed.
pub async fn list(app: &App, actor: &Actor, request: &PageRequest) -> Result<WholePage, Error> {
    actor.must(Action::ReadPayments)?;
    let today = actor.date(app.now());
    let calendar = Calendar { zone: actor.organization.zone.clone(), today };
    let mut tx = app.db.read().await?;
    let mut page = payment_list::page(&mut tx, actor.org(), request, &calendar).await?;
    let rows = std::mem::take(&mut page.rows);
    Ok(WholePage { page, payments: completed(app, actor, &mut tx, rows).await? })
}

/// A page of the payments that changed at `since` or later, in the order of their changes.
///
/// # Errors
/// No permission, or the database failed.
pub async fn changed(
    app: &App,
    actor: &Actor,
    since: Timestamp,
    at: PageAt,
) -> Result<RecordsView<WholePayment>, Error> {
    actor.must(Action::ReadPayments)?;
    let narrowed = Narrowed::ChangedSince(since);
    let mut tx = app.db.read().await?;
    let asked = (Records::Payments, &narrowed);
    let page = record_list::page(&mut tx, actor.org(), asked, at).await?;
    let ids: Vec<PaymentId> = page.rows.iter().map(|row| PaymentId::new(row.seq)).collect();
    let rows = payment_list::named(&mut tx, actor.org(), &ids).await?;
    Ok(RecordsView { rows: completed(app, actor, &mut tx, rows).await?, page })
}

/// A payment.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn get(app: &App, actor: &Actor, id: PaymentId) -> Result<Estimated, Error> {
    actor.must(Action::ReadPayments)?;
    whole(app, actor, id).await
}

/// A payment that was just created, for whoever may create them.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn created(app: &App, actor: &Actor, id: PaymentId) -> Result<Estimated, Error> {
    actor.must(Action::CreatePayment)?;
    whole(app, actor, id).await
}

/// The sums above the list, of these locations; of all, when none is named.
///
/// # Errors
/// No permission, or the database failed.
pub async fn summary(app: &App, actor: &Actor, at: &[LocationId]) -> Result<Cards, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.db.read().await?;
    Ok(cards::read(&mut tx, actor.org(), at, actor.date(app.now())).await?)
}

/// Whether each of the locations is there, for whoever narrows the list to them.
///
/// # Errors
/// No permission, or the database failed.
pub async fn locations_exist(app: &App, actor: &Actor, ids: &[LocationId]) -> Result<bool, Error> {
    actor.must(Action::ReadPayments)?;
    if ids.is_empty() {
        return Ok(true);
    }
    let mut tx = app.db.read().await?;
    let all = locations::all(&mut tx, actor.org()).await?;
    Ok(ids.iter().all(|id| all.iter().any(|location| location.id == *id)))
}

/// A page of a patient's payments, in the order of their numbers.
///
/// # Errors
/// No permission, or the database failed.
pub async fn of_patient(
    app: &App,
    actor: &Actor,
    patient: PatientId,
    at: PageAt,
) -> Result<RecordsView<WholePayment>, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let patient = match patients::get(&mut tx, org, patient).await? {
        Some(_) => patient,
        None => merged::heir(&mut tx, org, patient).await?.unwrap_or(patient),
    };
    let narrowed = Narrowed::Owed(patient);
    let page = record_list::page(&mut tx, org, (Records::Payments, &narrowed), at).await?;
    let ids: Vec<PaymentId> = page.rows.iter().map(|row| PaymentId::new(row.seq)).collect();
    let rows = payment_list::named(&mut tx, org, &ids).await?;
    Ok(RecordsView { rows: completed(app, actor, &mut tx, rows).await?, page })
}

async fn whole(app: &App, actor: &Actor, id: PaymentId) -> Result<Estimated, Error> {
    let mut tx = app.db.read().await?;
    let rows = payment_list::named(&mut tx, actor.org(), &[id]).await?;
    let found = completed(app, actor, &mut tx, rows).await?.pop();
    let found = found.ok_or(Error::NotFound("payment"))?;
    let kept = payments::estimate(&mut tx, actor.org(), id).await?;
    let estimate = kept.and_then(|kept| serde_json::from_str(&kept.snapshot).ok());
    Ok((found, estimate))
}

fn ids_of(rows: &[ListedPayment], which: impl Fn(&Payment) -> bool) -> Vec<PaymentId> {
    rows.iter().filter(|row| which(&row.payment)).map(|row| row.payment.id).collect()
}

/// The rows with what belongs to them. What a payment cannot have is not asked for.
async fn completed(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    rows: Vec<ListedPayment>,
) -> Result<Vec<WholePayment>, Error> {
    let (org, now) = (actor.org(), app.now());
    // What is settled is not asked for any more, whatever the link's own end.
    let is_open =
        |payment: &Payment| is_collectable(payment.status) || payment.status == Status::Processing;
    let took_money = |payment: &Payment| payment.collected > Money::ZERO;
    let ids: Vec<PaymentId> = rows.iter().map(|row| row.payment.id).collect();
    let facts = attempts::facts_of(tx, org, &ids).await?;
    let facts: BTreeMap<PaymentId, Facts> = facts.into_iter().collect();
    let tenders = tenders::standing_of(tx, org, &ids_of(&rows, took_money)).await?;
    let mut tenders: BTreeMap<PaymentId, TenderRow> = tenders.into_iter().collect();
    let may_issue = actor.may(Action::IssueLink);
    let payable = ids_of(&rows, |payment| may_issue && is_open(payment));
    let links = links::standing_of(tx, org, &payable).await?;
    let live = links.into_iter().filter(|(_, link)| link.is_live(now));
    let link = |(id, link)| (id, issue_link::shown(app, actor, id, &link));
    let mut links: BTreeMap<PaymentId, ShownLink> = live.map(link).collect();
    let complete = |listed: ListedPayment| {
        let (id, status) = (listed.payment.id, listed.payment.status);
        let facts = facts.get(&id).copied().unwrap_or_default();
        WholePayment {
            tender: tenders.remove(&id),
            link: links.remove(&id),
            ways: status::staff_choices(status, facts).into_iter().map(|way| way.0).collect(),
            listed,
        }
    };
    Ok(rows.into_iter().map(complete).collect())
}
