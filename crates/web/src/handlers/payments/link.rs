//! The link by which a payer pays: issued, shown, and ended.

use almoner_app::issue_link::{self, IssueLink, NewestLink, Until, is_collectable};
use almoner_app::permission::Action;
use almoner_app::{Actor, Error, send_link};
use almoner_domain::{PaymentId, Status, time};
use almoner_store::payments::Payment;
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::{detail, mails};
use crate::failure::{Answer, unprocessable};
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::payments::link::{LinkBlock, LinkState, MailBlock};
use crate::{format, qr};

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    /// The last day, as a browser writes it.
    until: String,
    /// The live link, when another one is to take its place.
    replaces: Option<i64>,
}

/// Issues a link.
pub(crate) async fn issue(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let typed = sent.until.trim();
    let until = (!typed.is_empty()).then(|| time::parse_date("until", typed)).transpose();
    let issued = match until {
        Ok(until) => {
            let until = until.map(Until::Day);
            let input = IssueLink { payment: id, until, replaces: sent.replaces };
            issue_link::issue_link(&web.app, &staff.actor, input).await
        }
        Err(faults) => Err(faults.into()),
    };
    match issued {
        Ok(_) => Ok(done(&web, &format!("/payments/{id}#link"), "link_issued")),
        Err(Error::Invalid(faults)) => {
            let mut page = detail::filled(&web, staff, id).await?;
            if let Some(link) = &mut page.link {
                link.until_entry = sent.until;
            }
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Ends the live link.
pub(crate) async fn revoke(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    match issue_link::revoke_link(&web.app, &staff.actor, id).await {
        Ok(()) => Ok(done(&web, &format!("/payments/{id}#link"), "link_revoked")),
        Err(Error::Invalid(faults)) => {
            let mut page = detail::filled(&web, staff, id).await?;
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Has the link sent by e-mail.
pub(crate) async fn send(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    match send_link::send_link(&web.app, &staff.actor, id).await {
        Ok(()) => Ok(done(&web, &format!("/payments/{id}#link"), "link_sent")),
        Err(Error::Invalid(faults)) => {
            let mut page = detail::filled(&web, staff, id).await?;
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// What the card says of e-mail.
async fn mail_block(web: &Web, actor: &Actor, payment: &Payment) -> Result<MailBlock, Error> {
    let found = send_link::mails(&web.app, actor, payment.id).await?;
    Ok(MailBlock {
        sending: mails::sending(&found, payment, is_collectable(payment.status)),
        rows: mails::rows(&found.that_ask, &actor.organization.zone),
    })
}

/// The card of a payment's link; none for those who may not issue one, and where nothing can be
/// collected and no link was ever issued.
pub(super) async fn block(
    web: &Web,
    actor: &Actor,
    payment: &Payment,
) -> Result<Option<LinkBlock>, Error> {
    if !actor.may(Action::IssueLink) {
        return Ok(None);
    }
    let newest = issue_link::newest_link(&web.app, actor, payment.id).await?;
    let is_open = is_collectable(payment.status);
    let is_draft = payment.status == Status::Draft;
    let state = match newest {
        Some(NewestLink::Live(link)) if is_open || payment.status == Status::Processing => {
            let url = format!("{}/pay/{}", web.settings.base_url, link.token);
            let picture = qr::code(&url);
            let generation = link.generation;
            LinkState::Live { url, picture, generation, until: format::date(link.until) }
        }
        Some(NewestLink::Expired(day)) => LinkState::Expired(format::date(day)),
        Some(NewestLink::Revoked(at)) => {
            LinkState::Revoked(format::day(at, &actor.organization.zone))
        }
        // What is settled is not asked for any more, whatever the link's own end.
        Some(NewestLink::Live(_)) => LinkState::Over,
        None if is_open || is_draft => LinkState::None,
        None => return Ok(None),
    };
    let until = issue_link::usual_last_day(actor.date(web.app.now()));
    let mail = mail_block(web, actor, payment).await?;
    Ok(Some(LinkBlock {
        state,
        mail,
        can_issue: is_open || is_draft,
        is_draft,
        until_entry: until.to_string(),
    }))
}
