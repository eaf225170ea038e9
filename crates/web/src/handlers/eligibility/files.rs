//! Payers' files as they came, to be kept and never shown as pages, and unreadable ones that are
//! settled.

use almoner_app::dismiss_file::dismiss_file;
use almoner_app::{Error, read, read_inbox};
use almoner_domain::{CheckId, text};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::failure::Answer;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;

/// The longest name that a downloaded file has.
const MAX_NAME_LETTERS: usize = 100;

/// The file that a check came in.
pub(crate) async fn of_check(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    let (name, content) = read::check_file(&web.app, &staff.actor, id).await?;
    Ok(attached(&plain(&name, &format!("{id}.271")), "application/edi-x12", content))
}

/// A file from which nothing could be read.
pub(crate) async fn unread(
    State(web): State<Web>,
    staff: Staff,
    Path(hash): Path<String>,
) -> Answer {
    let (name, content) = read_inbox::unread_file(&web.app, &staff.actor, &hash).await?;
    Ok(attached(&plain(&name, "unread"), "application/octet-stream", content))
}

/// Takes such a file out of the inbox.
pub(crate) async fn dismiss(
    State(web): State<Web>,
    staff: Staff,
    Path(hash): Path<String>,
) -> Answer {
    let hash = text::unhex(&hash).ok_or(Error::NotFound("file"))?;
    dismiss_file(&web.app, &staff.actor, &hash).await?;
    Ok(done(&web, "/eligibility/inbox", "file_dismissed"))
}

fn attached(name: &str, kind: &'static str, content: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    (headers, content).into_response()
}

/// A name of a file without anything that a header or a file system minds.
fn plain(name: &str, otherwise: &str) -> String {
    let safe = |letter: char| {
        if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' }
    };
    let plain: String = name.chars().take(MAX_NAME_LETTERS).map(safe).collect();
    let plain = plain.trim_matches(['.', '_']);
    if plain.is_empty() { otherwise.to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_downloads_are_plain() {
        assert_eq!(plain("a b\"\r\nX: y.271", "x"), "a_b___X__y.271");
        assert_eq!(plain("..", "ELG-007.271"), "ELG-007.271");
        assert_eq!(plain("søn.271", "x"), "s_n.271");
    }
}
