//! What the processor paid out.

use almoner_app::read_payouts::{self, MAX_NOT_PAID_OUT, MAX_PAYOUTS, PayoutView, kind_in_words};
use almoner_domain::{Money, PayoutId, RefundId};
use almoner_store::payouts::{FEE, Movement, OurKind, Ours, PayoutState};
use axum::extract::{Path, State};
use jiff::tz::TimeZone;

use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::parse_id;
use crate::session::Staff;
use crate::state::Web;
use crate::view::payouts::{
    Difference, MovementRow, NotPaidOutRow, PayoutPage, PayoutRow, PayoutsPage,
};

/// The list.
pub(crate) async fn list(State(web): State<Web>, staff: Staff) -> Answer {
    let view = read_payouts::payouts(&web.app, &staff.actor).await?;
    let zone = &staff.actor.organization.zone;
    let is_cut = |shown: usize, most: i64| i64::try_from(shown).is_ok_and(|shown| shown >= most);
    Ok(html(&PayoutsPage {
        is_cut: is_cut(view.payouts.len(), MAX_PAYOUTS)
            || is_cut(view.not_paid_out.len(), MAX_NOT_PAID_OUT),
        rows: view.payouts.iter().map(|payout| row(payout, zone)).collect(),
        not_paid_out: view
            .not_paid_out
            .iter()
            .map(|one| NotPaidOutRow {
                payment: one.payment,
                amount: one.amount,
                taken_on: format::day(one.taken_at, zone),
            })
            .collect(),
        shell: staff.shell,
    }))
}

/// A payout.
pub(crate) async fn page(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: PayoutId = parse_id(&id, "payout")?;
    let view = read_payouts::payout(&web.app, &staff.actor, id).await?;
    let zone = &staff.actor.organization.zone;
    let movements = view.movements.iter().map(|movement| movement_row(movement, zone));
    let (unexplained, explained) = movements.partition(|row| !row.is_explained);
    Ok(html(&PayoutPage {
        processor_id: view.payout.processor_id.clone(),
        made_on: format::day(view.payout.created_at, zone),
        fees: view.totals.map(|totals| totals.fees),
        count: view.totals.map(|totals| totals.count),
        left: view.totals.map(|totals| view.payout.amount.minus(totals.net)),
        row: row(&view, zone),
        unexplained,
        explained,
        shell: staff.shell,
    }))
}

fn row(view: &PayoutView, zone: &TimeZone) -> PayoutRow {
    let payout = &view.payout;
    let difference = match (payout.state, view.totals, view.difference) {
        (PayoutState::Whole, ..) => Difference::NotItemised,
        (_, Some(totals), Some(difference)) => {
            if totals.unexplained == 0 && difference == Money::ZERO {
                Difference::None
            } else {
                Difference::Some { lines: totals.unexplained, amount: difference }
            }
        }
        _ => Difference::Unknown,
    };
    PayoutRow {
        id: payout.id,
        arrives_on: format::day(payout.arrives_at, zone),
        amount: payout.amount,
        standing: view.standing.clone(),
        is_back: view.is_back,
        fees: view.totals.map(|totals| totals.fees),
        difference,
    }
}

fn movement_row(movement: &Movement, zone: &TimeZone) -> MovementRow {
    let unexplained = movement.unexplained();
    let ours = match movement.ours {
        Some(ours) if unexplained == Money::ZERO => ours_in_words(ours),
        Some(ours) => format!("{}: {} in the books", ours_in_words(ours), ours.amount),
        None if movement.kind == FEE => "booked as a fee".to_owned(),
        None => "not in the books".to_owned(),
    };
    MovementRow {
        id: movement.id.clone(),
        kind: kind_in_words(movement),
        payment: movement.ours.and_then(|ours| ours.payment),
        ours,
        amount: movement.amount,
        fee: movement.fee,
        net: movement.net(),
        unexplained,
        is_explained: unexplained == Money::ZERO,
        on: format::day(movement.created_at, zone),
    }
}

fn ours_in_words(ours: Ours) -> String {
    match ours.kind {
        OurKind::Attempt => "payment".to_owned(),
        OurKind::Refund | OurKind::UnappliedRefund => RefundId::new(ours.number).to_string(),
        OurKind::Dispute => "dispute".to_owned(),
        OurKind::Payout => PayoutId::new(ours.number).to_string(),
    }
}
