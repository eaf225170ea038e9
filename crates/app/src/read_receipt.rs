//! Shows receipts: the plain one, which says nothing about health, and the itemised one that a
//! patient hands in with a claim on a health account.

use almoner_domain::{PaymentId, ReceiptId};
use almoner_store::locations::{self, Location};
use almoner_store::organizations::Organization;
use almoner_store::patients::{self, Patient};
use almoner_store::physicians::{self, Physician};
use almoner_store::receipts::{self, Receipt};
use almoner_store::treatments::{self, Treatment};
use almoner_store::{Tx, payments};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::open_link::{PayerState, found, state};
use crate::permission::Action;

/// A receipt with what stands on it.
#[derive(Debug, Clone)]
pub struct ReceiptView {
    /// The receipt.
    pub receipt: Receipt,
    /// Where the money was taken.
    pub location: Location,
    /// What only the itemised one says.
    pub items: Option<Items>,
}

/// What only an itemised receipt says.
#[derive(Debug, Clone)]
pub struct Items {
    /// For whom.
    pub patient: Patient,
    /// For what, when the payment is linked to it.
    pub treatment: Option<Treatment>,
    /// By whom.
    pub physician: Option<Physician>,
}

/// The receipts of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// Those that were issued, oldest first.
    pub issued: Vec<Receipt>,
    /// Money was taken or given back before there were receipts.
    pub is_missing_some: bool,
}

/// The receipts of a payment.
///
/// # Errors
/// No permission, or the database failed.
pub async fn receipts(app: &App, actor: &Actor, payment: PaymentId) -> Result<Receipts, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let issued = receipts::of_payment(&mut tx, org, payment).await?;
    let missing = receipts::missing(&mut tx, org, payment).await?;
    Ok(Receipts { issued, is_missing_some: !missing.is_empty() })
}

/// A receipt.
///
/// # Errors
/// No permission, no such receipt of this payment, or the database failed.
pub async fn receipt(
    app: &App,
    actor: &Actor,
    place: (PaymentId, ReceiptId),
    itemised: bool,
) -> Result<ReceiptView, Error> {
    let mut tx = app.db.read().await?;
    view(app, actor, &mut tx, place, itemised).await
}

pub(crate) async fn view(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payment, id): (PaymentId, ReceiptId),
    itemised: bool,
) -> Result<ReceiptView, Error> {
    actor.must(Action::ReadPayments)?;
    let receipt = receipts::get(tx, actor.org(), payment, id).await?;
    let receipt = receipt.ok_or(Error::NotFound("receipt"))?;
    let mut view = plain(actor, tx, receipt).await?;
    if itemised {
        view.items = Some(items(app, actor, tx, payment).await?);
    }
    Ok(view)
}

async fn plain(actor: &Actor, tx: &mut Tx, receipt: Receipt) -> Result<ReceiptView, Error> {
    let location = locations::get(tx, actor.org(), receipt.location).await?;
    let location = location.ok_or(Error::NotFound("location"))?;
    Ok(ReceiptView { receipt, location, items: None })
}

async fn items(app: &App, actor: &Actor, tx: &mut Tx, payment: PaymentId) -> Result<Items, Error> {
    actor.must(Action::ReadPatients)?;
    actor.must(Action::ReadTreatments)?;
    let org = actor.org();
    let payment = payments::get(tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    let patient = patients::get(tx, org, payment.patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    let treatment = match payment.treatment {
        Some(id) => treatments::get(tx, org, id, actor.date(app.now())).await?,
        None => None,
    };
    let physician = match treatment.as_ref().and_then(|treatment| treatment.fields.physician) {
        Some(id) => physicians::get(tx, org, id).await?,
        None => None,
    };
    Ok(Items { patient, treatment, physician })
}

/// The plain receipts that a payer finds behind the link of what was paid, oldest first; those
/// that were undone are left out.
///
/// # Errors
/// [`Error::NotFound`] for a link that shows no payment as paid.
pub async fn of_payer(app: &App, token: &str) -> Result<(Organization, Vec<ReceiptView>), Error> {
    let mut tx = app.db.read().await?;
    let (actor, payment, link) = found(app, &mut tx, token).await?;
    if !matches!(state(&payment, &link, None, app.now()), Some(PayerState::Paid { .. })) {
        return Err(Error::NotFound("payment link"));
    }
    let mut views = Vec::new();
    for receipt in receipts::of_payment(&mut tx, actor.org(), payment.id).await? {
        if receipt.undone_at.is_none() {
            views.push(plain(&actor, &mut tx, receipt).await?);
        }
    }
    Ok((actor.organization, views))
}
