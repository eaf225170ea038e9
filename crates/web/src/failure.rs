//! What a person sees when something was refused or went wrong.

use almoner_app::Error;
use almoner_gateways::files::FilesError;
use almoner_store::StoreError;
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{Html, IntoResponse, Response};

use crate::state::Web;
use crate::view::error::ErrorPage;
use crate::view::parts::{Link, Shell, Theme};

/// What a handler gives: a response, or what the frame's layer shows as an error page.
pub(crate) type Answer = Result<Response, Refused>;

/// An error on its way to the layer that knows the member's frame.
#[derive(Debug)]
pub(crate) struct Refused(Error);

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error that a response carries to the layer.
#[derive(Clone)]
pub(crate) struct Failed(pub(crate) std::sync::Arc<Error>);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(Failed(std::sync::Arc::new(self.0)));
        response
    }
}

/// The status of an answer.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Forbidden(_) | Error::SignIn => StatusCode::FORBIDDEN,
        Error::Stale { .. }
        | Error::Status { .. }
        | Error::Locked(_)
        | Error::Refund(_)
        | Error::Reversal(_)
        | Error::Alike(_)
        | Error::KeyReused => StatusCode::CONFLICT,
        Error::Busy
        | Error::Processor(_)
        | Error::Files(FilesError::Unreachable(_) | FilesError::Unread(_))
        | Error::Store(StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Store(_) | Error::Files(_) | Error::Unwritten(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

fn title(error: &Error) -> String {
    match error {
        Error::NotFound(what) => format!("This {what} was not found"),
        Error::Forbidden(_) => "Your role does not allow this".to_owned(),
        Error::Store(StoreError::Unavailable(_)) => "The database cannot be reached".to_owned(),
        Error::Files(FilesError::Unreachable(_) | FilesError::Unread(_)) => {
            "The store of documents cannot be reached".to_owned()
        }
        Error::Files(_) => "The document is not what was added".to_owned(),
        Error::Store(_) => "Something went wrong on our side".to_owned(),
        Error::Unwritten(_) => "The file could not be written".to_owned(),
        Error::Processor(_) => "The processor did not answer".to_owned(),
        Error::Busy => "Too many files are under way".to_owned(),
        Error::Stale { .. } => "Someone else changed this".to_owned(),
        _ => "This was not done".to_owned(),
    }
}

fn message(error: &Error) -> String {
    match error {
        Error::NotFound(what) => {
            format!("There is no such {what} at this clinic. The number may be wrong.")
        }
        Error::Files(FilesError::Missing | FilesError::Changed) => {
            let what = "What is kept of it is gone or was changed, so it is not handed out. ";
            what.to_owned() + "Your administrator can restore it from a backup."
        }
        Error::Busy => "Nothing of this was done. Please try it again in a minute.".to_owned(),
        Error::Store(_) | Error::Files(_) => {
            "Nothing was changed. Please try again in a minute.".to_owned()
        }
        Error::Unwritten(_) => {
            let what = "The server may have no room for it on its disk. ";
            what.to_owned() + "Please try again in a minute, or take it as CSV."
        }
        Error::Invalid(faults) => {
            faults.0.iter().map(|fault| &*fault.message).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// The page of an error. Our own faults are logged with an id that the person can tell.
pub(crate) fn page(web: &Web, shell: Option<Shell>, error: &Error) -> Response {
    let status = status(error);
    let is_fault = status.is_server_error() && !matches!(error, Error::Busy);
    let error_id = is_fault.then(|| {
        let id = almoner_domain::text::hex(&web.app.random::<5>());
        tracing::error!(error_id = %id, error = chain(error), "a request failed");
        id
    });
    let page = ErrorPage {
        theme: shell.as_ref().map_or(Theme::System, |shell| shell.theme),
        shell,
        title: title(error),
        message: message(error),
        ways: vec![Link::new("/payments", "All payments")],
        error_id,
    };
    let mut response = html_with(status, &page);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// A page that says what cannot be done as it was asked, and how else.
pub(crate) fn other_ways(shell: Shell, title: &str, message: String, ways: Vec<Link>) -> Response {
    unprocessable(&ErrorPage {
        theme: shell.theme,
        shell: Some(shell),
        title: title.to_owned(),
        message,
        ways,
        error_id: None,
    })
}

/// An error with all its reasons, in one line for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

/// A page with a status.
///
/// # Panics
/// Never: a template that compiles renders.
pub(crate) fn html_with(status: StatusCode, page: &impl Template) -> Response {
    let text = page.render().expect("a template that compiles renders");
    (status, Html(text)).into_response()
}

/// A page.
pub(crate) fn html(page: &impl Template) -> Response {
    html_with(StatusCode::OK, page)
}

/// A form that is shown again because some fields need attention.
pub(crate) fn unprocessable(page: &impl Template) -> Response {
    html_with(StatusCode::UNPROCESSABLE_ENTITY, page)
}
