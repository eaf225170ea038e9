//! Whose request it is: the session's cookie, the frame of the pages, messages between pages.

use almoner_app::audit_reads::Seen;
use almoner_app::sign_in::{self, Token};
use almoner_app::{Actor, App, Error};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::failure::{self, Failed};
use crate::freshness;
use crate::security::{self, Connection};
use crate::state::{Web, WebSettings};
use crate::view::parts::{Flash, Shell, Theme};
use crate::view::query::Address;

pub(crate) const THEME_COOKIE: &str = "almoner_theme";
const FLASH_COOKIE: &str = "almoner_flash";

/// The messages that one page leaves for the next. They are codes, so that a cookie never holds
/// anything about a patient.
const FLASHES: &[(&str, &str)] = &[
    ("payment_created", "The payment was created."),
    ("draft_saved", "The draft was saved."),
    ("payment_saved", "The payment was saved."),
    ("view_saved", "The view was saved."),
    ("view_removed", "The view was removed."),
    ("status_changed", "The status was changed."),
    ("refund_made", "The refund was made."),
    ("refund_pending", "The refund is on its way."),
    ("tender_reversed", "The tender was reversed."),
    ("link_issued", "The payment link is ready."),
    ("link_sent", "The payment link is being sent."),
    ("receipt_sent", "The receipt is being sent."),
    ("consent_given", "It is noted that the patient agreed to e-mail."),
    ("consent_withdrawn", "It is noted that the patient does not agree to e-mail."),
    ("link_revoked", "The payment link was ended."),
    ("receipt_printed", "The printing is in the history. If no window opened, print this page."),
    ("receipts_issued", "The receipts were issued."),
    ("note_added", "The note was added."),
    ("note_edited", "The note was changed; what it said before is kept."),
    ("documents_added", "The documents were added."),
    ("document_renamed", "The document was renamed."),
    ("document_deleted", "The document was deleted; it can be restored for 30 days."),
    ("document_restored", "The document was restored."),
    ("drawer_counted", "The count was kept."),
    ("queue_hurried", "It is taken up now. Reload to see what became of it."),
    ("queue_at_work", "Nothing there waits for later."),
    ("looked_again", "The processor is asked again."),
    ("exception_solved", "What was done is in the history."),
    ("patient_added", "The patient was added."),
    ("patient_saved", "The patient was saved."),
    ("patients_merged", "The patients were merged."),
    ("patients_kept_apart", "They are kept apart as two people."),
    ("treatment_added", "The treatment was added."),
    ("treatment_saved", "The treatment was saved."),
    ("check_asked", "The payer is being asked; the answer comes by itself."),
    ("check_matched", "The eligibility check was matched."),
    ("check_unmatched", "The match was undone; the check waits in the inbox again."),
    ("differences_dismissed", "The differences were dismissed."),
    ("file_dismissed", "The file was dismissed; it is kept."),
    ("location_saved", "The location was saved."),
    ("physician_saved", "The physician was saved."),
    ("settings_saved", "The settings were saved."),
    ("import_started", "The rows are being imported."),
    ("import_discarded", "The import was dropped, with its file."),
    ("import_removed", "The file was removed."),
    ("webhook_sent", "It is being sent. Reload to see what became of it."),
    ("webhook_enabled", "The endpoint is told of events again."),
    ("webhook_disabled", "The endpoint is told of nothing any more."),
    ("webhook_deleted", "The endpoint was deleted."),
];

/// A member of the staff who is signed in, with the frame of their pages.
#[derive(Clone)]
pub(crate) struct Staff {
    pub(crate) actor: Actor,
    pub(crate) shell: Shell,
}

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // The layer below has let nobody else through.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// The name of the session's cookie; only a secure one may carry the strict prefix.
pub(crate) fn cookie_name(settings: &WebSettings) -> &'static str {
    if settings.is_secure() { "__Host-almoner" } else { "almoner_session" }
}

/// A cookie of ours.
pub(crate) fn cookie(settings: &WebSettings, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(settings.is_secure())
        .build()
}

/// The token in a request's cookie.
pub(crate) fn token(settings: &WebSettings, headers: &HeaderMap) -> Option<Token> {
    let jar = CookieJar::from_headers(headers);
    jar.get(cookie_name(settings)).and_then(|cookie| Token::parse(cookie.value()))
}

/// The theme that a request's cookie names.
pub(crate) fn theme(headers: &HeaderMap) -> Theme {
    let jar = CookieJar::from_headers(headers);
    jar.get(THEME_COOKIE).map_or(Theme::System, |cookie| Theme::from_name(cookie.value()))
}

fn flash(headers: &HeaderMap) -> Option<Flash> {
    let jar = CookieJar::from_headers(headers);
    let code = jar.get(FLASH_COOKIE)?;
    let known = FLASHES.iter().find(|(name, _)| *name == code.value())?;
    Some(Flash::good(known.1))
}

