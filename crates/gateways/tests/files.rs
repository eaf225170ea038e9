//! The store of documents, in a folder and in a bucket of a real S3 server.
//!
//! `ALMONER_TEST_S3` names the server, such as `http://127.0.0.1:5000`, with a bucket
//! `almoner-tests` in it; the test command starts one.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use almoner_domain::OrganizationId;
use almoner_gateways::Secret;
use almoner_gateways::files::{Files, FilesError, PART_BYTES, S3Access};
use almoner_gateways::testing::{Fault, Watched};
use futures_util::StreamExt as _;

const ORG: OrganizationId = OrganizationId(7);
const OTHER: OrganizationId = OrganizationId(8);
const ID: [u8; 16] = [0xAB; 16];
/// Several parts, and a rest.
const LARGE_BYTES: usize = 64 * 1024 * 1024 + 1;
/// The longest piece that is handed out from a folder.
const MAX_PIECE_BYTES: usize = 64 * 1024;

/// A content that is never in memory, and knows how much of it was taken.
struct Endless {
    at: usize,
    taken: Arc<AtomicUsize>,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(LARGE_BYTES - self.at);
        for (place, byte) in (self.at..).zip(&mut into[..length]) {
            *byte = byte_at(place);
        }
        self.at += length;
        self.taken.fetch_add(length, Ordering::SeqCst);
        Ok(length)
    }
}

fn byte_at(place: usize) -> u8 {
    u8::try_from(place % 251).expect("it is less than 251")
}

fn endless() -> (Endless, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    (Endless { at: 0, taken: Arc::clone(&taken) }, taken)
}

/// Everything that a file holds, and its longest piece.
async fn whole(files: &Files, size: usize) -> Result<(Vec<u8>, usize), FilesError> {
    let mut pieces = files.get(ORG, &ID, size as u64).await?;
    let (mut found, mut longest) = (Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        longest = longest.max(piece.len());
        found.extend(piece);
    }
    Ok((found, longest))
}

/// What every store does.
async fn keeps_and_removes(files: &Files) {
    for size in [1, 1_000, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1] {
        let content: Vec<u8> = (0..size).map(byte_at).collect();
        files.put(ORG, &ID, io::Cursor::new(content.clone())).await.unwrap();
        assert!(whole(files, size).await.unwrap().0 == content, "{size}");
        assert_eq!(files.size(ORG, &ID).await.unwrap(), size as u64);
        let other = files.get(ORG, &ID, size as u64 + 1).await;
        assert!(matches!(other.map(drop), Err(FilesError::Changed)), "{size}");
    }
    for size in [1, PART_BYTES, PART_BYTES + 1] {
        let content = |byte: u8| io::Cursor::new(vec![byte; size]);
        assert!(!files.create(ORG, &ID, content(1)).await.unwrap(), "one is there");
        files.remove(ORG, &ID).await.unwrap();
        assert!(files.create(ORG, &ID, content(2)).await.unwrap());
        assert!(whole(files, size).await.unwrap().0 == vec![2; size]);
    }
    let foreign = files.get(OTHER, &ID, 1).await;
    assert!(matches!(foreign.map(drop), Err(FilesError::Missing)));
    files.remove(OTHER, &ID).await.unwrap();
    assert!(files.size(ORG, &ID).await.is_ok(), "another organization removes nothing of ours");
    for _ in 0..2 {
        files.remove(ORG, &ID).await.unwrap();
        assert!(matches!(files.size(ORG, &ID).await, Err(FilesError::Missing)));
    }
}

/// Of two who write to one place at once, one does.
async fn one_of_two_creates(files: &Files) {
    for size in [1, PART_BYTES, PART_BYTES + 1] {
        let content = |byte: u8| io::Cursor::new(vec![byte; size]);
        let (one, other) = (content(1), content(2));
        let both = tokio::join!(files.create(ORG, &ID, one), files.create(ORG, &ID, other));
        let (one, other) = (both.0.unwrap(), both.1.unwrap());
        assert!(one != other, "{size}");
        assert!(whole(files, size).await.unwrap().0 == vec![if one { 1 } else { 2 }; size]);
        files.remove(ORG, &ID).await.unwrap();
    }
}

/// Writes and reads what is much larger than what may be in memory.
async fn keeps_what_is_large(files: &Files, max_piece_bytes: usize) {
    let (content, taken) = endless();
    files.put(ORG, &ID, content).await.unwrap();
    assert_eq!(taken.load(Ordering::SeqCst), LARGE_BYTES);
    let mut pieces = files.get(ORG, &ID, LARGE_BYTES as u64).await.unwrap();
    let mut read = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        assert!(piece.len() <= max_piece_bytes, "{}", piece.len());
        assert!((read..).zip(&piece).all(|(place, &byte)| byte == byte_at(place)));
        read += piece.len();
    }
    assert_eq!(read, LARGE_BYTES);
    files.remove(ORG, &ID).await.unwrap();
}

