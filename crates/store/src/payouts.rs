//! Payouts: what the processor sent to the clinic's bank, and what it is made of.

use std::collections::BTreeMap;

use almoner_domain::ledger::PaidOut;
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, PayoutId};
use jiff::Timestamp;

use crate::asking::Asking;
use crate::db::{Row, StoreError, Tx};
use crate::{counters, params};

mod missing;

pub use missing::{NotPaidOut, not_paid_out, oldest};

const ASKING: Asking = Asking { table: "payout", key: "seq" };

/// How far a payout has come into the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutState {
    /// Not all of its movements are here; nothing of it is in the ledger.
    Waiting,
    /// It and its movements are in the ledger.
    Itemised,
    /// It is in the ledger; the processor cannot say what it is made of.
    Whole,
}

impl PayoutState {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Itemised, Self::Whole];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Itemised => "itemised",
            Self::Whole => "whole",
        }
    }

    /// The state with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A payout as the processor told it.
#[derive(Debug, Clone, Copy)]
pub struct ToldPayout<'a> {
    /// Which processor.
    pub processor: &'a str,
    /// The processor's id.
    pub id: &'a str,
    /// How much; negative when the processor takes it back.
    pub amount: Money,
    /// In which currency.
    pub currency: &'a str,
    /// How it stands, by its stored name.
    pub standing: &'a str,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the bank should have it.
    pub arrives_at: Timestamp,
    /// When it was asked for.
    pub fetched_at: Timestamp,
}

/// A payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Its id.
    pub id: PayoutId,
    /// The processor's id.
    pub processor_id: String,
    /// How much; negative when the processor takes it back.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
    /// How it stands, by its stored name.
    pub standing: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the bank should have it.
    pub arrives_at: Timestamp,
    /// How far it has come into the books.
    pub state: PayoutState,
    /// Where what belongs to no payment is counted.
    pub location: LocationId,
    /// Grows with every change in the ledger.
    pub version: i64,
    /// After which movement the next page begins.
    pub page_after: Option<String>,
    /// How often its movements were asked for.
    pub asks: i64,
}

fn payout(row: &Row) -> Result<Payout, StoreError> {
    Ok(Payout {
        id: PayoutId::new(row.int("seq")?),
        processor_id: row.text("payout_id")?,
        amount: row.money("amount_cents")?,
        currency: row.text("currency")?,
        standing: row.text("standing")?,
        created_at: row.time("created_at_us")?,
        arrives_at: row.time("arrives_at_us")?,
        state: row.word("state", PayoutState::from_name)?,
        location: LocationId::new(row.int("location_seq")?),
        version: row.int("version")?,
        page_after: row.opt_text("page_after")?,
        asks: row.int("asks")?,
    })
}

/// Keeps a payout, or how it stands now unless something fetched later is kept. Its movements, or
/// its change, are to be asked for at once.
pub async fn keep(
    tx: &mut Tx,
    org: OrganizationId,
    told: &ToldPayout<'_>,
) -> Result<PayoutId, StoreError> {
    let sql = "SELECT * FROM payout
        WHERE organization_id = $1 AND processor = $2 AND payout_id = $3";
    let known = tx.optional(sql, params![org, told.processor, told.id]).await?;
    if let Some(known) = known.as_ref().map(payout).transpose()? {
        let sql = "UPDATE payout SET standing = $3, arrives_at_us = $4, fetched_at_us = $5,
                ask_at_us = coalesce(ask_at_us, $5)
            WHERE organization_id = $1 AND seq = $2 AND fetched_at_us <= $5";
        let values = params![org, known.id, told.standing, told.arrives_at, told.fetched_at];
        tx.execute(sql, values).await?;
        return Ok(known.id);
    }
    let id = PayoutId::new(counters::next(tx, org, PayoutId::PREFIX).await?);
    let sql = "INSERT INTO payout (organization_id, seq, processor, payout_id, amount_cents,
            currency, standing, created_at_us, arrives_at_us, fetched_at_us, ask_at_us, asks,
            state, version, location_seq)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 0, 'waiting', 0, min(seq)
        FROM location WHERE organization_id = $1";
    let values = params![
        org,
        id,
        told.processor,
        told.id,
        told.amount,
        told.currency,
        told.standing,
        told.created_at,
        told.arrives_at,
        told.fetched_at,
    ];
    tx.execute_one(sql, values).await?;
    Ok(id)
}