async fn who(
    app: &App,
    settings: &WebSettings,
    headers: &HeaderMap,
) -> Result<Option<Staff>, Error> {
    let Some(token) = token(settings, headers) else {
        return Ok(None);
    };
    let Some(actor) = sign_in::authenticate(app, &token).await? else {
        return Ok(None);
    };
    let Some(member) = actor.member().cloned() else {
        return Ok(None);
    };
    let shell = Shell {
        clinic: actor.organization.name.clone(),
        user: member.name,
        role: member.role,
        test_money: app.processor.is_test_money(),
        theme: theme(headers),
        flash: flash(headers),
        here: String::new(),
    };
    Ok(Some(Staff { actor, shell }))
}

/// Lets only staff through; others are sent to sign in. What a handler refuses is shown in the
/// frame of the member's pages.
pub(crate) async fn staff_only(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut staff = match who(&web.app, &web.settings, request.headers()).await {
        Ok(Some(staff)) => staff,
        Ok(None) => return to_sign_in(&request),
        Err(error) => return failure::page(&web, None, &error),
    };
    if request.method() == Method::GET {
        staff.shell.here = asked(&request).to_owned();
    }
    let had_flash = staff.shell.flash.is_some();
    let seen = seen(&web, &staff, &request);
    let at_replica = freshness::page_position(&web, &request).map(|position| {
        let actor = staff.actor.clone().seeing(position);
        Staff { actor, shell: staff.shell.clone() }
    });
    let mut response = freshness::answered(request, next, (staff.clone(), at_replica)).await;
    if let Some(mut seen) = seen.filter(|_| response.status().is_success()) {
        if let Some(Listed(ids)) = response.extensions_mut().remove::<Listed>() {
            seen.listed = ids;
        }
        web.reads.seen(seen).await;
    }
    if let Some(Failed(error)) = response.extensions_mut().remove::<Failed>() {
        return failure::page(&web, Some(staff.shell), &error);
    }
    if had_flash && response.status().is_success() {
        let mut gone = cookie(&web.settings, FLASH_COOKIE, String::new());
        gone.make_removal();
        append_cookie(&mut response, &gone);
    }
    response
}

/// The ids of what a page of a list shows, for the audit log.
#[derive(Debug, Clone)]
pub(crate) struct Listed(Vec<String>);

impl Listed {
    /// Those of these rows.
    pub(crate) fn of<R, T: ToString>(rows: &[R], id: impl Fn(&R) -> T) -> Self {
        Self(rows.iter().map(|row| id(row).to_string()).collect())
    }

    /// The page that shows them.
    pub(crate) fn on(self, mut page: Response) -> Response {
        page.extensions_mut().insert(self);
        page
    }
}

/// Ids as the audit log has them.
pub(crate) fn told<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

/// What of a patient a page shows, for the audit log: a thing by its number, or a list.
fn seen(web: &Web, staff: &Staff, request: &Request) -> Option<Seen> {
    let mut parts = request.uri().path().trim_start_matches('/').split('/');
    let (list, thing) = match parts.next()? {
        "payments" => ("payments", "payment"),
        "patients" => ("patients", "patient"),
        "treatments" => ("treatments", "treatment"),
        "eligibility" => ("eligibility_checks", "eligibility_check"),
        "inquiries" => ("eligibility_inquiries", "eligibility_inquiry"),
        "audit" => ("audit_log", "audit_log"),
        "imports" => ("imports", "import"),
        _ => return None,
    };
    let number = parts.next().and_then(|id| id.split_once('-')?.1.parse().ok());
    let is_document = parts.next() == Some("documents");
    let document = parts.next().filter(|_| is_document).and_then(|number| number.parse().ok());
    let connection = request.extensions().get::<Connection>()?;
    Some(Seen {
        actor: staff.actor.clone(),
        subject: if number.is_some() { thing } else { list },
        subject_seq: number.unwrap_or_default(),
        document,
        listed: Vec::new(),
        from: security::client(web, connection.0, request.headers()),
        at: web.app.now(),
    })
}

/// The address that was asked for, on this server.
fn asked(request: &Request) -> &str {
    request.uri().path_and_query().map_or("/", |asked| asked.as_str())
}

fn to_sign_in(request: &Request) -> Response {
    let asked = asked(request);
    let next = if request.method() == Method::GET && asked != "/" { asked } else { "" };
    Redirect::to(&Address::new("/sign-in").with("next", next).into_text()).into_response()
}

/// Adds a cookie to a response.
pub(crate) fn append_cookie(response: &mut Response, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.encoded().to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Goes to another page and leaves a message for it.
pub(crate) fn done(web: &Web, to: &str, code: &'static str) -> Response {
    debug_assert!(FLASHES.iter().any(|(name, _)| *name == code), "{code} has no words");
    let flash = cookie(&web.settings, FLASH_COOKIE, code.to_owned());
    let mut response = Redirect::to(to).into_response();
    append_cookie(&mut response, &flash);
    response
}
