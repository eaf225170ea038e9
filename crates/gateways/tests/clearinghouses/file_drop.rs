//! The file drop on a real disk: nothing half-written, nothing lost, nothing followed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use almoner_domain::ambient::SetClock;
use almoner_gateways::clearinghouse::file_drop::{
    FileDrop, MAX_DELIVERY_BYTES, MAX_OUTBOX_FILES, MAX_QUESTION_BYTES, SETTLE_SECONDS,
};
use almoner_gateways::clearinghouse::{
    Clearinghouse as _, ClearinghouseError, Delivery, Partners, Question, Reply,
};
use almoner_gateways::testing::partners;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

const ANSWER: &[u8] = b"ISA*00*SAMPLE~IEA*1*000000001~";

/// A folder with its exchange and a clock that stands still.
struct Desk {
    folder: TempDir,
    clock: Arc<SetClock>,
    now: Timestamp,
    exchange: FileDrop,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now: Timestamp = "2026-03-02T14:15:30Z".parse().expect("a time");
        let clock = Arc::new(SetClock::at(now));
        let exchange = open(folder.path(), &clock);
        Self { folder, clock, now, exchange }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("exchange").join(name)
    }

    /// The names in one of the folders, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("the folder can be listed");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Puts a file in the inbox as a carrier does.
    fn arrive(&self, name: &str, content: &[u8]) {
        fs::create_dir_all(self.path("inbox")).expect("the inbox can be made");
        fs::write(self.path("inbox").join(name), content).expect("the file can be written");
    }

    /// Lets the time pass that a file must lie still.
    fn wait(&mut self) {
        self.now += SignedDuration::from_secs(SETTLE_SECONDS);
        self.clock.set(self.now);
    }

    async fn look(&self) -> Vec<Delivery> {
        self.exchange.waiting(100).await.expect("the inbox can be read")
    }

    /// Looks twice, with time enough between.
    async fn settle(&mut self) -> Vec<Delivery> {
        self.look().await;
        self.wait();
        self.look().await
    }

    async fn ask(&self, reference: &str, text: &str) -> Result<Reply, ClearinghouseError> {
        self.exchange.ask(Question { reference, text }).await
    }
}

fn open(folder: &Path, clock: &Arc<SetClock>) -> FileDrop {
    let clock: Arc<SetClock> = Arc::clone(clock);
    FileDrop::new(folder.join("exchange"), Partners::default(), clock)
}

fn names(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| &*delivery.name).collect()
}

#[tokio::test]
async fn a_question_goes_to_the_outbox_whole() {
    let desk = Desk::new();
    assert_eq!(desk.ask("ALM-42", "ISA*1~").await, Ok(Reply::Later));
    assert_eq!(desk.names("outbox"), ["ALM-42.270"]);
    assert_eq!(fs::read(desk.path("outbox/ALM-42.270")).unwrap(), b"ISA*1~");
    assert_eq!(desk.ask("ALM-42", "ISA*1~").await, Ok(Reply::Later));
    assert_eq!(desk.names("outbox"), ["ALM-42.270"]);
    assert!(!desk.exchange.is_test());
}

#[tokio::test]
async fn without_ids_it_only_picks_answers_up() {
    let desk = Desk::new();
    assert!(!desk.exchange.is_set_up());
    let clock: Arc<SetClock> = Arc::clone(&desk.clock);
    let with_ids = FileDrop::new(desk.folder.path(), partners(), clock);
    assert!(with_ids.is_set_up());
    assert_eq!(with_ids.partners(), partners());
}

#[tokio::test]
async fn sixteen_at_once_leave_one_whole_file() {
    let desk = Desk::new();
    let texts: Vec<String> =
        (0..16).map(|number| char::from(b'A' + number).to_string().repeat(60_000)).collect();
    // Two programs share the folder, each with eight questions at once.
    let programs = [(); 2].map(|()| Arc::new(open(desk.folder.path(), &desk.clock)));
    let mut asking = tokio::task::JoinSet::new();
    for (number, text) in texts.iter().cloned().enumerate() {
        let program = Arc::clone(&programs[number % 2]);
        asking
            .spawn(async move { program.ask(Question { reference: "ALM-1", text: &text }).await });
    }
    let mut taken = 0;
    while let Some(asked) = asking.join_next().await {
        // A program that starts may sweep the other's draft away; that question is asked again.
        match asked.expect("no task fails") {
            Ok(reply) => {
                assert_eq!(reply, Reply::Later);
                taken += 1;
            }
            Err(error) => assert!(matches!(error, ClearinghouseError::NotTaken(_)), "{error}"),
        }
    }
    assert!(taken > 0);
    assert_eq!(desk.names("outbox"), ["ALM-1.270"]);
    let text = fs::read_to_string(desk.path("outbox/ALM-1.270")).unwrap();
    assert!(texts.contains(&text), "one of them, whole");
}

