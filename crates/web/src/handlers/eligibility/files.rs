//! Payers' files as they came, to be kept and never shown as pages, and unreadable ones that are
//! settled.

use almoner_app::dismiss_file::dismiss_file;
use almoner_app::{Error, read, read_inbox};
use almoner_domain::{CheckId, text};
use almoner_store::eligibility_files::KeptFile;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

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
    let file = read::check_file(&web.app, &staff.actor, id).await?;
    let name = plain(&file.name, &format!("{id}.271"));
    Ok(attached(&name, "application/edi-x12", web, staff, file))
}

/// A file from which nothing could be read.
pub(crate) async fn unread(
    State(web): State<Web>,
    staff: Staff,
    Path(hash): Path<String>,
) -> Answer {
    let file = read_inbox::unread_file(&web.app, &staff.actor, &hash).await?;
    let name = plain(&file.name, "unread");
    Ok(attached(&name, "application/octet-stream", web, staff, file))
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

/// Hands a file out, part by part.
fn attached(name: &str, kind: &'static str, web: Web, staff: Staff, file: KeptFile) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_LENGTH, file.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    let parts = stream::try_unfold(
        (web, staff.actor, file.hash, 0),
        |(web, actor, hash, part_no)| async move {
            let part = read::file_part(&web.app, &actor, &hash, part_no).await?;
            Ok::<_, Error>(part.map(|part| (part, (web, actor, hash, part_no + 1))))
        },
    );
    (headers, Body::from_stream(parts)).into_response()
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
