//! The statements of a page of the list, run by themselves: what the database and its driver cost
//! without a server around them.

use almoner_domain::ambient::{Clock as _, SystemClock};
use almoner_domain::list::Cursor;
use almoner_domain::{UserId, time};
use almoner_store::db::{Durability, StoreError};
use almoner_store::organizations::Organization;
use almoner_store::payment_list::{Calendar, PaymentPage};
use almoner_store::{
    Db, cards, exceptions, locations, organizations, payment_list, saved_views,
};

use crate::Outcome;
use crate::served::Sized;
use crate::views::View;

/// As many exceptions as the page counts.
const EXCEPTIONS_MAX: i64 = 100;

/// A database that is asked without a server.
pub(crate) struct Direct {
    db: Db,
    clinic: Organization,
    calendar: Calendar,
}

impl Direct {
    /// Opens a database.
    pub(crate) async fn open(database: &Sized) -> Outcome<Self> {
        let opened = async {
            let db = Db::open(&database.url, Durability::Full).await?;
            let clinics = organizations::all(&mut db.read().await?).await?;
            Ok::<_, StoreError>((db, clinics))
        };
        let (db, mut clinics) = opened.await.map_err(|error| error.to_string())?;
        let clinic = clinics.pop().ok_or("the database holds no organization")?;
        let today = time::local_date(SystemClock.now(), &clinic.zone);
        let calendar = Calendar { zone: clinic.zone.clone(), today };
        Ok(Self { db, clinic, calendar })
    }

    /// Runs all that the page reads of payments.
    pub(crate) async fn run(&self, view: &View) -> Result<PaymentPage, StoreError> {
        let (org, mut tx) = (self.clinic.id, self.db.read().await?);
        let places = &view.request.filter.locations;
        cards::read(&mut tx, org, places, self.calendar.today).await?;
        let page = payment_list::page(&mut tx, org, &view.request, &self.calendar).await?;
        locations::all(&mut tx, org).await?;
        exceptions::count_open(&mut tx, org, EXCEPTIONS_MAX).await?;
        saved_views::of(&mut tx, org, UserId::new(1)).await?;
        Ok(page)
    }

    /// The last row of a page.
    pub(crate) async fn end(&self, view: &View) -> Outcome<Option<Cursor>> {
        let page = self.run(view).await.map_err(|error| error.to_string())?;
        Ok(page.rows.last().filter(|_| page.has_next).map(|row| row.cursor))
    }

    /// Closes the connections.
    pub(crate) async fn close(self) {
        self.db.close().await;
    }
}