#[tokio::test]
async fn what_is_no_file_name_or_too_long_is_refused() {
    let desk = Desk::new();
    for reference in ["", "../x", "a/b", "a b", "a.270", "ü", &"A".repeat(65)] {
        let answer = desk.ask(reference, "ISA").await;
        assert!(matches!(answer, Err(ClearinghouseError::Refused(_))), "{reference}: {answer:?}");
    }
    let long = "A".repeat(MAX_QUESTION_BYTES + 1);
    assert!(matches!(desk.ask("A", &long).await, Err(ClearinghouseError::Refused(_))));
    assert_eq!(desk.names("outbox"), Vec::<String>::new());
}

#[tokio::test]
async fn an_outbox_that_nobody_empties_takes_no_more() {
    let desk = Desk::new();
    assert_eq!(desk.ask("ALM-1", "ISA").await, Ok(Reply::Later));
    for number in 1..MAX_OUTBOX_FILES {
        fs::File::create(desk.path("outbox").join(format!("x{number}"))).unwrap();
    }
    let answer = desk.ask("ALM-2", "ISA").await;
    assert!(matches!(answer, Err(ClearinghouseError::NotTaken(_))), "{answer:?}");
    fs::remove_file(desk.path("outbox/x1")).unwrap();
    assert_eq!(desk.ask("ALM-2", "ISA").await, Ok(Reply::Later));
}

#[tokio::test]
async fn a_crash_while_writing_leaves_nothing_that_looks_like_a_question() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("outbox")).unwrap();
    fs::write(desk.path("outbox/ALM-9.0.part"), "ISA*hal").unwrap();
    fs::create_dir(desk.path("outbox/folder.part")).unwrap();
    assert_eq!(desk.ask("ALM-9", "ISA*whole~").await, Ok(Reply::Later));
    assert_eq!(desk.names("outbox"), ["ALM-9.270", "folder.part"]);
    assert_eq!(fs::read(desk.path("outbox/ALM-9.270")).unwrap(), b"ISA*whole~");
}

#[tokio::test]
async fn a_place_that_is_taken_by_a_folder_is_told() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("outbox/ALM-1.270/x")).unwrap();
    let answer = desk.ask("ALM-1", "ISA").await;
    assert!(matches!(answer, Err(ClearinghouseError::NotTaken(_))), "{answer:?}");
    assert_eq!(desk.names("outbox"), ["ALM-1.270"], "no draft stays");
    fs::write(desk.folder.path().join("file"), "").unwrap();
    let nowhere = FileDrop::new(
        desk.folder.path().join("file"),
        Partners::default(),
        Arc::<SetClock>::clone(&desk.clock),
    );
    let answer = nowhere.ask(Question { reference: "A", text: "ISA" }).await;
    assert!(matches!(answer, Err(ClearinghouseError::NotTaken(_))), "{answer:?}");
    assert!(matches!(nowhere.waiting(1).await, Err(ClearinghouseError::NoAnswer(_))));
    assert!(matches!(nowhere.taken("a").await, Err(ClearinghouseError::NoAnswer(_))));
}

#[tokio::test]
async fn an_answer_is_picked_up_once_it_lies_still() {
    let mut desk = Desk::new();
    desk.arrive("a.271", &ANSWER[..5]);
    assert_eq!(desk.look().await, []);
    desk.wait();
    desk.arrive("a.271", ANSWER);
    assert_eq!(desk.look().await, [], "it grew since");
    assert_eq!(desk.look().await, [], "no time passed");
    desk.wait();
    let found = desk.look().await;
    assert_eq!(found, [Delivery { name: "a.271".into(), content: ANSWER.to_vec() }]);
    assert_eq!(desk.look().await, found, "until it is taken, it is there");
    desk.exchange.taken("a.271").await.unwrap();
    desk.exchange.taken("a.271").await.unwrap();
    assert_eq!(desk.look().await, []);
    assert_eq!(desk.names("inbox"), Vec::<String>::new());
    assert_eq!(desk.names("done"), ["20260302T141540Z-1-a.271"]);
    assert_eq!(fs::read(desk.path("done/20260302T141540Z-1-a.271")).unwrap(), ANSWER);
}