fn folder(make: bool) -> (tempfile::TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("file://{}", folder.path().join("a/b").display());
    let files = Files::open(&address, &S3Access::default(), make).unwrap();
    (folder, files)
}

#[tokio::test]
async fn a_folder_keeps_and_removes() {
    let (kept, files) = folder(true);
    keeps_and_removes(&files).await;
    one_of_two_creates(&files).await;
    keeps_what_is_large(&files, MAX_PIECE_BYTES).await;
    let left: Vec<_> = std::fs::read_dir(kept.path().join("a/b/7")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_was_cut_off_in_a_folder_is_removed_too() {
    let (kept, files) = folder(true);
    let place = kept.path().join("a/b/7");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join(format!("{}#1", "ab".repeat(16))), b"half of it").unwrap();
    assert!(matches!(files.size(ORG, &ID).await, Err(FilesError::Missing)));
    files.remove(ORG, &ID).await.unwrap();
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let (kept, _) = folder(true);
    let mode = std::fs::metadata(kept.path().join("a/b")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_holds_nothing_and_is_not_made() {
    let (kept, files) = folder(false);
    assert!(matches!(files.size(ORG, &ID).await, Err(FilesError::Missing)));
    assert!(!kept.path().join("a").exists());
}

#[tokio::test]
async fn one_part_at_most_is_in_memory() {
    let watched = Watched::default();
    let (content, taken) = endless();
    Files::of(Arc::new(watched.clone())).put(ORG, &ID, content).await.unwrap();
    let parts = watched.parts();
    assert_eq!(parts.iter().sum::<usize>(), LARGE_BYTES);
    assert_eq!(taken.load(Ordering::SeqCst), LARGE_BYTES);
    let (last, others) = parts.split_last().unwrap();
    assert!(others.iter().all(|&part| part == PART_BYTES) && *last <= PART_BYTES, "{parts:?}");
    assert_eq!(watched.most_open_parts(), 1, "the next part is read when the last is written");
}

/// A disk that breaks after two parts.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0 += into.len();
        if self.0 > 2 * PART_BYTES {
            return Err(io::Error::other("the disk is broken"));
        }
        Ok(into.len())
    }
}

#[tokio::test]
async fn what_fails_in_the_middle_leaves_nothing() {
    let watched = Watched::default();
    let files = Files::of(Arc::new(watched.clone()));
    let put = files.put(ORG, &ID, Broken(0)).await;
    assert!(matches!(put, Err(FilesError::Unread(_))), "{put:?}");
    assert_eq!((watched.aborted(), watched.places().await), (1, Vec::new()));
    let created = files.create(ORG, &ID, Broken(0)).await;
    assert!(matches!(created, Err(FilesError::Unread(_))), "{created:?}");
    assert_eq!((watched.aborted(), watched.places().await), (2, Vec::new()));
    // So does a store that is away.
    watched.fault(Some(Fault::Away));
    let put = files.put(ORG, &ID, &b"short"[..]).await;
    assert!(matches!(put, Err(FilesError::Unreachable(_))), "{put:?}");
    assert!(matches!(files.size(ORG, &ID).await, Err(FilesError::Unreachable(_))));
    assert!(matches!(files.remove(ORG, &ID).await, Err(FilesError::Unreachable(_))));
    watched.fault(None);
    assert_eq!(watched.places().await, Vec::<String>::new());
}

fn bucket(endpoint: &str, prefix: &str, secret: &str) -> Files {
    let access = S3Access {
        endpoint: Some(endpoint.to_owned()),
        region: None,
        key: Some(("SAMPLEKEY".to_owned(), Secret::new(secret))),
    };
    Files::open(&format!("s3://almoner-tests/{prefix}"), &access, true).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test command says where its S3 server is")]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn server() -> Option<String> {
    let found = std::env::var("ALMONER_TEST_S3").ok();
    if found.is_none() {
        println!("left out: ALMONER_TEST_S3 is not set");
    }
    found
}

#[tokio::test]
async fn a_bucket_keeps_and_removes() {
    let Some(server) = server() else { return };
    let files = bucket(&server, "clinic/documents", "SAMPLE-secret");
    keeps_and_removes(&files).await;
    keeps_what_is_large(&files, PART_BYTES).await;
    // What is under another prefix of the same bucket is not ours.
    files.put(ORG, &ID, &b"ours"[..]).await.unwrap();
    let elsewhere = bucket(&server, "", "SAMPLE-secret");
    assert!(matches!(elsewhere.size(ORG, &ID).await, Err(FilesError::Missing)));
    files.remove(ORG, &ID).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_away_is_told_as_that() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let put = bucket(&address, "", "SAMPLE-secret").put(ORG, &ID, &b"x"[..]).await;
    let Err(FilesError::Unreachable(error)) = put else { panic!("{put:?}") };
    assert!(!error.to_string().contains("SAMPLE-secret"), "{error}");
}
