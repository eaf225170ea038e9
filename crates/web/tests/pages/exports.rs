//! Lists, books and reports as files: the workbooks are read back by a reader that is not ours, and
//! held against CSV and the ledger.

use std::io::Cursor;

use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::refund_payment::{RefundPayment, refund_payment};
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::role::Role;
use almoner_domain::{LocationId, Money, PaymentId};
use almoner_store::on_both_engines;
use calamine::{Data, Reader as _, Xlsx};

use crate::site::{Browser, Reply, Site, owed};

/// What a spreadsheet would take for a formula.
const FORMULA: &str = "=HYPERLINK(\"http://x\",\"y\")";
const BOOKS: &str = "from=2026-03-01&to=2026-03-10";

/// The rows of a sheet, of which the first are its headings.
fn sheet(file: &Reply, name: &str) -> Vec<Vec<Data>> {
    assert_eq!(file.status.as_u16(), 200, "{}", String::from_utf8_lossy(&file.body));
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(file.header("content-type"), kind);
    assert_eq!(file.header("content-length"), file.body.len().to_string());
    assert_eq!(file.header("content-security-policy"), "sandbox");
    assert_eq!(file.header("cache-control"), "no-store");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.body.clone())).unwrap();
    let formulas = book.worksheet_formula(name).unwrap();
    assert!(formulas.used_cells().next().is_none(), "{name} has formulas");
    book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

/// The lines of CSV, without the mark of its encoding and the apostrophes before formulas.
fn lines(file: &Reply) -> Vec<Vec<String>> {
    let text = file.text().replace('\u{feff}', "");
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(text.as_bytes());
    let plain = |cell: &str| cell.strip_prefix('\'').unwrap_or(cell).to_owned();
    reader.records().map(|line| line.unwrap().iter().map(plain).collect()).collect()
}

/// A cell as CSV has it: a number of cents only under a heading of money.
fn as_csv(heading: &str, cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) if is_money(heading) => format!("{number:.2}"),
        Data::Float(number) => number.to_string(),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            match heading {
                "Month" => format!("{year}-{month:02}"),
                "Recorded" | "Counted at" => {
                    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
                }
                _ => format!("{year}-{month:02}-{day:02}"),
            }
        }
        other => panic!("{other:?} is no cell of ours, under {heading}"),
    }
}

fn is_money(heading: &str) -> bool {
    !heading.ends_with("(count)") && !["Version", "Line"].contains(&heading)
}

/// Passes when a sheet holds what the lines of CSV do, and each number is exactly so many cents.
fn same(sheet: &[Vec<Data>], csv: &[Vec<String>]) {
    let headings: Vec<String> = sheet[0].iter().map(ToString::to_string).collect();
    assert_eq!(sheet.len(), csv.len());
    for (row, line) in sheet.iter().zip(csv) {
        let cells: Vec<String> =
            headings.iter().zip(row).map(|(heading, cell)| as_csv(heading, cell)).collect();
        assert_eq!(&cells, line);
        for (heading, cell) in headings.iter().zip(row) {
            if let Data::Float(number) = cell
                && is_money(heading)
            {
                let text = format!("{number:.2}");
                let cents: f64 = text.parse().unwrap();
                assert!(cents.total_cmp(number).is_eq(), "{number} is not whole cents");
            }
        }
    }
}

/// The cents under a heading.
fn cents(sheet: &[Vec<Data>], heading: &str) -> i64 {
    let column = sheet[0].iter().position(|cell| *cell == *heading).unwrap();
    let amounts = sheet[1..].iter().map(|row| match &row[column] {
        Data::Float(amount) => format!("{amount:.2}").replace('.', "").parse::<i64>().unwrap(),
        other => panic!("{other:?} is no amount"),
    });
    amounts.sum()
}

async fn number(site: &Site, sql: &str) -> i64 {
    let mut tx = site.app.db.read().await.unwrap();
    tx.one(sql.to_owned(), Vec::new()).await.unwrap().int("n").unwrap()
}

async fn payment(site: &Site, cents: i64, memo: &str, location: i64) -> PaymentId {
    let asked = CreatePayment {
        amount: Money::from_cents(cents),
        location: Some(LocationId::new(location)),
        due: Some("2026-03-20".parse().unwrap()),
        memo: Some(memo.to_owned()),
        ..owed()
    };
    create_payment(&site.app, &site.system(), &asked).await.unwrap()
}

async fn refund(site: &Site, payment: PaymentId, cents: i64) {
    let input = RefundPayment {
        version: None,
        payment,
        amount: RefundAmount::Partial(Money::from_cents(cents)),
        reason: RefundReason::BillingError,
        notes: Some(FORMULA.to_owned()),
        key: None,
    };
    refund_payment(&site.app, &site.system(), &input).await.unwrap();
}