#[tokio::test]
async fn nothing_in_done_is_overwritten() {
    let mut desk = Desk::new();
    for content in [b"first", b"later", b"again"] {
        desk.arrive("answer", content);
        assert_eq!(desk.settle().await.len(), 1);
        desk.clock.set("2026-03-02T15:00:00Z".parse().unwrap());
        desk.exchange.taken("answer").await.unwrap();
        desk.clock.set(desk.now);
    }
    // Each was put away at the same second.
    let names = desk.names("done");
    assert_eq!(names.len(), 3, "{names:?}");
    let contents: Vec<_> =
        names.iter().map(|name| fs::read(desk.path("done").join(name)).unwrap()).collect();
    assert_eq!(contents, [b"first", b"later", b"again"]);
}

#[tokio::test]
async fn what_changed_after_it_was_handed_over_stays() {
    let mut desk = Desk::new();
    desk.arrive("a.271", b"ISA*hal");
    assert_eq!(desk.settle().await.len(), 1);
    desk.arrive("a.271", ANSWER);
    desk.exchange.taken("a.271").await.unwrap();
    assert_eq!(desk.names("inbox"), ["a.271"]);
    let found = desk.settle().await;
    assert_eq!(found[0].content, ANSWER);
    desk.exchange.taken("a.271").await.unwrap();
    assert_eq!(desk.names("inbox"), Vec::<String>::new());
}

#[tokio::test]
async fn after_a_crash_an_answer_is_delivered_again() {
    let mut desk = Desk::new();
    desk.arrive("a.271", ANSWER);
    assert_eq!(desk.settle().await.len(), 1);
    desk.exchange = open(desk.folder.path(), &desk.clock);
    // The crash came between taking the name in `done` and moving the file there.
    fs::write(desk.path("done/20260302T141540Z-1-a.271"), "").unwrap();
    desk.exchange.taken("a.271").await.unwrap();
    assert_eq!(desk.names("inbox"), ["a.271"], "this program has not handed it over");
    assert_eq!(desk.settle().await.len(), 1);
    desk.exchange.taken("a.271").await.unwrap();
    let place = desk.path("done").join(&desk.names("done")[1]);
    assert_eq!(fs::read(place).unwrap(), ANSWER);
}

#[tokio::test]
async fn two_programs_that_share_the_folder_lose_and_double_nothing() {
    let mut desk = Desk::new();
    for number in 0..20 {
        desk.arrive(&format!("{number:02}.271"), ANSWER);
    }
    let other = open(desk.folder.path(), &desk.clock);
    other.waiting(100).await.unwrap();
    let mine = desk.settle().await;
    let theirs = other.waiting(100).await.unwrap();
    assert_eq!((mine.len(), &mine), (20, &theirs));
    let exchanges = [Arc::new(desk.exchange), Arc::new(other)];
    let mut taking = tokio::task::JoinSet::new();
    for (exchange, delivery) in
        exchanges.iter().flat_map(|exchange| mine.iter().map(move |one| (exchange, one)))
    {
        let (exchange, name) = (Arc::clone(exchange), delivery.name.clone());
        taking.spawn(async move { exchange.taken(&name).await });
    }
    while let Some(taken) = taking.join_next().await {
        assert_eq!(taken.expect("no task fails"), Ok(()));
    }
    let kept = desk.folder.path().join("exchange/done");
    let files: Vec<_> = fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 20);
    assert!(files.iter().all(|path| fs::read(path).unwrap() == ANSWER));
}

#[tokio::test]
async fn odd_names_are_picked_up_and_unfinished_ones_are_not() {
    let mut desk = Desk::new();
    let odd = ["a b.271", "Søn & Co%2f.271", "-rf", "%61", "a;b|c\n\"'.271", &"n".repeat(250)];
    for name in odd {
        desk.arrive(name, ANSWER);
    }
    for name in [".a.271", "b.part", "c.271.filepart", "d.TMP"] {
        desk.arrive(name, ANSWER);
    }
    desk.arrive("empty.271", b"");
    let found = desk.settle().await;
    assert_eq!(found.len(), odd.len(), "{:?}", names(&found));
    for delivery in &found {
        desk.exchange.taken(&delivery.name).await.unwrap();
    }
    assert_eq!(desk.names("inbox"), [".a.271", "b.part", "c.271.filepart", "d.TMP", "empty.271"]);
    assert_eq!(desk.names("done").len(), odd.len());
}

