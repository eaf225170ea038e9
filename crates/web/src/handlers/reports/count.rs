//! Enters what was counted in a drawer.

use almoner_app::Error;
use almoner_app::count_drawer::{CountEntry, count_drawer};
use almoner_app::permission::Action;
use almoner_app::read;
use almoner_domain::{LocationId, time};
use axum::extract::{Query, State};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::Deserialize;

use super::day_close;
use crate::failure::{Answer, Refused, html, unprocessable};
use crate::handlers::form_key::FormKey;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::reports::day_close::{CountFields, CountPage};

/// Which drawer of which day.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    location: String,
    day: String,
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    location: String,
    day: String,
    cash: String,
    check_count: String,
    checks: String,
    note: String,
}

/// The form, blank.
async fn page(
    web: &Web,
    staff: Staff,
    (key, location, day): (String, &str, &str),
) -> Result<CountPage, Refused> {
    staff.actor.must(Action::CountDrawer)?;
    let id: LocationId = parse_id(location, "location")?;
    let place = read::location(&web.app, &staff.actor, id).await?;
    let day: Date = time::parse_date("day", day).map_err(Error::from)?;
    Ok(CountPage {
        key,
        location: id.to_string(),
        place: place.fields.name,
        day: day.to_string(),
        day_label: day_close::label(day),
        entry: CountFields::default(),
        errors: Errors::default(),
        shell: staff.shell,
    })
}

/// The form. It does not say what should be there: that is not to be counted towards.
pub(crate) async fn form(
    State(web): State<Web>,
    staff: Staff,
    FormKey(key): FormKey,
    Query(asked): Query<Asked>,
) -> Answer {
    Ok(html(&page(&web, staff, (key, &asked.location, &asked.day)).await?))
}

/// Keeps the count.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let entry = CountEntry {
        location: sent.location.clone(),
        day: sent.day.clone(),
        cash: sent.cash.clone(),
        check_count: sent.check_count.clone(),
        checks: sent.checks.clone(),
        note: sent.note.clone(),
    };
    let key = Some(&*sent.key).filter(|key| !key.is_empty());
    match count_drawer(&web.app, &staff.actor, &entry, key).await {
        Ok(_) => {
            let day = time::parse_date("day", &sent.day)?;
            Ok(done(&web, &day_close::href(day), "drawer_counted"))
        }
        Err(Error::Invalid(faults)) => {
            let shown = page(&web, staff, (sent.key, &sent.location, &sent.day)).await?;
            let entry = CountFields {
                cash: sent.cash,
                check_count: sent.check_count,
                checks: sent.checks,
                note: sent.note,
            };
            Ok(unprocessable(&CountPage { entry, errors: faults.into(), ..shown }))
        }
        Err(other) => Err(other.into()),
    }
}
