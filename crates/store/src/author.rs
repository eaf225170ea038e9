//! Who did something by hand: a member of the staff, or another program.

use almoner_domain::{KeyId, UserId};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// A member of the staff.
    User(UserId),
    /// Another program, by its key.
    Key(KeyId),
}

impl Author {
    /// The columns `user_seq` and `key_seq` of whoever it was, or of nobody.
    pub(crate) fn columns(author: Option<Self>) -> (Option<UserId>, Option<KeyId>) {
        match author {
            Some(Self::User(user)) => (Some(user), None),
            Some(Self::Key(key)) => (None, Some(key)),
            None => (None, None),
        }
    }
}
