//! Patients who were entered twice: the list, both records side by side, and the merge.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::site::{Browser, HARD_NAME, HARD_NAME_SHOWN, Site};

/// Ben, entered once more with other things known of him.
const TWIN: [(&str, &str); 9] = [
    ("key", "0123456789abcdef"),
    ("first_name", "BEN"),
    ("last_name", "Specimen"),
    ("date_of_birth", "1975-07-04"),
    ("mrn", "MRN-12345"),
    ("phone", "555-010-0199"),
    ("primary_payer", "Other Health"),
    ("primary_member_id", "M-77"),
    ("somebody_else", "1"),
];

/// What the form of a merge sends as it stands.
async fn merging<'a>(
    manager: &Browser<'_>,
    fields: &[(&'a str, &'a str)],
) -> Vec<(&'a str, String)> {
    let page = manager.open("/patients/PAT-002/merge?with=PAT-003").await;
    let mut sent: Vec<(&str, String)> = ["key", "other", "kept_version", "other_version"]
        .into_iter()
        .map(|name| (name, page.hidden(name)))
        .collect();
    sent.extend(fields.iter().map(|&(name, value)| (name, value.to_owned())));
    sent
}

fn as_sent<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

on_both_engines! {
    async fn a_pair_is_compared_and_merged(db) {
        let site = Site::new(db).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let manager = site.browser(Role::Manager).await;
        let told = ["may be the same person: name, date of birth alike", "somebody_else"];
        desk.post("/patients", &TWIN[..8]).await.shows(409, &told).shows(409, &["MRN-12345"]);
        manager.get("/patients").await.shows(200, &[]).lacks(&["/patients/duplicates"]);
        manager.open("/patients/duplicates").await.shows(200, &["No duplicates"]);
        assert_eq!(desk.post("/patients", &TWIN).await.to(), "/patients/PAT-003");
        let told = ["may be the same person: name, date of birth alike"];
        desk.get("/patients/PAT-003").await.shows(200, &told).lacks(&["/merge"]);
        desk.get("/patients").await.shows(200, &[]).lacks(&["/patients/duplicates"]);
        manager.get("/patients").await.shows(200, &["href=\"/patients/duplicates\""]);
        let list = manager.open("/patients/duplicates").await;
        list.shows(200, &["PAT-002", "PAT-003", "Alike: name, date of birth", "MRN MRN-12345"]);

        let page = manager.open("/patients/PAT-002/merge?with=mrn-12345").await;
        page.shows(422, &["No patient has this number"]);
        let page = manager.open("/patients/PAT-002/merge?with=MRN-12345").await;
        page.shows(200, &["Merge PAT-003 into PAT-002", "Other Health, member M-77"]);
        page.shows(200, &["PAT-002/merge", "Keep PAT-003 instead", "Nothing else belongs"]);
        let chosen = [("mrn", "other"), ("phone", "other"), ("primary", "other-0")];
        let fields = merging(&manager, &chosen).await;
        let merged = manager.post("/patients/PAT-002/merge", &as_sent(&fields)).await;
        assert_eq!(merged.to(), "/patients/PAT-002");
        let again = manager.post("/patients/PAT-002/merge", &as_sent(&fields)).await;
        assert_eq!(again.to(), "/patients/PAT-002", "sent twice");
        let page = manager.get("/patients/PAT-002").await;
        page.shows(200, &["Ben Specimen", "MRN-12345", "555-010-0199", "M-77"]);
        page.shows(200, &["PAT-003: BEN Specimen, born Jul 4, 1975, merged on"]);
        page.lacks(&["may be the same person"]);
        for old in ["/patients/PAT-003", "/patients/PAT-003?x=1"] {
            assert_eq!(desk.get(old).await.to(), "/patients/PAT-002");
        }
        assert_eq!(desk.get("/patients?q=PAT-003").await.to(), "/patients/PAT-002");
        let back = manager.get("/patients/PAT-002/merge?with=PAT-003").await;
        assert_eq!(back.to(), "/patients/PAT-002", "the page before, opened again");
        assert_eq!(desk.get("/patients/PAT-003/edit").await.to(), "/patients/PAT-002/edit");
        let stranger = site.browser_of(&site.other, Role::Manager).await;
        assert_eq!(stranger.open("/patients/PAT-003").await.status.as_u16(), 404);
    }

    async fn what_changed_meanwhile_is_shown_again(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let manager = site.browser(Role::Manager).await;
        desk.post("/patients", &TWIN).await.to();
        let chosen = [("last_name", "other"), ("primary", "other-0")];
        let fields = merging(&manager, &chosen).await;
        let edit = desk.open("/patients/PAT-003/edit").await;
        let mut renamed = TWIN.to_vec();
        renamed.retain(|field| field.0 != "last_name");
        let version = edit.hidden("version");
        renamed.extend([("last_name", HARD_NAME), ("version", &*version)]);
        assert_eq!(desk.post("/patients/PAT-003/edit", &renamed).await.to(), "/patients/PAT-003");
        let late = manager.post("/patients/PAT-002/merge", &as_sent(&fields)).await;
        late.shows(409, &["was changed meanwhile", HARD_NAME_SHOWN]);
        assert_eq!(late.hidden("other_version"), "2", "the next press is of what is seen now");
        let marked = "name=\"last_name\" value=\"other\" checked";
        late.shows(409, &[marked, "value=\"other-0\" selected"]);
        let twice = merging(&manager, &[("primary", "kept-0"), ("secondary", "kept-0")]).await;
        let twice = manager.post("/patients/PAT-002/merge", &as_sent(&twice)).await;
        twice.shows(422, &["This is the primary coverage already"]);
        let odd = merging(&manager, &[("primary", "kept-99999999999999999999")]).await;
        let odd = manager.post("/patients/PAT-002/merge", &as_sent(&odd)).await;
        odd.shows(422, &["Choose from the list"]);
    }

    async fn two_people_are_kept_apart(db) {
        let site = Site::new(db).await;
        let manager = site.browser(Role::Manager).await;
        manager.post("/patients", &TWIN).await.to();
        let pair = [("key", "k"), ("one", "PAT-002"), ("other", "PAT-003")];
        let apart = manager.post("/patients/duplicates/apart", &pair).await;
        assert_eq!(apart.to(), "/patients/duplicates");
        manager.get("/patients/duplicates").await.shows(200, &["No duplicates"]);
        manager.get("/patients/PAT-003").await.shows(200, &[]).lacks(&["may be the same person"]);
        let same = manager.get("/patients/PAT-003/merge?with=PAT-003").await;
        same.shows(422, &["This is the same patient"]);
        manager.get("/patients/PAT-003/merge?with=PAT-002").await.shows(200, &["Merge PAT-002"]);
    }
}
