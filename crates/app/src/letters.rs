//! What letters say: who asks for how much until when, or what was paid. They name no patient and
//! nothing about health, since others may read e-mail on its way.

use almoner_domain::tender::TenderType;
use almoner_domain::{PaymentId, ReceiptId, reminder, time};
use almoner_store::locations::{self, Location};
use almoner_store::mail::{self, Mail, MailKind};
use almoner_store::payments::{self, Payment};
use almoner_store::receipts::{self, Receipt, Source};
use almoner_store::reminders::{self, Owed};
use almoner_store::{Tx, links, patients};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::consent_email::consented;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_link::{is_collectable, shown};

/// How a letter stands at the moment at which it is to be sent.
pub(crate) enum Written {
    /// It can be sent.
    Ready(Ready),
    /// It is not needed, or not agreed to, any more.
    Needless,
    /// It is night where it goes; it waits until then.
    Later(Timestamp),
}

/// What a letter says, and where it goes.
pub(crate) struct Ready {
    pub(crate) to: String,
    /// It is read on the way, so it says neither who nor what for.
    pub(crate) subject: &'static str,
    pub(crate) text: String,
}

/// Writes a letter. `base_url` is where payers find the pages.
pub(crate) async fn written(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    mail: &Mail,
    base_url: &str,
) -> Result<Written, Error> {
    let (org, now) = (actor.org(), app.now());
    let payment = payments::get(tx, org, mail.payment).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    let location = locations::get(tx, org, payment.location).await?;
    let location = location.ok_or(Error::NotFound("location"))?;
    let patient = patients::get(tx, org, payment.patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    let consent = mail::consent(tx, org, payment.patient).await?;
    let Some(consent) = consented(&patient, consent.as_ref()) else {
        return Ok(Written::Needless);
    };
    if let MailKind::Reminder { step_days, due } = mail.kind {
        let today = time::local_date(now, &location.zone());
        let is_for_another_date = payment.due != Some(due);
        if is_for_another_date
            || is_overtaken(tx, actor, (payment.id, step_days, due), today).await?
        {
            return Ok(Written::Needless);
        }
        let day = reminder::by_day(now, &location.zone());
        if day > now {
            return Ok(Written::Later(day));
        }
    }
    let said = match mail.kind {
        MailKind::Receipt(id) => receipt(app, actor, tx, &payment, id).await?,
        MailKind::Link | MailKind::Reminder { .. } => {
            let is_reminder = mail.kind != MailKind::Link;
            request(app, actor, tx, (&payment, &location, is_reminder), base_url).await?
        }
    };
    Ok(said.map_or(Written::Needless, |(subject, text)| {
        Written::Ready(Ready { to: consent.address.clone(), subject, text })
    }))
}

/// Whether a reminder that waited comes too late: one from before the due date after it, one after
/// which a later one was written, or any since the clinic turned them off.
async fn is_overtaken(
    tx: &mut Tx,
    actor: &Actor,
    (payment, step_days, due): (PaymentId, i64, Date),
    today: Date,
) -> Result<bool, Error> {
    let (org, owed) = (actor.org(), Owed { payment, due });
    Ok(step_days <= 0 && due < today
        || reminders::is_reminded(tx, org, owed, step_days + 1).await?
        || !reminders::get(tx, org).await?.settings.is_on)
}

/// A subject, and what the letter says.
type Said = Option<(&'static str, String)>;

/// Asks for a payment, or reminds of it; nothing when it is settled or its link ended.
async fn request(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payment, location, is_reminder): (&Payment, &Location, bool),
    base_url: &str,
) -> Result<Said, Error> {
    let now = app.now();
    if !is_collectable(payment.status) {
        return Ok(None);
    }
    let link = links::newest(tx, actor.org(), payment.id).await?;
    let Some(link) = link.filter(|link| link.is_live(now)) else {
        return Ok(None);
    };
    let link = shown(app, actor, payment.id, &link);
    let clinic = &actor.organization.name;
    let today = time::local_date(now, &location.zone());
    let due = payment.due.map_or_else(String::new, |due| {
        let word = if due < today { "was due" } else { "due" };
        format!(", {word} {}", time::spelled(due))
    });
    let (subject, asks, settled) = if is_reminder {
        let settled = "If you have paid it meanwhile, there is nothing to do.\n";
        ("Reminder: your payment link", "reminds you of", settled)
    } else {
        ("Your payment link", "asks you for", "")
    };
    let text = format!(
        "{clinic} {asks} a payment of {}{due}.\n{settled}\nSee and pay it here:\n\
        {base_url}/pay/{}\n\nThe link works until {}. The payment is {}.\n\n{}{}",
        payment.amount,
        link.token,
        time::spelled(link.until),
        payment.id,
        questions(location),
        genuine(payment, base_url),
    );
    Ok(Some((subject, text)))
}

fn questions(location: &Location) -> String {
    let phone = location.fields.phone.as_ref();
    phone.map_or_else(String::new, |phone| format!("Questions? Call {phone}.\n\n"))
}

/// How whoever gets a letter can tell that it is ours.
fn genuine(payment: &Payment, base_url: &str) -> String {
    format!(
        "Is this letter genuine? Its link begins with {base_url}/pay/, and we never ask for card \
        numbers or passwords by e-mail. If in doubt, do not pay: call the clinic at a number that \
        you know, and name the payment {}.\n",
        payment.id
    )
}

/// A plain receipt, never the itemized one; nothing when it was undone.
async fn receipt(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    payment: &Payment,
    id: ReceiptId,
) -> Result<Said, Error> {
    let receipt = receipts::get(tx, actor.org(), payment.id, id).await?;
    let receipt = receipt.ok_or(Error::NotFound("receipt"))?;
    if receipt.undone_at.is_some() {
        return Ok(None);
    }
    let location = locations::get(tx, actor.org(), receipt.location).await?;
    let location = location.ok_or(Error::NotFound("location"))?;
    let is_test = receipt.tender == TenderType::CardProcessor && app.processor.is_test_money();
    Ok(Some(("Your receipt", receipt_text(actor, &location, &receipt, is_test))))
}

fn receipt_text(actor: &Actor, location: &Location, receipt: &Receipt, is_test: bool) -> String {
    let clinic = &actor.organization.name;
    let address = location.fields.address.as_ref();
    let head = address.map_or_else(String::new, |address| format!("{address}\n"));
    let (title, amount, way, refund) = match receipt.source {
        Source::Tender(_) => ("Receipt", "Amount paid", "Paid by", String::new()),
        Source::Refund(id) => {
            ("Refund receipt", "Amount refunded", "Refunded by", format!("Refund: {id}\n"))
        }
    };
    let test = if is_test { "Test money. No real money moved.\n" } else { "" };
    format!(
        "{clinic}\n{head}\n{title} {}\n{test}\n{amount}: {}\nPayment: {}\n{refund}Date: {}\n\
        {way}: {}\n\n{}This is your receipt; there is nothing to pay. For one on paper, or an \
        itemized one, ask the clinic.\n",
        receipt.id,
        receipt.amount,
        receipt.payment,
        time::spelled(actor.date(receipt.at)),
        receipt.tender.label(),
        questions(location),
    )
}
