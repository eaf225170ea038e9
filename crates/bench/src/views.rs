//! The views of the payments page that are measured, each as an address and as what the store is
//! asked for.

use almoner_domain::list::{
    Cursor, Direction, Filter, PageRequest, Place, Search, Sort, Span,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::status::Status;
use almoner_domain::{LocationId, Money};

/// Rows of a page, as the page has them when nobody chose.
const ROWS: i64 = 50;
/// A name that many patients of the demo data have, and the beginning of one.
const NAMES: [&str; 2] = ["lotte", "ma"];

/// A view of the list.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// What it is called in the table.
    pub(crate) name: String,
    /// Whether it must cost the same at every size.
    pub(crate) must_be_flat: bool,
    /// Its address, but for its place.
    query: String,
    /// What it asks the store for.
    pub(crate) request: PageRequest,
}

impl View {
    /// The address of the view.
    pub(crate) fn address(&self) -> String {
        let place = match self.request.place {
            Place::First => String::new(),
            Place::Last => "&page=last".to_owned(),
            Place::Number(number) => format!("&page={number}"),
            Place::After(cursor) => format!("&after={}", text(cursor)),
            Place::Before(cursor) => format!("&before={}", text(cursor)),
        };
        format!("/payments?{}{place}", self.query)
    }

    /// The same list from the row after that one.
    pub(crate) fn after(&self, cursor: Cursor) -> Self {
        let request = PageRequest { place: Place::After(cursor), ..self.request.clone() };
        Self { name: self.name.replace("first", "next"), request, ..self.clone() }
    }
}

/// A cursor as addresses carry it.
fn text(cursor: Cursor) -> String {
    let key = cursor.key.map(|key| key.to_string()).unwrap_or_default();
    format!("{key}.{}.{}", cursor.rank, cursor.seq)
}

/// A filter, its name, and its part of the address.
struct Narrowed {
    name: &'static str,
    query: &'static str,
    filter: Filter,
}

/// The filters whose pages and totals must be flat.
fn plain() -> Vec<Narrowed> {
    let all = Filter::default();
    let place = vec![LocationId::new(2)];
    let statuses = vec![Status::Pending, Status::Failed];
    vec![
        Narrowed { name: "all", query: "", filter: all.clone() },
        Narrowed {
            name: "2 statuses",
            query: "&status=pending&status=failed",
            filter: Filter { statuses, ..all.clone() },
        },
        Narrowed {
            name: "a location",
            query: "&location=LOC-002",
            filter: Filter { locations: place.clone(), ..all.clone() },
        },
        Narrowed {
            name: "both",
            query: "&status=paid&location=LOC-002",
            filter: Filter { statuses: vec![Status::Paid], locations: place, ..all },
        },
    ]
}

/// The filters for which no counts are kept.
fn other() -> Vec<Narrowed> {
    let amount = Span { from: Some(Money::from_cents(50_000)), to: None };
    vec![
        Narrowed {
            name: "overdue",
            query: "&overdue=1",
            filter: Filter { overdue: true, ..Filter::default() },
        },
        Narrowed {
            name: "type",
            query: "&type=private_pay",
            filter: Filter { kind: Some(PaymentType::PrivatePay), ..Filter::default() },
        },
        Narrowed {
            name: "from $500",
            query: "&min=500",
            filter: Filter { amount, ..Filter::default() },
        },
    ]
}

fn view(
    narrowed: &Narrowed,
    sort: Sort,
    (place, name): (Place, &str),
    search: &str,
    must_be_flat: bool,
) -> View {
    let direction = sort.default_direction();
    let word = match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    let q = if search.is_empty() { String::new() } else { format!("&q={search}") };
    let sorted = sort.as_str();
    View {
        name: format!("{}, by {sorted}, {name}", narrowed.name),
        must_be_flat,
        query: format!("sort={sorted}&dir={word}{}{q}", narrowed.query),
        request: PageRequest {
            filter: narrowed.filter.clone(),
            search: Search::parse(search),
            sort,
            direction,
            per_page: ROWS,
            place,
        },
    }
}

/// All views; those called first have a next page, which is asked for by their last row.
pub(crate) fn all() -> Vec<View> {
    let mut views = Vec::new();
    for narrowed in plain() {
        for sort in Sort::ALL {
            for place in [(Place::First, "first"), (Place::Last, "last")] {
                views.push(view(&narrowed, sort, place, "", true));
            }
        }
    }
    let everything = &plain()[0];
    for number in [40, 150] {
        let name = format!("page {number}");
        views.push(view(everything, Sort::Created, (Place::Number(number), &name), "", false));
    }
    for narrowed in other() {
        for sort in [Sort::Created, Sort::Amount] {
            views.push(view(&narrowed, sort, (Place::First, "first"), "", false));
        }
    }
    let id = (Place::First, "id 12…");
    views.push(view(everything, Sort::Created, id, "12", true));
    for name in NAMES {
        let title = format!("name {name}…");
        for sort in Sort::ALL {
            let is_flat = matches!(sort, Sort::Created | Sort::Patient);
            views.push(view(everything, sort, (Place::First, &title), name, is_flat));
        }
    }
    views
}