/// The payout with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: PayoutId,
) -> Result<Option<Payout>, StoreError> {
    let sql = "SELECT * FROM payout WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(payout).transpose()
}

/// The payout with that id, whose row stays as it is until the commit.
pub async fn lock(
    tx: &mut Tx,
    org: OrganizationId,
    id: PayoutId,
) -> Result<Option<Payout>, StoreError> {
    let lock = tx.lock();
    let sql = format!("SELECT * FROM payout WHERE organization_id = $1 AND seq = $2{lock}");
    tx.optional(sql, params![org, id]).await?.as_ref().map(payout).transpose()
}

/// The payout that the processor knows by that id.
pub async fn by_processor_id(
    tx: &mut Tx,
    org: OrganizationId,
    (processor, id): (&str, &str),
) -> Result<Option<Payout>, StoreError> {
    let sql = "SELECT * FROM payout
        WHERE organization_id = $1 AND processor = $2 AND payout_id = $3";
    tx.optional(sql, params![org, processor, id]).await?.as_ref().map(payout).transpose()
}

/// Payouts, the newest first.
pub async fn newest(
    tx: &mut Tx,
    org: OrganizationId,
    limit: i64,
) -> Result<Vec<Payout>, StoreError> {
    let sql = "SELECT * FROM payout WHERE organization_id = $1
        ORDER BY created_at_us DESC, seq DESC LIMIT $2";
    tx.all(sql, params![org, limit]).await?.iter().map(payout).collect()
}

/// Itemised payouts made since a moment in which something is not explained, the newest first.
pub async fn unexplained(
    tx: &mut Tx,
    org: OrganizationId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Payout>, StoreError> {
    let sql = "SELECT p.* FROM payout p WHERE p.organization_id = $1 AND p.state = 'itemised'
            AND p.created_at_us >= $2
            AND p.seq IN (SELECT m.payout_seq FROM payout_movement m
                WHERE m.organization_id = $1
                    AND m.kind <> 'fee' AND (m.our_cents IS NULL OR m.our_cents <> m.amount_cents))
        ORDER BY p.seq DESC LIMIT $3";
    tx.all(sql, params![org, since, limit]).await?.iter().map(payout).collect()
}

/// The payouts that have another, which came back, among their movements.
pub async fn with_the_return_of(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
) -> Result<Vec<PayoutId>, StoreError> {
    let sql = "SELECT DISTINCT payout_seq FROM payout_movement
        WHERE organization_id = $1 AND our_kind = 'payout' AND our_no = $2 ORDER BY payout_seq";
    let rows = tx.all(sql, params![org, payout]).await?;
    rows.iter().map(|row| row.int("payout_seq").map(PayoutId::new)).collect()
}

/// Whether any payout is to be asked about, without taking anything.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    ASKING.any_due(tx, org, now).await
}

/// Payouts that are to be asked about, the longest due first. They are held until the transaction
/// ends, in which the caller moves each on by [`set_ask`].
pub async fn due(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Payout>, StoreError> {
    ASKING.due(tx, org, now, limit).await?.iter().map(payout).collect()
}

/// Says when a payout is asked about next, if ever, and how often it was.
pub async fn set_ask(
    tx: &mut Tx,
    org: OrganizationId,
    id: PayoutId,
    (ask_at, asks): (Option<Timestamp>, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE payout SET ask_at_us = $3, asks = $4
        WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, ask_at, asks]).await
}

/// Says after which movement the next page begins.
pub async fn set_page(
    tx: &mut Tx,
    org: OrganizationId,
    id: PayoutId,
    after: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE payout SET page_after = $3 WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, after]).await
}

/// Says that a payout is in the books at that version, and what its movements do not come to.
pub async fn set_booked(
    tx: &mut Tx,
    org: OrganizationId,
    id: PayoutId,
    (state, version): (PayoutState, i64),
    left: Money,
) -> Result<(), StoreError> {
    let sql = "UPDATE payout SET state = $3, version = $4, left_cents = $5
        WHERE organization_id = $1 AND seq = $2 AND version = $4 - 1";
    tx.execute_one(sql, params![org, id, state.as_str(), version, left]).await
}

/// What explains a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OurKind {
    /// An attempt of a payer; its number counts on the payment.
    Attempt,
    /// A refund.
    Refund,
    /// Unapplied money that was given back.
    UnappliedRefund,
    /// A dispute; its number is that of the attempt.
    Dispute,
    /// A payout that came back.
    Payout,
}

