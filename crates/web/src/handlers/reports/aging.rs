//! How old is what is outstanding, by location.

use almoner_app::export_report::{Report, export_report};
use almoner_app::read_reports::{self, AgingView};
use almoner_domain::report::{Age, Aging, Tally};
use almoner_domain::{LocationId, Status};
use axum::extract::State;
use jiff::civil::Date;

use crate::cell::{Line, row};
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::handed_out::{self, AskedFile};
use crate::session::Staff;
use crate::state::Web;
use crate::view::parts::FileLinks;
use crate::view::query::PaymentsQuery;
use crate::view::reports::aging::{AgingCell, AgingPage, AgingRow};

/// The page.
pub(crate) async fn page(State(web): State<Web>, staff: Staff) -> Answer {
    let view = read_reports::aging(&web.app, &staff.actor).await?;
    let today = view.today;
    let row = |(location, aging): &(almoner_store::locations::Location, Aging)| {
        aging_row(location.fields.name.clone(), aging, (Some(location.id), today))
    };
    let all = together(&view);
    let failed =
        PaymentsQuery { statuses: vec![Status::Failed], overdue: true, ..PaymentsQuery::default() };
    Ok(html(&AgingPage {
        today: format::date(today),
        rows: view.locations.iter().map(row).collect(),
        failed: cell(all.failed(), Some(failed)),
        total: aging_row("All locations".to_owned(), &all, (None, today)),
        export: FileLinks::of("/reports/aging"),
        shell: staff.shell,
    }))
}

fn together(view: &AgingView) -> Aging {
    view.locations.iter().fold(Aging::default(), |all, (_, aging)| all.plus(aging))
}

fn cell(tally: Tally, query: Option<PaymentsQuery>) -> AgingCell {
    AgingCell { tally, href: query.map(|query| query.href()) }
}

/// The list of outstanding payments there.
fn outstanding(location: Option<LocationId>) -> PaymentsQuery {
    PaymentsQuery {
        statuses: Status::ALL.into_iter().filter(|status| status.is_outstanding()).collect(),
        locations: location.into_iter().collect(),
        ..PaymentsQuery::default()
    }
}

/// The list of those of that age; the list cannot be narrowed to what has no due date.
fn aged(age: Age, (location, today): (Option<LocationId>, Date)) -> Option<PaymentsQuery> {
    if age == Age::NoDueDate {
        return None;
    }
    let span = age.due_span(today);
    let text = |end: Option<Date>| end.map(|day| day.to_string()).unwrap_or_default();
    let (due_from, due_to) = (text(span.from), text(span.to));
    Some(PaymentsQuery { due_from, due_to, ..outstanding(location) })
}

fn aging_row(name: String, aging: &Aging, at: (Option<LocationId>, Date)) -> AgingRow {
    AgingRow {
        name,
        cells: Age::ALL.into_iter().map(|age| cell(aging.of(age), aged(age, at))).collect(),
        total: cell(aging.total(), Some(outstanding(at.0))),
    }
}

/// The report as a file.
pub(crate) async fn file(State(web): State<Web>, staff: Staff, file: AskedFile) -> Answer {
    let view = read_reports::aging(&web.app, &staff.actor).await?;
    export_report(&web.app, &staff.actor, &Report::Aging, file.format).await?;
    let name = format!("aging-{}", view.today);
    handed_out::report((&web, &staff), &file, &name, vec![("Aging", lines(view))]).await
}

fn lines(view: AgingView) -> Vec<Line> {
    let mut head = row!["Location"];
    for age in Age::ALL {
        head.extend(row![format!("{} (count)", age.label()), age.label()]);
    }
    head.extend(row!["Outstanding (count)", "Outstanding"]);
    let lines = view.locations.into_iter().map(|(location, aging)| {
        let mut cells = row![location.fields.name];
        let ages = Age::ALL.into_iter().map(|age| aging.of(age));
        for tally in ages.chain([aging.total()]) {
            cells.extend(row![tally.count, tally.amount]);
        }
        cells
    });
    std::iter::once(head).chain(lines).collect()
}
