//! What a person has to look at, of all payments, and what was done about it.

use almoner_app::give_back::give_back;
use almoner_app::look_again::look_again;
use almoner_app::permission::Action;
use almoner_app::read_troubles::{Raised, open_exception, open_exceptions};
use almoner_app::solve_exception::solve_exception;
use almoner_app::{Error, read_payments};
use almoner_domain::ExceptionId;
use almoner_domain::refund::{RefundRefusal, RefundState};
use almoner_store::exceptions::ExceptionKind;
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use jiff::tz::TimeZone;

use super::detail::SentSolution;
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::{Errors, plural};
use crate::view::payments::exceptions::{ExceptionRow, ExceptionsPage, GiveBackPage, Ways};

/// Where the list is.
const LIST: &str = "/payments/exceptions";

/// The list.
pub(crate) async fn page(State(web): State<Web>, staff: Staff) -> Answer {
    Ok(html(&filled(&web, staff).await?))
}

/// Says what was done about one.
pub(crate) async fn solve(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentSolution>,
) -> Answer {
    let id: ExceptionId = parse_id(&id, "exception")?;
    match solve_exception(&web.app, &staff.actor, id, &sent.solution).await {
        Ok(()) => Ok(done(&web, LIST, "exception_solved")),
        Err(Error::Invalid(faults)) => {
            let mut page = filled(&web, staff).await?;
            page.faulty = Some((id, sent.solution));
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// What giving a second payment back would do, to be confirmed.
pub(crate) async fn review(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    staff.actor.must(Action::Refund)?;
    let id: ExceptionId = parse_id(&id, "exception")?;
    let raised = open_exception(&web.app, &staff.actor, id).await?;
    let (Some(amount), Some(payment)) = (raised.give_back, raised.exception.payment) else {
        return Err(Error::Refund(RefundRefusal::NotRefundable).into());
    };
    let key = web.form_key();
    Ok(html(&GiveBackPage { shell: staff.shell, key, id, payment, amount }))
}

/// Gives a second payment back.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: ExceptionId = parse_id(&id, "exception")?;
    let to = page_of(&web, &staff, id).await?;
    give_back(&web.app, &staff.actor, id).await?;
    Ok(done(&web, &to, "refund_pending"))
}

/// Says that late money was owed and is kept.
pub(crate) async fn keep(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: ExceptionId = parse_id(&id, "exception")?;
    staff.actor.must(Action::Refund)?;
    let to = match open_exception(&web.app, &staff.actor, id).await {
        Ok(raised) if !raised.can_keep => {
            return Err(Error::Refund(RefundRefusal::NotRefundable).into());
        }
        Ok(raised) => raised.exception.payment.map(|payment| format!("/payments/{payment}")),
        // A second click finds it solved; what is unknown is told below.
        Err(Error::NotFound(_)) => None,
        Err(other) => return Err(other.into()),
    };
    solve_exception(&web.app, &staff.actor, id, "The money was owed, and is kept.").await?;
    Ok(done(&web, to.as_deref().unwrap_or(LIST), "exception_solved"))
}

/// Asks the processor again about an event.
pub(crate) async fn look(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: ExceptionId = parse_id(&id, "exception")?;
    look_again(&web.app, &staff.actor, id).await?;
    Ok(done(&web, LIST, "looked_again"))
}

/// Where to go after doing something about an exception: to its payment, where the history is.
async fn page_of(web: &Web, staff: &Staff, id: ExceptionId) -> Result<String, Error> {
    let found = open_exception(&web.app, &staff.actor, id).await;
    match found.map(|raised| raised.exception.payment) {
        Ok(Some(payment)) => Ok(format!("/payments/{payment}")),
        // Solved meanwhile, by a second click perhaps.
        Ok(None) | Err(Error::NotFound(_)) => Ok(LIST.to_owned()),
        Err(other) => Err(other),
    }
}

async fn filled(web: &Web, staff: Staff) -> Result<ExceptionsPage, Error> {
    let raised = open_exceptions(&web.app, &staff.actor).await?;
    let zone = &staff.actor.organization.zone;
    Ok(ExceptionsPage {
        rows: raised.into_iter().map(|raised| row(raised, zone)).collect(),
        can_solve: staff.actor.may(Action::Refund),
        key: web.form_key(),
        faulty: None,
        errors: Errors::default(),
        shell: staff.shell,
    })
}

/// What is offered to do about an exception, to those who may.
pub(super) fn ways(raised: &Raised) -> Ways {
    let told = raised.given_back.as_ref().map(|given_back| {
        let id = given_back.id;
        match (given_back.state, &given_back.failure) {
            (RefundState::Pending, _) => format!("{id} is on its way back to the payer."),
            (RefundState::Settled, _) => format!("{id} gave it back to the payer."),
            (_, Some(why)) => format!("{id} failed. {why}"),
            (_, None) => format!("{id} failed."),
        }
    });
    Ways {
        id: raised.exception.id,
        payment: raised.exception.payment.filter(|_| raised.can_refund),
        told,
        give_back: raised.give_back,
        can_keep: raised.can_keep,
        can_look_again: raised.can_look_again,
    }
}

fn row(raised: Raised, zone: &TimeZone) -> ExceptionRow {
    let ways = ways(&raised);
    let raised = raised.exception;
    let (what, advice) = words(raised.kind);
    ExceptionRow {
        ways,
        id: raised.id,
        payment: raised.payment,
        what: what.to_owned(),
        amount: raised.amount,
        words: raised.words,
        advice: advice.to_owned(),
        raised_at: format::moment(raised.raised_at, zone),
    }
}

/// What a kind is called, and what can be done about it.
fn words(kind: ExceptionKind) -> (&'static str, &'static str) {
    match kind {
        ExceptionKind::LateMoney => (
            "Money for a cancelled payment",
            "The payment is Paid now. Keep the money if it was owed; else refund it on its page.",
        ),
        ExceptionKind::SecondCapture => (
            "Paid twice",
            "The second sum is kept aside and counts for nothing. Give it back to the payer.",
        ),
        ExceptionKind::Mismatch => (
            "Not as it was asked for",
            "Nothing was changed here. Compare and mend it at the processor, then look again.",
        ),
        ExceptionKind::RefundFailed => (
            "A refund came back",
            "The payer waits for the money. Give it back again, or in another way, and say how.",
        ),
        ExceptionKind::ForeignRefund => (
            "Refunded at the processor",
            "The books do not know of it. Say who made it and why, and agree on what is owed.",
        ),
        ExceptionKind::UnknownEvent => (
            "An event about something unknown",
            "Look again: it may be known by now. Else look it up at the processor; it may belong \
                to another program.",
        ),
    }
}

/// How many there are, for the page of payments.
pub(super) fn told(count: i64) -> Option<String> {
    match count {
        ..=0 => None,
        count if count < read_payments::MAX_COUNTED => Some(plural(count, "exception")),
        count => Some(format!("{count} exceptions or more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_told_in_words() {
        assert_eq!(told(0), None);
        assert_eq!(told(1).as_deref(), Some("1 exception"));
        assert_eq!(told(99).as_deref(), Some("99 exceptions"));
        assert_eq!(told(read_payments::MAX_COUNTED).as_deref(), Some("100 exceptions or more"));
    }
}