/// Payments with hard memos and amounts, two that were paid, and refunds late in the evening.
async fn filled(db: almoner_store::testing::TestDb) -> Site {
    let site = Site::new(db).await;
    let paid = site.paid(None).await;
    let memos = [FORMULA, "+1", "two\nlines, and a comma", "_x0041_ O'Brien & Søn <b>", " @x "];
    for (place, memo) in memos.into_iter().enumerate() {
        let cents = [1, 10, 29, 123_405, 99_999_999][place];
        payment(&site, cents, memo, 1 + i64::from(place == 1)).await;
    }
    // Half past eleven in the evening of the tenth is the eleventh in UTC.
    site.clock.set("2026-03-11T03:30:00Z".parse().unwrap());
    refund(&site, paid, 1_007).await;
    refund(&site, paid, 1).await;
    site
}

async fn audited(site: &Site, what: &str) -> i64 {
    number(site, &format!("SELECT count(*) AS n FROM audit_event WHERE {what}")).await
}

async fn both(browser: &Browser<'_>, path: &str, query: &str) -> (Reply, Vec<Vec<String>>) {
    let xlsx = browser.get(&format!("{path}.xlsx?{query}")).await;
    (xlsx, lines(&browser.get(&format!("{path}.csv?{query}")).await))
}

