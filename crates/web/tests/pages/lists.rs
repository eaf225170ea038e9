//! What members of the staff do with the payments list beside reading it: they take it away as a
//! file, do something with several payments, keep lists under a name, and choose their columns.

use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_domain::role::Role;
use almoner_domain::{Money, PaymentId};
use almoner_store::on_both_engines;

use crate::site::{HARD_NAME, HARD_NAME_SHOWN, Site, encoded, escaped, owed};

/// What stands above the columns of a file, after the mark of its encoding.
const HEAD: &str = "\u{feff}Payment ID,Patient,Patient ID,Amount,Refunded,Status,Payment Type,\
    Due Date,Paid,Created,Location,Treatment,Memo";

/// A payment of the second patient with a memo that a spreadsheet would take for a formula.
async fn payment(site: &Site, draft: bool, memo: &str) -> PaymentId {
    let (amount, memo) = (Money::from_cents(123_450), Some(memo.to_owned()));
    let asked = CreatePayment { amount, memo, draft, ..owed() };
    create_payment(&site.app, &site.system(), &asked).await.unwrap()
}

/// How often something stands in the audit log of the clinic.
async fn audited(site: &Site, action: &str, part: &str) -> i64 {
    let mut tx = site.app.db.read().await.unwrap();
    let sql = format!(
        "SELECT count(*) AS n FROM audit_event WHERE action = '{action}' AND detail LIKE '%{part}%'"
    );
    tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap()
}