impl OurKind {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Attempt, Self::Refund, Self::UnappliedRefund, Self::Dispute, Self::Payout];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Refund => "refund",
            Self::UnappliedRefund => "unapplied_refund",
            Self::Dispute => "dispute",
            Self::Payout => "payout",
        }
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What of the books explains a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ours {
    /// What it is.
    pub kind: OurKind,
    /// Of which payment.
    pub payment: Option<PaymentId>,
    /// Its number.
    pub number: i64,
    /// How much the books have of it; negative when it takes from the balance.
    pub amount: Money,
}

/// A line of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The processor's id.
    pub id: String,
    /// What it is, by its stored name.
    pub kind: String,
    /// Before fees; negative when it takes from the balance.
    pub amount: Money,
    /// What the processor keeps of it.
    pub fee: Money,
    /// The charge, refund, dispute or payout that it comes from.
    pub source: Option<String>,
    /// The processor's id of the payment that it is about.
    pub processor_payment: Option<String>,
    /// Our reference, when the processor has it.
    pub reference: Option<String>,
    /// When it was booked.
    pub created_at: Timestamp,
    /// Where it counts.
    pub location: LocationId,
    /// What explains it.
    pub ours: Option<Ours>,
}

/// The stored name of a fee by itself, which needs nothing that explains it.
pub const FEE: &str = "fee";

impl Movement {
    /// What it adds to the balance.
    pub fn net(&self) -> Money {
        self.amount.minus(self.fee)
    }

    /// How much of it the books do not explain.
    pub fn unexplained(&self) -> Money {
        if self.kind == FEE {
            return Money::ZERO;
        }
        self.amount.minus(self.ours.map_or(Money::ZERO, |ours| ours.amount))
    }

    /// What the processor keeps by it.
    pub fn fees(&self) -> Money {
        if self.kind == FEE { self.fee.minus(self.amount) } else { self.fee }
    }
}

