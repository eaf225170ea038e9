//! Asks the processor what happened, in case a webhook never came.

use almoner_gateways::processor::ProcessorError;
use almoner_store::processor_events;
use jiff::SignedDuration;

use crate::context::App;
use crate::error::Error;
use crate::receive_event::keep;

/// How far before the newest event is looked: webhooks come in any order.
const OVERLAP: SignedDuration = SignedDuration::from_hours(48);
/// Events that are older are not looked for; the processor forgets them as well.
const OLDEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Keeps every event that no webhook brought. Tells how many.
///
/// # Errors
/// The database failed. A processor that does not answer is asked again the next time.
pub async fn sweep_events(app: &App) -> Result<usize, Error> {
    let now = app.now();
    let mut tx = app.db.read().await?;
    let newest = processor_events::newest(&mut tx, app.processor.name()).await?;
    drop(tx);
    // Where no event ever came, those of the last days are looked at.
    let since = (newest.unwrap_or(now).min(now) - OVERLAP).max(now - OLDEST);
    let (mut kept, mut after) = (0, None);
    loop {
        let page = match app.processor.events(since, after.as_deref()).await {
            Ok(page) => page,
            Err(ProcessorError::NotSupported) => return Ok(kept),
            Err(error) => {
                tracing::warn!(%error, "what happened at the processor is asked again later");
                return Ok(kept);
            }
        };
        for event in &page.items {
            if keep(app, event).await? {
                tracing::warn!(
                    event = event.id,
                    kind = event.kind,
                    "no webhook brought this event"
                );
                kept += 1;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(kept);
        }
    }
}