on_both_engines! {
    async fn a_list_is_taken_away_as_it_is_shown(db) {
        let site = Site::new(db).await;
        payment(&site, false, "=HYPERLINK(\"http://x\")").await;
        site.paid(None).await;
        payment(&site, true, "two\nlines, and a comma").await;
        let biller = site.browser(Role::Biller).await;
        biller.get("/payments").await.shows(200, &["Export CSV", "/payments/export.csv"]);
        let file = biller.get("/payments/export.csv?sort=amount&dir=asc").await;
        assert!(file.header("content-type").starts_with("text/csv"));
        let disposition = "attachment; filename=\"payments-2026-03-10.csv\"";
        assert_eq!(file.header("content-disposition"), disposition);
        let expected = format!(
            "{HEAD}\r\n\
             PAY-002,\"Specimen, Ben\",PAT-002,80.00,0.00,Paid,,,2026-03-10,2026-03-10,\
             Downtown Clinic,,\r\n\
             PAY-001,\"Specimen, Ben\",PAT-002,1234.50,0.00,Pending,,,,2026-03-10,\
             Downtown Clinic,,\"'=HYPERLINK(\"\"http://x\"\")\"\r\n\
             PAY-003,\"Specimen, Ben\",PAT-002,1234.50,0.00,Draft,,,,2026-03-10,\
             Downtown Clinic,,\"two\nlines, and a comma\"\r\n"
        );
        assert_eq!(file.text(), expected);
        let narrowed = biller.get("/payments/export.csv?status=draft&q=spec").await.text();
        assert_eq!(narrowed.matches("PAY-").count(), 1);
        assert_eq!(biller.get("/payments/export.csv?q=nobody").await.text(), format!("{HEAD}\r\n"));
        assert_eq!(audited(&site, "export_began", "").await, 3);
        assert_eq!(audited(&site, "export_began", "Draft").await, 1);
        assert_eq!(audited(&site, "export_began", "spec").await, 0);
        assert_eq!(audited(&site, "export_ended", ":3").await, 1);
        assert_eq!(audited(&site, "export_ended", ":0").await, 1);
    }

    async fn what_cannot_be_understood_exports_nothing(db) {
        let site = Site::new(db).await;
        payment(&site, false, "x").await;
        let biller = site.browser(Role::Biller).await;
        let asked = "/payments/export.csv?min=abc";
        biller.get(asked).await.shows(422, &["Enter dollars and cents"]).lacks(&["PAY-001"]);
        let many = vec!["id=PAY-001"; 201].join("&");
        let reply = biller.get(&format!("/payments/export.csv?{many}")).await;
        reply.shows(422, &["Pick 1 to 200 payments."]);
        assert_eq!(audited(&site, "export_began", "").await, 0);
        for role in [Role::FrontDesk, Role::Administrator, Role::Auditor] {
            let browser = site.browser(role).await;
            browser.get("/payments/export.csv").await.shows(403, &["export lists"]);
            browser.get("/payments").await.shows(200, &[]).lacks(&["export.csv"]);
        }
    }

    async fn what_was_picked_is_taken_away(db) {
        let site = Site::new(db).await;
        for _ in 0..3 {
            payment(&site, false, "x").await;
        }
        let biller = site.browser(Role::Biller).await;
        let asked = "/payments/export.csv?key=k&back=&id=PAY-003&id=PAY-001";
        let file = biller.get(asked).await.text();
        let ids = file.lines().skip(1).filter_map(|line| line.split(',').next());
        let ids: Vec<&str> = ids.collect();
        assert_eq!(ids, ["PAY-003", "PAY-001"]);
        assert_eq!(audited(&site, "export_began", "PAY-003, PAY-001").await, 1);
    }

    async fn drafts_that_were_picked_are_cancelled(db) {
        let site = Site::new(db).await;
        payment(&site, true, "x").await;
        payment(&site, false, "x").await;
        payment(&site, true, "x").await;
        let biller = site.browser(Role::Biller).await;
        let picked = [("id", "PAY-001"), ("id", "PAY-002"), ("back", "/payments?status=draft")];
        let ask = |step| [&picked[..], &[("do", step)]].concat();
        let seen = format!("/payments/picked?{}", encoded(&ask("cancel")));
        let page = biller.open(&seen).await;
        let refused = "It is Pending; only drafts are cancelled here.";
        page.shows(200, &["Cancel 1 draft", refused, "href=\"/payments?status=draft\""]);
        biller.get("/payments/PAY-001").await.shows(200, &["Draft"]);
        let page = biller.post("/payments/picked", &ask("cancel")).await;
        page.shows(200, &["1 of 2 done", "The draft was cancelled.", refused]);
        let again = biller.post("/payments/picked", &ask("cancel")).await;
        again.shows(200, &["1 of 2 done", "It is cancelled already.", refused]);
        let list = biller.get("/payments?status=draft").await;
        list.shows(200, &["PAY-003"]).lacks(&["PAY-001", "PAY-002"]);
        let nothing = biller.open("/payments/picked?do=cancel&back=").await;
        nothing.shows(422, &["Pick 1 to 200 payments in the list first."]);
        let nothing = biller.post("/payments/picked", &[("do", "cancel"), ("back", "")]).await;
        nothing.shows(422, &["Pick 1 to 200 payments in the list first."]);
        let front = site.browser(Role::FrontDesk).await;
        front.post("/payments/picked", &ask("cancel")).await.shows(403, &[]);
        assert_eq!(front.open(&seen).await.status.as_u16(), 403);
        front.get("/payments").await.shows(200, &[]).lacks(&["Cancel drafts"]);
    }

    async fn links_are_not_sent_without_a_mail_server(db) {
        let site = Site::new(db).await;
        payment(&site, false, "x").await;
        let front = site.browser(Role::FrontDesk).await;
        front.get("/payments").await.shows(200, &[]).lacks(&["Send links"]);
        let sent = [("id", "PAY-001"), ("do", "send")];
        let page = front.post("/payments/picked", &sent).await;
        page.shows(422, &["No mail server is set up."]);
    }

    async fn ranges_are_said_in_words(db) {
        let site = Site::new(db).await;
        payment(&site, false, "x").await;
        let due = site.payment(None, Some("2026-03-20".parse().unwrap())).await;
        let later = site.payment(None, Some("2026-04-02".parse().unwrap())).await;
        let biller = site.browser(Role::Biller).await;
        let all = ["PAY-001".to_owned(), due.to_string(), later.to_string()];
        for (asked, chip, listed) in [
            ("due=today", "Due today", [false, false, false]),
            ("due=next_7_days", "Due next 7 days", [false, false, false]),
            ("due=this_month", "Due this month", [false, true, false]),
            ("due=next_month", "Due next month", [false, false, true]),
            ("due=none", "No due date", [true, false, false]),
            ("created=today", "Created today", [true, true, true]),
            ("created=yesterday", "Created yesterday", [false, false, false]),
            ("created=last_7_days", "Created last 7 days", [true, true, true]),
            ("created=this_year", "Created this year", [true, true, true]),
            ("paid=this_month", "Paid this month", [false, false, false]),
            ("due=this_month&due_from=2027-01-01", "Due this month", [false, true, false]),
        ] {
            let page = biller.get(&format!("/payments?{asked}")).await;
            page.shows(200, &[&format!("Remove filter: </span>{chip}"), "selected"]);
            page.lacks(&["value=\"2027-01-01\""]);
            let file = biller.get(&format!("/payments/export.csv?{asked}")).await.text();
            for (id, is_listed) in all.iter().zip(listed) {
                let row = format!("<a href=\"/payments/{id}\">");
                assert_eq!(page.text().contains(&row), is_listed, "{asked} {id}");
                assert_eq!(file.contains(&format!("\r\n{id},")), is_listed, "{asked} {id}");
            }
        }
        assert_eq!(audited(&site, "export_began", "no due date").await, 1);
        let odd = "due=last_month";
        biller.get(&format!("/payments?{odd}")).await.shows(200, &["Choose one of the ranges"]);
        biller.get(&format!("/payments/export.csv?{odd}")).await.shows(422, &[]);
        let list = "/payments?due=next_7_days&created=this_month";
        let sent = [("name", "Soon"), ("list", list)];
        assert_eq!(biller.post("/payments/views", &sent).await.to(), list);
    }

    async fn a_list_is_kept_under_a_name(db) {
        let site = Site::new(db).await;
        payment(&site, false, "x").await;
        let biller = site.browser(Role::Biller).await;
        let list = "/payments?status=failed&paid=this_month&sort=amount&dir=asc&after=1.2.3";
        let kept = "/payments?status=failed&paid=this_month&sort=amount&dir=asc";
        let page = biller.get(&list.replace("/payments", "/payments/views")).await;
        assert_eq!(page.hidden("list"), kept.replace('&', "&#38;"));
        let sent = [("name", HARD_NAME), ("list", list)];
        assert_eq!(biller.post("/payments/views", &sent).await.to(), kept);
        let page = biller.get(kept).await;
        page.shows(200, &[&format!("aria-current=\"page\">{HARD_NAME_SHOWN}</a>")]);
        site.browser(Role::Manager).await.get(kept).await.lacks(&[HARD_NAME_SHOWN]);
        // The same name stands for another list then.
        let other = [("name", HARD_NAME), ("list", "/payments?q=spec")];
        biller.post("/payments/views", &other).await.to();
        biller.get(kept).await.lacks(&[&format!("aria-current=\"page\">{HARD_NAME_SHOWN}</a>")]);
        let page = biller.get("/payments/views").await;
        page.shows(200, &["href=\"/payments?q=spec\"", HARD_NAME_SHOWN]);
        for (name, fault) in [("", "Enter a name."), (&*"x".repeat(41), "at most 40 letters")] {
            let reply = biller.post("/payments/views", &[("name", name), ("list", list)]).await;
            reply.shows(422, &[fault, &format!("name=\"name\" type=\"text\" value=\"{name}\"")]);
            assert_eq!(reply.hidden("list"), kept.replace('&', "&#38;"));
        }
        for _ in 0..2 {
            let removed = biller.post("/payments/views/remove", &[("name", HARD_NAME)]).await;
            assert_eq!(removed.to(), "/payments/views");
        }
        biller.get("/payments").await.lacks(&[HARD_NAME_SHOWN]);
    }

    async fn a_member_keeps_a_bounded_number_of_lists(db) {
        let site = Site::new(db).await;
        let biller = site.browser(Role::Biller).await;
        for number in 1..=20 {
            let name = format!("View {number}");
            biller.post("/payments/views", &[("name", &name), ("list", "/payments")]).await.to();
        }
        let more = biller.post("/payments/views", &[("name", "More"), ("list", "/payments")]).await;
        more.shows(422, &["You have 20 views. Remove one first."]);
        let known = [("name", "View 7"), ("list", "/payments")];
        let same = biller.post("/payments/views", &known).await;
        assert_eq!(same.to(), "/payments");
        let long = format!("/payments?q={}", escaped(&"é".repeat(600)));
        let long = biller.post("/payments/views", &[("name", "View 7"), ("list", &long)]).await;
        long.shows(422, &["narrowed by too much"]);
    }

    async fn each_member_has_columns_of_their_own(db) {
        let site = Site::new(db).await;
        payment(&site, false, "a memo of the test").await;
        let biller = site.browser(Role::Biller).await;
        let usual = ["Due Date</a>", ">Treatment</th>", "Created</a>", "a memo of the test"];
        let columns = [">Payment Type</th>", ">Location</th>", ">Paid</th>", "rows compact"];
        biller.get("/payments").await.shows(200, &usual).lacks(&columns);
        let chosen = [
            ("column", "location"),
            ("column", "paid"),
            ("column", "tea"),
            ("compact", "1"),
            ("back", "/payments?status=pending"),
        ];
        assert_eq!(biller.post("/payments/look", &chosen).await.to(), "/payments?status=pending");
        let page = biller.get("/payments").await;
        page.shows(200, &[">Location</th>", ">Paid</th>", "rows compact", "Downtown Clinic"]);
        page.lacks(&usual).lacks(&[">Payment Type</th>"]);
        site.browser(Role::Manager).await.get("/payments").await.shows(200, &usual);
        let away = [("back", "https://example.org/payments")];
        assert_eq!(biller.post("/payments/look", &away).await.to(), "/payments");
        biller.get("/payments").await.shows(200, &["PAY-001"]).lacks(&usual).lacks(&columns);
    }
}