/// Keeps a movement; one that is kept already stays. Tells whether it is new.
pub async fn keep_movement(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
    new: &Movement,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM payout_movement
        WHERE organization_id = $1 AND movement_id = $2";
    if tx.optional(sql, params![org, &*new.id]).await?.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO payout_movement (organization_id, payout_seq, movement_id, kind,
            amount_cents, fee_cents, net_cents, source_id, processor_payment_id, reference,
            created_at_us, location_seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let m = new.clone();
    let values = params![
        org,
        payout,
        m.id,
        m.kind,
        m.amount,
        m.fee,
        new.net(),
        m.source,
        m.processor_payment,
        m.reference,
        m.created_at,
        m.location,
    ];
    tx.execute_one(sql, values).await?;
    Ok(true)
}

fn movement(row: &Row) -> Result<Movement, StoreError> {
    let kind = row.opt_text("our_kind")?.as_deref().and_then(OurKind::from_name);
    let payment = row.opt_int("our_payment_seq")?.map(PaymentId::new);
    let number = row.opt_int("our_no")?;
    let ours = kind.zip(number).zip(row.opt_money("our_cents")?);
    Ok(Movement {
        id: row.text("movement_id")?,
        kind: row.text("kind")?,
        amount: row.money("amount_cents")?,
        fee: row.money("fee_cents")?,
        source: row.opt_text("source_id")?,
        processor_payment: row.opt_text("processor_payment_id")?,
        reference: row.opt_text("reference")?,
        created_at: row.time("created_at_us")?,
        location: LocationId::new(row.int("location_seq")?),
        ours: ours.map(|((kind, number), amount)| Ours { kind, payment, number, amount }),
    })
}

/// The movements of a payout, the oldest first.
pub async fn movements(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
) -> Result<Vec<Movement>, StoreError> {
    let sql = "SELECT * FROM payout_movement WHERE organization_id = $1 AND payout_seq = $2
        ORDER BY created_at_us, movement_id";
    tx.all(sql, params![org, payout]).await?.iter().map(movement).collect()
}

/// Says what explains a movement, and where it counts.
pub async fn set_ours(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
    of: &Movement,
) -> Result<(), StoreError> {
    let sql = "UPDATE payout_movement SET location_seq = $4, our_kind = $5, our_payment_seq = $6,
            our_no = $7, our_cents = $8
        WHERE organization_id = $1 AND payout_seq = $2 AND movement_id = $3";
    let ours = of.ours;
    let values = params![
        org,
        payout,
        &*of.id,
        of.location,
        ours.map(|ours| ours.kind.as_str()),
        ours.and_then(|ours| ours.payment),
        ours.map(|ours| ours.number),
        ours.map(|ours| ours.amount),
    ];
    tx.execute_one(sql, values).await
}

/// How much of a payout each location has.
pub async fn shares(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
) -> Result<BTreeMap<LocationId, Money>, StoreError> {
    let sql = "SELECT location_seq, amount_cents FROM payout_share
        WHERE organization_id = $1 AND payout_seq = $2";
    let read =
        |row: &Row| Ok((LocationId::new(row.int("location_seq")?), row.money("amount_cents")?));
    tx.all(sql, params![org, payout]).await?.iter().map(read).collect()
}

/// Says how much of a payout a location has.
pub async fn set_share(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
    (location, amount): (LocationId, Money),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO payout_share (organization_id, payout_seq, location_seq, amount_cents)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (organization_id, payout_seq, location_seq)
            DO UPDATE SET amount_cents = excluded.amount_cents";
    tx.execute_one(sql, params![org, payout, location, amount]).await
}

/// What the ledger has of a payout, by location.
pub async fn booked(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
) -> Result<BTreeMap<LocationId, PaidOut>, StoreError> {
    let sql = "SELECT location_seq,
            CAST(sum(CASE WHEN event = 'payout_fees' AND debit_account = 'processor_fees'
                THEN amount_cents WHEN event = 'payout_fees' THEN -amount_cents
                ELSE 0 END) AS BIGINT) AS fees,
            CAST(sum(CASE WHEN event = 'payout_unmatched'
                    AND credit_account = 'processor_unmatched' THEN amount_cents
                WHEN event = 'payout_unmatched' THEN -amount_cents
                ELSE 0 END) AS BIGINT) AS unmatched,
            CAST(sum(CASE WHEN event = 'payout_made' AND debit_account = 'bank'
                THEN amount_cents WHEN event = 'payout_made' THEN -amount_cents
                ELSE 0 END) AS BIGINT) AS bank
        FROM ledger_transfer WHERE organization_id = $1 AND source = 'payout' AND source_seq = $2
        GROUP BY location_seq";
    let read = |row: &Row| {
        let fees = row.money("fees")?;
        let (unmatched, bank) = (row.money("unmatched")?, row.money("bank")?);
        Ok((LocationId::new(row.int("location_seq")?), PaidOut { fees, unmatched, bank }))
    };
    tx.all(sql, params![org, payout]).await?.iter().map(read).collect()
}

/// What a payout comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many movements.
    pub count: i64,
    /// How many of them the books do not explain, or not in full.
    pub unexplained: i64,
    /// What the processor keeps.
    pub fees: Money,
    /// Their sum, before fees, that the books do not explain.
    pub difference: Money,
    /// Their sum after fees.
    pub net: Money,
}

/// What the movements of a payout come to.
pub async fn totals(
    tx: &mut Tx,
    org: OrganizationId,
    payout: PayoutId,
) -> Result<Totals, StoreError> {
    // As `Movement` counts each of them.
    let sql = "SELECT count(*) AS n,
            CAST(coalesce(sum(CASE WHEN kind <> 'fee' AND coalesce(our_cents, 0) <> amount_cents
                THEN 1 ELSE 0 END), 0) AS BIGINT) AS unexplained,
            CAST(coalesce(sum(CASE kind WHEN 'fee' THEN fee_cents - amount_cents
                ELSE fee_cents END), 0) AS BIGINT) AS fees,
            CAST(coalesce(sum(CASE kind WHEN 'fee' THEN 0
                ELSE amount_cents - coalesce(our_cents, 0) END), 0) AS BIGINT) AS difference,
            CAST(coalesce(sum(net_cents), 0) AS BIGINT) AS net
        FROM payout_movement WHERE organization_id = $1 AND payout_seq = $2";
    let row = tx.one(sql, params![org, payout]).await?;
    Ok(Totals {
        count: row.int("n")?,
        unexplained: row.int("unexplained")?,
        fees: row.money("fees")?,
        difference: row.money("difference")?,
        net: row.money("net")?,
    })
}