#[tokio::test]
async fn names_that_are_paths_move_nothing() {
    let mut desk = Desk::new();
    desk.arrive("a.271", ANSWER);
    fs::write(desk.path("secret"), "x").unwrap();
    assert_eq!(desk.settle().await.len(), 1);
    for name in ["../secret", "..", ".", "", "/etc/hostname", "%2e%2e%2fsecret", "inbox/a.271"] {
        desk.exchange.taken(name).await.unwrap();
    }
    assert!(desk.path("secret").exists());
    assert_eq!(desk.names("inbox"), ["a.271"]);
}

#[cfg(unix)]
#[tokio::test]
async fn links_folders_and_names_of_any_bytes_are_safe() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut desk = Desk::new();
    desk.arrive("a.271", ANSWER);
    fs::write(desk.path("secret"), "not for the inbox").unwrap();
    std::os::unix::fs::symlink(desk.path("secret"), desk.path("inbox/link.271")).unwrap();
    std::os::unix::fs::symlink("/nowhere", desk.path("inbox/dangling.271")).unwrap();
    std::os::unix::fs::symlink(desk.path("inbox"), desk.path("inbox/loop")).unwrap();
    fs::create_dir(desk.path("inbox/folder.271")).unwrap();
    fs::write(desk.path("inbox/folder.271/b.271"), ANSWER).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(desk.path("inbox/s.271")).unwrap();
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe.271");
    fs::write(desk.path("inbox").join(bytes), ANSWER).unwrap();
    let found = desk.settle().await;
    let mut found_names = names(&found);
    found_names.sort_unstable();
    assert_eq!(found_names, ["%ff%fe.271", "a.271"]);
    for delivery in &found {
        desk.exchange.taken(&delivery.name).await.unwrap();
    }
    desk.exchange.taken("link.271").await.unwrap();
    drop(socket);
    let left = ["dangling.271", "folder.271", "link.271", "loop", "s.271"];
    assert_eq!(desk.names("inbox"), left);
    assert_eq!(fs::read(desk.path("secret")).unwrap(), b"not for the inbox");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_put_in_an_answers_place_is_not_followed() {
    let mut desk = Desk::new();
    desk.arrive("a.271", ANSWER);
    desk.look().await;
    desk.wait();
    fs::remove_file(desk.path("inbox/a.271")).unwrap();
    fs::write(desk.path("secret"), ANSWER).unwrap();
    std::os::unix::fs::symlink(desk.path("secret"), desk.path("inbox/a.271")).unwrap();
    assert_eq!(desk.settle().await, []);
}

#[tokio::test]
async fn large_files_stay_and_many_are_bounded() {
    let mut desk = Desk::new();
    desk.arrive("large.271", b"");
    let large = fs::OpenOptions::new().write(true).open(desk.path("inbox/large.271")).unwrap();
    large.set_len(MAX_DELIVERY_BYTES + 1).unwrap();
    for number in 0..30 {
        desk.arrive(&format!("{number:02}.271"), ANSWER);
    }
    desk.look().await;
    desk.wait();
    let first = desk.exchange.waiting(10).await.unwrap();
    assert_eq!(first.len(), 10);
    // Nobody takes the first ten; the others come before them.
    let second = desk.exchange.waiting(20).await.unwrap();
    assert!(second.iter().all(|delivery| !names(&first).contains(&&*delivery.name)));
    assert_eq!(desk.exchange.waiting(100).await.unwrap().len(), 30);
    assert_eq!(desk.exchange.waiting(0).await.unwrap(), []);
    assert!(desk.path("inbox/large.271").exists());
}

#[tokio::test]
async fn what_one_look_hands_over_is_bounded_in_bytes() {
    let mut desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.arrive(name, b"x");
        let file = fs::OpenOptions::new().write(true).open(desk.path("inbox").join(name));
        file.unwrap().set_len(MAX_DELIVERY_BYTES).unwrap();
    }
    assert_eq!(desk.settle().await.len(), 2);
    assert_eq!(desk.look().await.len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_read_holds_up_no_other() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut desk = Desk::new();
    desk.arrive("closed.271", ANSWER);
    desk.arrive("open.271", ANSWER);
    let closed = desk.path("inbox/closed.271");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read(&closed).is_ok();
    let found = desk.settle().await;
    // Root may read everything, and then gets both.
    assert_eq!(found.len(), if is_root { 2 } else { 1 }, "{:?}", names(&found));
    assert!(names(&found).contains(&"open.271"));
}
