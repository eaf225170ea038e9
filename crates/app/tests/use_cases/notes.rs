//! Notes: written, edited for a short time by their author, and never lost.

use almoner_app::add_note::{AddNote, add_note};
use almoner_app::edit_note::{EditNote, edit_note, is_editable};
use almoner_app::{Actor, Error, read};
use almoner_domain::PaymentId;
use almoner_domain::role::Role;
use almoner_store::notes::Note;
use almoner_store::on_both_engines;
use jiff::SignedDuration;

use crate::common::{Clinic, fault};

async fn note(clinic: &Clinic, actor: &Actor, payment: PaymentId, body: &str) -> i64 {
    let input = AddNote { payment, body: body.to_owned(), key: None };
    add_note(&clinic.app, actor, input).await.unwrap()
}

async fn notes(clinic: &Clinic, payment: PaymentId) -> Vec<Note> {
    read::payment(&clinic.app, &clinic.manager(), payment).await.unwrap().notes
}

fn edit((payment, number): (PaymentId, i64), version: i64, body: &str) -> EditNote {
    EditNote { payment, number, version, body: body.to_owned() }
}

on_both_engines! {
    async fn an_author_edits_a_note_and_what_it_said_is_kept(db) {
        let clinic = Clinic::new(db).await;
        let (app, desk) = (&clinic.app, clinic.staff(Role::FrontDesk));
        let paid = clinic.paid(700, "cash").await;
        let other = note(&clinic, &desk, paid, "Another note.").await;
        let one = note(&clinic, &desk, paid, "First.").await;
        clinic.pass(SignedDuration::from_mins(5));
        edit_note(app, &desk, edit((paid, one), 1, " Second.\r\nLine. ")).await.unwrap();
        clinic.pass(SignedDuration::from_mins(5));
        for _ in 0..2 {
            edit_note(app, &desk, edit((paid, one), 2, "Third.")).await.unwrap();
        }
        let found = notes(&clinic, paid).await;
        assert_eq!((found[0].number, &*found[0].body, found[0].version), (one, "Third.", 3));
        let earlier: Vec<&str> = found[0].earlier.iter().map(|text| &*text.body).collect();
        assert_eq!(earlier, ["Second.\nLine.", "First."]);
        let written = found[0].created_at;
        assert_eq!(found[0].earlier[1].written_at, written);
        assert_eq!(found[0].earlier[0].written_at, written + SignedDuration::from_mins(5));
        assert_eq!(found[0].edited_at, Some(written + SignedDuration::from_mins(10)));
        assert_eq!((found[1].number, found[1].earlier.len()), (other, 0));
        let history = read::payment(app, &desk, paid).await.unwrap().history;
        let edits = history.iter().filter(|named| named.event.action == "note_edited").count();
        assert_eq!(edits, 2);
        clinic.verified().await;
    }

    async fn others_and_the_late_do_not_edit(db) {
        let clinic = Clinic::new(db).await;
        let (app, desk) = (&clinic.app, clinic.staff(Role::FrontDesk));
        let payment = clinic.pending(700).await;
        let one = (payment, note(&clinic, &desk, payment, "First.").await);
        let late = ("note".to_owned(), "too_late".to_owned());
        let manager = clinic.manager();
        assert_eq!(fault(edit_note(app, &manager, edit(one, 1, "Mine.")).await), late);
        let told = fault(edit_note(app, &desk, edit(one, 1, " ")).await);
        assert_eq!(told, ("note".to_owned(), "required".to_owned()));
        let stale = edit_note(app, &desk, edit(one, 7, "Other.")).await;
        assert!(matches!(stale, Err(Error::Stale { current: 1 })), "{stale:?}");
        let missing = edit_note(app, &desk, edit((payment, 99), 1, "x")).await;
        assert!(matches!(missing, Err(Error::NotFound("note"))), "{missing:?}");
        clinic.pass(SignedDuration::from_mins(15));
        edit_note(app, &desk, edit(one, 1, "In time.")).await.unwrap();
        assert!(is_editable(&desk, &notes(&clinic, payment).await[0], app.now()));
        clinic.pass(SignedDuration::from_millis(1));
        assert_eq!(fault(edit_note(app, &desk, edit(one, 2, "Late.")).await), late);
        let found = notes(&clinic, payment).await;
        assert!(!is_editable(&desk, &found[0], app.now()));
        assert_eq!(found[0].body, "In time.");
    }

    async fn of_two_edits_at_once_one_is_told_that_it_is_late(db) {
        let clinic = Clinic::new(db).await;
        let desk = clinic.staff(Role::FrontDesk);
        let payment = clinic.pending(700).await;
        let one = (payment, note(&clinic, &desk, payment, "First.").await);
        let edits = (0..16).map(|number| {
            let (app, desk) = (clinic.app.clone(), desk.clone());
            let input = edit(one, 1, &format!("Text {number}."));
            tokio::spawn(async move { edit_note(&app, &desk, input).await })
        });
        let mut done = 0;
        for edited in edits.collect::<Vec<_>>() {
            match edited.await.unwrap() {
                Ok(()) => done += 1,
                Err(Error::Stale { current: 2 }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(done, 1);
        let found = notes(&clinic, payment).await;
        assert_eq!((found[0].version, found[0].earlier.len()), (2, 1));
    }
}
