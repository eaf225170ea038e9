//! What every use case is given: the database, the outside world, and who asks.

use std::sync::Arc;

use almoner_domain::ambient::{Clock, Entropy};
use almoner_domain::list_look::ListLook;
use almoner_domain::role::Role;
use almoner_domain::scope::Scopes;
use almoner_domain::{KeyId, OrganizationId, UserId};
use almoner_gateways::clearinghouse::Clearinghouse;
use almoner_gateways::files::Files;
use almoner_gateways::mail::Mailer;
use almoner_gateways::processor::Processor;
use almoner_gateways::webhooks::Webhooks;
use almoner_store::author::Author;
use almoner_store::db::Position;
use almoner_store::ledger::Moment;
use almoner_store::organizations::Organization;
use almoner_store::{Db, StoreError, Tx};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::link_keys::LinkKeys;
use crate::permission::{self, Action};

/// The running program, without its pages.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives unguessable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Takes card payments.
    pub processor: Arc<dyn Processor>,
    /// Carries eligibility questions to payers.
    pub clearinghouse: Arc<dyn Clearinghouse>,
    /// Carries letters to patients.
    pub mailer: Arc<dyn Mailer>,
    /// Tells other programs of events.
    pub webhooks: Arc<dyn Webhooks>,
    /// Seal payment links, and make the secrets of webhooks.
    pub link_keys: Arc<LinkKeys>,
    /// Keeps the bytes of documents.
    pub files: Files,
    /// The largest document that is taken.
    pub max_document_bytes: usize,
}

impl App {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A connection for what is only shown: at a replica, when there is one and this actor need not
    /// see the newest ([`Actor::seeing`]), else at the database. What a decision hangs on, and what
    /// is written about, is read by `db.read()` or in the transaction that writes.
    pub(crate) async fn read_for(&self, actor: &Actor) -> Result<Tx, StoreError> {
        match actor.seen {
            Some(seen) => self.db.read_since(seen).await,
            None => self.db.read().await,
        }
    }

    /// Unguessable bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// An id that sorts by time and is given out once: six bytes of milliseconds, ten of chance.
    pub fn event_id(&self, now: Timestamp) -> [u8; 16] {
        let mut id: [u8; 16] = self.random();
        id[..6].copy_from_slice(&now.as_millisecond().to_be_bytes()[2..]);
        id
    }
}

/// A member of the staff who is signed in.
#[derive(Debug, Clone)]
pub struct Member {
    /// The id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// How they have the payments list shown.
    pub list_look: ListLook,
}

/// Another program, which showed its key.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// The key's id.
    pub id: KeyId,
    /// What the key is called.
    pub name: String,
    /// What the key is for.
    pub scopes: Scopes,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Who {
    /// The program itself: a job, the command line.
    Program,
    /// A member of the staff.
    Staff(Member),
    /// Another program, by its key.
    Key(KeyHolder),
}

/// Who asks, and in which organization.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The organization.
    pub organization: Organization,
    /// Who asks.
    pub who: Who,
    /// Up to where they have to see everything, when not all that there is.
    seen: Option<Position>,
}

impl Actor {
    /// The program itself, which may do everything.
    pub fn system(organization: Organization) -> Self {
        Self { organization, who: Who::Program, seen: None }
    }

    /// A member of the staff.
    pub fn staff(organization: Organization, member: Member) -> Self {
        Self { organization, who: Who::Staff(member), seen: None }
    }

    /// Another program, by its key.
    pub fn key(organization: Organization, holder: KeyHolder) -> Self {
        Self { organization, who: Who::Key(holder), seen: None }
    }

    /// The same, for a request that changes nothing and has to see everything that was committed at
    /// that position, though not all that came later. Everybody else sees the newest.
    #[must_use]
    pub fn seeing(self, position: Position) -> Self {
        Self { seen: Some(position), ..self }
    }

    /// The organization's id.
    pub fn org(&self) -> OrganizationId {
        self.organization.id
    }

    /// The member of the staff, when it is one.
    pub fn member(&self) -> Option<&Member> {
        match &self.who {
            Who::Staff(member) => Some(member),
            Who::Program | Who::Key(_) => None,
        }
    }

    /// The member's id.
    pub fn user(&self) -> Option<UserId> {
        self.member().map(|member| member.id)
    }

    /// The key's id, when it is another program.
    pub(crate) fn key_id(&self) -> Option<KeyId> {
        match &self.who {
            Who::Key(holder) => Some(holder.id),
            Who::Program | Who::Staff(_) => None,
        }
    }

    /// Who it is to rows that say who wrote them; nobody, when it is the program itself.
    pub(crate) fn author(&self) -> Option<Author> {
        match &self.who {
            Who::Program => None,
            Who::Staff(member) => Some(Author::User(member.id)),
            Who::Key(holder) => Some(Author::Key(holder.id)),
        }
    }

    /// What the audit log calls this kind of actor.
    pub(crate) fn kind(&self) -> &'static str {
        match self.who {
            Who::Program => "system",
            Who::Staff(_) => "staff",
            Who::Key(_) => "key",
        }
    }

    /// The organization's date at that moment.
    pub fn date(&self, at: Timestamp) -> Date {
        self.organization.date(at)
    }

    /// Whether this actor may do it.
    pub fn may(&self, action: Action) -> bool {
        match &self.who {
            Who::Program => true,
            Who::Staff(member) => permission::allows(member.role, action),
            Who::Key(holder) => permission::opens(&holder.scopes, action),
        }
    }

    /// Passes when this actor may do it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] otherwise.
    pub fn must(&self, action: Action) -> Result<(), Error> {
        if self.may(action) { Ok(()) } else { Err(Error::Forbidden(action)) }
    }

    pub(crate) fn moment(&self, at: Timestamp, location: almoner_domain::LocationId) -> Moment {
        Moment { at, day: self.date(at), location }
    }
}

/// A hash of what was asked, to tell the same request from another.
pub(crate) fn request_hash(request: &impl serde::Serialize) -> Vec<u8> {
    let text = serde_json::to_vec(request).expect("requests are plain values");
    Sha256::digest(&text).to_vec()
}