on_both_engines! {
    async fn a_list_is_a_sheet_of_the_same_rows(db) {
        let site = filled(db).await;
        let biller = site.browser(Role::Biller).await;
        let page = biller.get("/payments?status=pending").await;
        page.shows(200, &["Export XLSX", "/payments/export.xlsx?status=pending"]);
        for query in ["sort=amount&dir=asc", "status=pending&location=LOC-001", "q=nobody",
            "id=PAY-003&id=PAY-001"] {
            let (xlsx, csv) = both(&biller, "/payments/export", query).await;
            let rows = sheet(&xlsx, "Payments");
            assert_eq!(rows[0].len(), 13, "{query}");
            same(&rows, &csv);
        }
        let file = biller.get("/payments/export.xlsx").await;
        let name = "attachment; filename=\"payments-2026-03-10.xlsx\"";
        assert_eq!(file.header("content-disposition"), name);
        let rows = sheet(&file, "Payments");
        let all = "SELECT CAST(sum(amount_cents) AS BIGINT) AS n FROM payment";
        assert_eq!(cents(&rows, "Amount"), number(&site, all).await);
        assert_eq!(cents(&rows, "Refunded"), 1_008);
        let formula = rows.iter().flatten().filter(|cell| **cell == *FORMULA).count();
        assert_eq!(formula, 1);
        assert_eq!(audited(&site, "action = 'export_began' AND detail LIKE '%XLSX%'").await, 5);
        assert_eq!(audited(&site, "action = 'export_began' AND detail LIKE '%CSV%'").await, 4);
        assert_eq!(audited(&site, "action = 'export_ended'").await, 9);
    }

    async fn the_books_are_sheets_of_the_same_rows(db) {
        let site = filled(db).await;
        let manager = site.browser(Role::Manager).await;
        let page = manager.get("/reports/books?book=ledger&from=2026-03-01").await;
        page.shows(200, &["Books", "Export CSV", "Export XLSX", "value=\"2026-03-10\"", "Harbor"]);
        let (xlsx, csv) = both(&manager, "/reports/books", &format!("book=refunds&{BOOKS}")).await;
        let name = "attachment; filename=\"refunds-2026-03-01-2026-03-10.xlsx\"";
        assert_eq!(xlsx.header("content-disposition"), name);
        let rows = sheet(&xlsx, "Refunds");
        same(&rows, &csv);
        assert_eq!((rows.len(), cents(&rows, "Amount")), (3, 1_008));
        let first = ["REF-001", "2026-03-10", "PAY-001", "Specimen, Ben", "PAT-002", "10.07",
            "Refunded", "2026-03-10", "", "", "Billing error", FORMULA, "Check", "",
            "Downtown Clinic", ""];
        assert_eq!(csv[1], first);
        let ledger = format!("book=ledger&{BOOKS}");
        let (xlsx, csv) = both(&manager, "/reports/books", &ledger).await;
        let rows = sheet(&xlsx, "Ledger");
        same(&rows, &csv);
        let sum = "SELECT CAST(sum(amount_cents) AS BIGINT) AS n FROM ledger_transfer";
        assert_eq!(cents(&rows, "Amount"), number(&site, sum).await);
        let issued = ["2026-03-10", "2026-03-10 11:00:00", "Issued", "Receivable",
            "Patient charges", "80.00", "Downtown Clinic", "PAY-001", "1", "1"];
        assert_eq!(csv[1], issued);
        for (query, count) in [
            (format!("{ledger}&location=LOC-002"), 1),
            ("book=ledger&from=2026-03-11&to=2026-03-31".to_owned(), 0),
            (format!("book=refunds&{BOOKS}&location=LOC-002"), 0),
        ] {
            let (xlsx, csv) = both(&manager, "/reports/books", &query).await;
            let name = if query.contains("ledger") { "Ledger" } else { "Refunds" };
            let rows = sheet(&xlsx, name);
            assert_eq!(rows.len(), count + 1, "{query}");
            same(&rows, &csv);
        }
        let wrong = manager.get("/reports/books.xlsx?from=2026-03-09&to=soon&book=ledger").await;
        wrong.shows(422, &["Enter a date such as 2026-11-23.", "value=\"soon\"", "Books"]);
        let told = ["Export began: ledger", "Export began: refunds", "format: XLSX",
            "locations: LOC-002", "Export ended: refunds", "rows: 2"];
        manager.get("/audit").await.shows(200, &told);
        assert_eq!(audited(&site, "action = 'export_began'").await, 10);
    }

    async fn each_report_is_a_sheet_of_the_same_rows(db) {
        let site = filled(db).await;
        let manager = site.browser(Role::Manager).await;
        let count = [("location", "LOC-001"), ("day", "2026-03-10"), ("key", "k"), ("cash", "7")];
        manager.post("/reports/day-close/counts", &count).await.to();
        let (xlsx, csv) = both(&manager, "/reports/day-close", "day=2026-03-10").await;
        let blank = csv.iter().position(|line| line[0] == "Day" && line[2] == "Counted by");
        let (moved, counted) = csv.split_at(blank.unwrap());
        // In CSV a blank line is between the two.
        same(&sheet(&xlsx, "Day close"), &moved[..moved.len() - 1]);
        same(&sheet(&xlsx, "Drawers"), counted);
        assert_eq!(counted[1][3], "2026-03-10 23:30:00");
        let taken = cents(&sheet(&xlsx, "Day close"), "Net");
        for (report, name) in [("collections", "Collections"), ("aging", "Aging")] {
            let (xlsx, csv) = both(&manager, &format!("/reports/{report}"), "").await;
            let rows = sheet(&xlsx, name);
            same(&rows, &csv);
            if report == "collections" {
                assert_eq!(cents(&rows, "Net"), taken);
            }
        }
        assert_eq!(audited(&site, "action = 'report_exported'").await, 6);
    }

    async fn what_is_too_long_for_a_sheet_is_offered_as_csv(db) {
        let site = filled(db).await.with_sheet_rows(2);
        let manager = site.browser(Role::Manager).await;
        let title = "This is too long for a sheet";
        for (path, query) in [
            ("/payments/export", "sort=amount&dir=asc"),
            ("/payments/export", "q=specimen"),
            ("/payments/export", "min=0.01"),
            ("/payments/export", "id=PAY-001&id=PAY-002&id=PAY-003"),
            ("/reports/books", &*format!("book=ledger&{BOOKS}")),
        ] {
            let began = audited(&site, "action = 'export_began'").await;
            let told = manager.get(&format!("{path}.xlsx?{query}")).await;
            let href = format!("{path}.csv?{query}").replace('&', "&#38;");
            told.shows(422, &[title, "room for 2 rows", &format!("href=\"{href}\""), "Export CSV"]);
            assert_eq!(audited(&site, "action = 'export_began'").await, began, "{path}?{query}");
            let csv = lines(&manager.get(&format!("{path}.csv?{query}")).await);
            assert!(csv.len() > 3, "{path}?{query}");
        }
        // Two rows fit.
        let (xlsx, csv) = both(&manager, "/reports/books", &format!("book=refunds&{BOOKS}")).await;
        same(&sheet(&xlsx, "Refunds"), &csv);
        let aging = manager.get("/reports/aging.xlsx").await;
        assert_eq!(sheet(&aging, "Aging").len(), 3);
        let site = site.with_sheet_rows(1);
        let manager = site.browser(Role::Manager).await;
        let told = manager.get("/reports/aging.xlsx").await;
        told.shows(422, &[title, "href=\"/reports/aging.csv\""]);
    }

    async fn files_are_for_those_who_may_have_them(db) {
        let site = filled(db).await;
        for role in Role::ALL {
            let browser = site.browser(role).await;
            let exports = [Role::Biller, Role::Manager].contains(&role);
            let reports = [Role::Manager, Role::Auditor].contains(&role);
            let files = ["/payments/export", "/reports/day-close", "/reports/collections",
                "/reports/aging", "/reports/books"];
            for file in files {
                let may = if file.starts_with("/payments") { exports } else { reports };
                for format in ["csv", "xlsx"] {
                    let status = browser.get(&format!("{file}.{format}")).await.status.as_u16();
                    assert_eq!(status, if may { 200 } else { 403 }, "{file}.{format} {role:?}");
                }
            }
        }
    }
}
