//! Reads the audit log, for those who look after it.

use almoner_domain::UserId;
use almoner_store::audit_list::{self, AuditPage, AuditQuery};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Entries on a page.
pub const ENTRIES_ON_A_PAGE: usize = 50;

/// A page of the log, and who may be chosen as the one who did it.
#[derive(Debug, Clone)]
pub struct AuditView {
    /// The page.
    pub page: AuditPage,
    /// All who ever had an account, by name.
    pub members: Vec<(UserId, String)>,
}

/// A page of the audit log, newest first.
///
/// # Errors
/// No permission, or the database failed.
pub async fn read_audit(app: &App, actor: &Actor, query: &AuditQuery) -> Result<AuditView, Error> {
    actor.must(Action::ReadAudit)?;
    let mut tx = app.db.read().await?;
    Ok(AuditView {
        page: audit_list::page(&mut tx, actor.org(), query, ENTRIES_ON_A_PAGE).await?,
        members: audit_list::members(&mut tx, actor.org()).await?,
    })
}
