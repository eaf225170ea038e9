//! Hands out a receipt, on paper or as a file, and notes it in the payment's history.

use almoner_domain::{PaymentId, ReceiptId};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::read_receipt::{self, ReceiptView};
use crate::record;

/// What a receipt is handed out on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Paper.
    Paper,
    /// A PDF file.
    Pdf,
}

impl Medium {
    /// The name in the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Pdf => "pdf",
        }
    }
}

/// A receipt to be handed out.
#[derive(Debug, Clone, Copy)]
pub struct PrintReceipt {
    /// Of which payment.
    pub payment: PaymentId,
    /// Which receipt.
    pub receipt: ReceiptId,
    /// With patient, service, codes and physician.
    pub itemised: bool,
    /// On what.
    pub medium: Medium,
}

/// Notes that a receipt is handed out, each time, and gives what stands on it.
///
/// # Errors
/// No permission, no such receipt of this payment, or the database failed.
pub async fn print_receipt(
    app: &App,
    actor: &Actor,
    input: PrintReceipt,
) -> Result<ReceiptView, Error> {
    let mut tx = app.db.begin().await?;
    let place = (input.payment, input.receipt);
    let view = read_receipt::view(app, actor, &mut tx, place, input.itemised).await?;
    let detail = json!({
        "receipt": input.receipt,
        "itemised": input.itemised,
        "as": input.medium.as_str(),
    });
    let subject = ("payment", input.payment.seq());
    record::happened(app, actor, &mut tx, "receipt_printed", subject, detail).await?;
    tx.commit().await?;
    Ok(view)
}
