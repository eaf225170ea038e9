//! What is done with several payments that were picked in the list: links sent, drafts cancelled.
//! First it is shown, then done.

use std::collections::BTreeMap;

use almoner_app::cancel_drafts::{DraftOutcome, cancel_drafts};
use almoner_app::export_payments::MAX_PICKED;
use almoner_app::permission::Action;
use almoner_app::send_link::Asked;
use almoner_app::send_links::send_links;
use almoner_app::{Error, read_payments};
use almoner_domain::{Invalid, PaymentId, Status};
use almoner_store::payment_list::ListedPayment;
use axum::extract::State;
use axum_extra::extract::{Form, Query};

use super::list_query;
use crate::failure::{Answer, html, unprocessable};
use crate::session::Staff;
use crate::state::Web;
use crate::view::parts::{Errors, PatientRef};
use crate::view::payments::picked::{Bulk, PickedPage, PickedRow, Told};

/// What the list sends, and the page after it.
struct Sent {
    bulk: Bulk,
    ids: Vec<PaymentId>,
    /// The list to go back to.
    back: String,
    key: String,
}

fn read(pairs: &[(String, String)]) -> Result<Sent, Error> {
    let one = |wanted: &str| {
        let found = pairs.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let unknown = || Invalid::one("", "unknown", "There is no such action.");
    let bulk = Bulk::from_name(&one("do")).ok_or_else(unknown)?;
    let ids = pairs.iter().filter(|(name, _)| name == "id");
    let ids = ids.map(|(_, id)| id.parse().map_err(|_| Error::NotFound("payment")));
    let ids = ids.collect::<Result<Vec<PaymentId>, Error>>()?;
    Ok(Sent { bulk, ids, back: one("back"), key: one("key") })
}

/// Shows what would be done.
pub(crate) async fn preview(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let sent = Sent { key: web.form_key(), ..read(&pairs)? };
    let page = page(&web, &staff, &sent).await?;
    Ok(if page.errors.0.is_empty() { html(&page) } else { unprocessable(&page) })
}

/// What would be done with what was picked, and why nothing can be.
async fn page(web: &Web, staff: &Staff, sent: &Sent) -> Result<PickedPage, Error> {
    staff.actor.must(match sent.bulk {
        Bulk::Send => Action::IssueLink,
        Bulk::Cancel => Action::CancelPayment,
    })?;
    let today = staff.actor.date(web.app.now());
    let listed = if sent.ids.len() > MAX_PICKED {
        Vec::new()
    } else {
        read_payments::picked(&web.app, &staff.actor, &sent.ids).await?
    };
    let mut page = PickedPage {
        bulk: sent.bulk,
        is_done: false,
        rows: listed.iter().map(|row| shown(sent.bulk, row)).collect(),
        back: list_query::from_href(&sent.back, today).href(),
        key: sent.key.clone(),
        errors: Errors::default(),
        shell: staff.shell.clone(),
    };
    if !(1..=MAX_PICKED).contains(&sent.ids.len()) {
        page.errors = Errors::whole(format!("Pick 1 to {MAX_PICKED} payments in the list first."));
    }
    Ok(page)
}

/// Does it, and tells what came of each payment.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let sent = read(&pairs)?;
    let mut page = page(&web, &staff, &sent).await?;
    if !page.errors.0.is_empty() {
        return Ok(unprocessable(&page));
    }
    let told = match done(&web, &staff, &sent).await {
        Ok(told) => told,
        Err(Error::Invalid(faults)) => {
            let told: Vec<String> = faults.0.into_iter().map(|fault| fault.message).collect();
            page.errors = Errors::whole(told.join(" "));
            return Ok(unprocessable(&page));
        }
        Err(other) => return Err(other.into()),
    };
    // As they are now.
    let listed = read_payments::picked(&web.app, &staff.actor, &sent.ids).await?;
    page.is_done = true;
    page.rows = listed.iter().map(|row| shown(sent.bulk, row)).collect();
    for row in &mut page.rows {
        row.told = told.get(&row.id).cloned();
    }
    Ok(html(&page))
}

async fn done(web: &Web, staff: &Staff, sent: &Sent) -> Result<BTreeMap<PaymentId, Told>, Error> {
    Ok(match sent.bulk {
        Bulk::Send => {
            let asked = send_links(&web.app, &staff.actor, &sent.ids).await?;
            asked.into_iter().map(|(id, asked)| (id, sent_words(asked))).collect()
        }
        Bulk::Cancel => {
            let cancelled = cancel_drafts(&web.app, &staff.actor, &sent.ids).await?;
            cancelled.into_iter().map(|(id, outcome)| (id, draft_words(outcome))).collect()
        }
    })
}

fn sent_words(asked: Asked) -> Told {
    let words = asked.words().to_owned();
    match asked {
        Asked::Queued | Asked::AlreadyWaiting | Asked::JustSent => Told::Well(words),
        Asked::NoAddress | Asked::NoConsent | Asked::NotCollectable | Asked::NotFound => {
            Told::Not(words)
        }
    }
}

fn draft_words(outcome: DraftOutcome) -> Told {
    match outcome {
        DraftOutcome::Cancelled => Told::Well("The draft was cancelled.".to_owned()),
        // Cancelled before, by a second click perhaps.
        DraftOutcome::NotADraft(Status::Cancelled) => {
            Told::Well("It is cancelled already.".to_owned())
        }
        DraftOutcome::NotADraft(status) => Told::Not(no_draft(status)),
        DraftOutcome::Changed => Told::Not("Someone changed it at the same moment.".to_owned()),
        DraftOutcome::NotFound => Told::Not("There is no such payment.".to_owned()),
    }
}

fn no_draft(status: Status) -> String {
    format!("It is {}; only drafts are cancelled here.", status.label())
}

fn shown(bulk: Bulk, listed: &ListedPayment) -> PickedRow {
    let payment = &listed.payment;
    let is_refused = bulk == Bulk::Cancel && payment.status != Status::Draft;
    PickedRow {
        id: payment.id,
        patient: PatientRef {
            id: payment.patient,
            name: format!("{}, {}", listed.last_name, listed.first_name),
        },
        amount: payment.amount,
        status: payment.status,
        told: is_refused.then(|| Told::Not(no_draft(payment.status))),
    }
}
