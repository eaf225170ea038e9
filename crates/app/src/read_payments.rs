//! The payments page: its cards, its list, and what a member of the staff made of it.

use almoner_domain::PaymentId;
use almoner_domain::list::PageRequest;
use almoner_store::cards::{self, Cards};
use almoner_store::exceptions;
use almoner_store::locations::{self, Location};
use almoner_store::payment_list::{self, Calendar, ListedPayment, PaymentPage};
use almoner_store::saved_views::{self, SavedView};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Exceptions that are counted at most.
pub const MAX_COUNTED: i64 = 100;

/// The payments page.
#[derive(Debug, Clone)]
pub struct PaymentsView {
    /// The cards.
    pub cards: Cards,
    /// The rows.
    pub page: PaymentPage,
    /// All locations, for the filter.
    pub locations: Vec<Location>,
    /// The lists that the member keeps.
    pub views: Vec<SavedView>,
    /// How many exceptions wait for a person, counted up to [`MAX_COUNTED`].
    pub exceptions: i64,
}

/// The payments page.
///
/// # Errors
/// No permission, or the database failed.
pub async fn payments(
    app: &App,
    actor: &Actor,
    request: &PageRequest,
) -> Result<PaymentsView, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let today = actor.date(app.now());
    let calendar = Calendar { zone: actor.organization.zone.clone(), today };
    let mut tx = app.read_for(actor).await?;
    let cards = cards::read(&mut tx, org, &request.filter.locations, today).await?;
    let page = payment_list::page(&mut tx, org, request, &calendar).await?;
    let locations = locations::all(&mut tx, org).await?;
    let exceptions = exceptions::count_open(&mut tx, org, MAX_COUNTED).await?;
    let views = match actor.user() {
        Some(user) => saved_views::of(&mut tx, org, user).await?,
        None => Vec::new(),
    };
    Ok(PaymentsView { cards, page, locations, views, exceptions })
}

/// Whether there is a payment with exactly that id, for a search that goes straight to it.
///
/// # Errors
/// No permission, or the database failed.
pub async fn payment_exists(app: &App, actor: &Actor, id: PaymentId) -> Result<bool, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.read_for(actor).await?;
    Ok(payment_list::exists(&mut tx, actor.org(), id).await?)
}

/// Payments that somebody picked in the list, in the order in which they are named; one that is
/// unknown is left out.
///
/// # Errors
/// No permission, or the database failed.
pub async fn picked(
    app: &App,
    actor: &Actor,
    ids: &[PaymentId],
) -> Result<Vec<ListedPayment>, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.read_for(actor).await?;
    Ok(payment_list::named(&mut tx, actor.org(), ids).await?)
}
