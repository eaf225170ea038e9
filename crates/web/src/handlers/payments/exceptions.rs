//! What a person has to look at, of all payments, and what was done about it.

use almoner_app::permission::Action;
use almoner_app::read_troubles::open_exceptions;
use almoner_app::solve_exception::solve_exception;
use almoner_app::{Error, read};
use almoner_domain::ExceptionId;
use almoner_store::exceptions::{Exception, ExceptionKind};
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
use crate::view::payments::exceptions::{ExceptionRow, ExceptionsPage};

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
        Ok(()) => Ok(done(&web, "/payments/exceptions", "exception_solved")),
        Err(Error::Invalid(faults)) => {
            let mut page = filled(&web, staff).await?;
            page.faulty = Some((id, sent.solution));
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
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

fn row(raised: Exception, zone: &TimeZone) -> ExceptionRow {
    let (what, advice) = words(raised.kind);
    ExceptionRow {
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
            "The second sum is kept aside and counts for nothing. Give it back at the processor.",
        ),
        ExceptionKind::Mismatch => (
            "Not as it was asked for",
            "Nothing was changed here. Compare the payment with the processor's own page.",
        ),
        ExceptionKind::RefundFailed => (
            "A refund came back",
            "The payment is as before the refund. Refund it again, or in another way.",
        ),
        ExceptionKind::ForeignRefund => (
            "Refunded at the processor",
            "The books do not know of it. Say who made it and why, and agree on what is owed.",
        ),
        ExceptionKind::UnknownEvent => (
            "An event about something unknown",
            "Look it up at the processor; it may belong to another program.",
        ),
    }
}

/// How many there are, for the page of payments.
pub(super) fn told(count: i64) -> Option<String> {
    match count {
        ..=0 => None,
        count if count < read::MAX_COUNTED => Some(plural(count, "exception")),
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
        assert_eq!(told(read::MAX_COUNTED).as_deref(), Some("100 exceptions or more"));
    }
}
