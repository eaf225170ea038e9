//! Reading takes little memory, however long the file is.
//!
//! Each file is read by a process of its own, this program again, which tells the most memory that
//! it ever took.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use almoner_x12::Reader;

use crate::cases::common::{ABOVE, ISA, SUBSCRIBER};

/// As long as the longest file that the program takes.
const FILE_BYTES: usize = 50 * 1024 * 1024;
/// Enough for files that were made to be large to reach every limit many times.
const HOSTILE_FILE_BYTES: usize = 6 * 1024 * 1024;
/// What a process may take that reads such a file, for files as payers send them.
const PEAK_KIB_MAX: u64 = 32 * 1024;
/// What it may take for files that were made to be large: one part of a transaction and the open
/// levels, each at its limit.
const HOSTILE_PEAK_KIB_MAX: u64 = 96 * 1024;
/// Names the file to the process that reads it.
const VARIABLE: &str = "ALMONER_MEMORY_FILE";

/// The body of an answer as payers send them.
fn patient(number: usize) -> String {
    let mut body = SUBSCRIBER.replace("TRACE-1", &format!("TRACE-{number}"));
    body.push_str("REF*6P*GROUP42~DTP*291*RD8*20260101-20261231~EB*1*IND*30**SAMPLE GOLD PPO~");
    for service in ["1", "33", "35", "47", "48", "50", "86", "88", "98", "AL", "MH", "UC"] {
        for network in ["Y", "N"] {
            let _ = write!(
                body,
                "EB*B*IND*{service}***27*25.00*****{network}~MSG*PER VISIT~\
                 EB*C*IND*{service}***23*1500.00*****{network}~\
                 EB*C*IND*{service}***29*412.35*****{network}~\
                 EB*A*IND*{service}***23**.2****{network}~"
            );
        }
    }
    body
}

/// Writes a file of about so many bytes: a beginning, then what `piece` makes of each number.
fn write(
    path: &Path,
    size_bytes: usize,
    begin: &str,
    piece: impl Fn(usize) -> String,
) -> io::Result<usize> {
    let mut file = io::BufWriter::new(File::create(path)?);
    file.write_all(begin.as_bytes())?;
    let (mut bytes, mut count) = (begin.len(), 0);
    while bytes < size_bytes {
        let piece = piece(count);
        file.write_all(piece.as_bytes())?;
        bytes += piece.len();
        count += 1;
    }
    file.flush()?;
    Ok(count)
}

/// How many answers another process reads from the file, and the most memory that it takes in KiB.
fn read_elsewhere(path: &Path) -> (usize, u64) {
    let this = std::env::current_exe().expect("this program has a path");
    let child = Command::new(this)
        .args(["--exact", "cases::memory::the_file_that_is_named_is_read", "--nocapture"])
        .env(VARIABLE, path)
        .output()
        .expect("this program can be run again");
    let told = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{told}{}", String::from_utf8_lossy(&child.stderr));
    let line =
        told.lines().find_map(|line| line.strip_prefix("read: ")).expect("a line of figures");
    let mut figures = line.split(' ').map(|figure| figure.parse().expect("a figure"));
    let mut next = || figures.next().expect("two figures");
    (usize::try_from(next()).expect("a count"), next())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another process of this test names the file")]
fn the_file_that_is_named_is_read() {
    let Some(path) = std::env::var_os(VARIABLE) else {
        return;
    };
    let mut reader = Reader::new(File::open(path).expect("the file is there"));
    let mut answers = 0;
    while let Some(transaction) = reader.next_transaction().expect("the file can be read") {
        answers += transaction.answers.len();
    }
    let status = fs::read_to_string("/proc/self/status").expect("the system tells of processes");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    println!("read: {answers} {}", peak.trim().trim_end_matches(" kB"));
}

/// What became of a file.
#[derive(Debug)]
struct Found {
    name: &'static str,
    pieces: usize,
    answers: usize,
    peak_kib: u64,
}

/// Reads a file of about so many bytes that begins so and goes on so, in another process.
fn peak(
    name: &'static str,
    size_bytes: usize,
    begin: &str,
    piece: impl Fn(usize) -> String,
) -> Found {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("almoner-memory-{name}.271"));
    let pieces = write(&path, size_bytes, begin, piece).expect("the file can be written");
    let (answers, peak_kib) = read_elsewhere(&path);
    fs::remove_file(&path).expect("the file can be removed");
    Found { name, pieces, answers, peak_kib }
}

#[test]
fn a_file_of_many_transactions_takes_little_memory() {
    let begin = format!("{ISA}GS*HB*A*B*20260302*0915*1*X*005010X279A1~");
    let found = peak("transactions", FILE_BYTES, &begin, |number| {
        let body = format!("BHT*0022*11*REF-{number}*20260302*0915~{ABOVE}{}", patient(number));
        let count = body.matches('~').count() + 2;
        format!("ST*271*{number:09}*005010X279A1~{body}SE*{count}*{number:09}~")
    });
    println!("{found:?}");
    assert_eq!(found.answers, found.pieces);
    assert!(found.peak_kib < PEAK_KIB_MAX);
}

#[test]
fn a_file_of_one_transaction_takes_little_memory() {
    let begin = format!(
        "{ISA}GS*HB*A*B*20260302*0915*1*X*005010X279A1~ST*271*1~BHT*0022*11*R*20260302*0915~{ABOVE}"
    );
    let found = peak("one", FILE_BYTES, &begin, patient);
    println!("{found:?}");
    assert_eq!(found.answers, found.pieces);
    assert!(found.peak_kib < PEAK_KIB_MAX);
}

#[test]
fn files_that_were_made_to_be_large_take_bounded_memory() {
    let begin = format!("{ISA}ST*271*1~BHT*0022*11*R*20260302*0915~{ABOVE}");
    let wide = format!("{begin}{SUBSCRIBER}{}", "EB*1*FAM*30~".repeat(19_000));
    let pieces = [
        ("rows", &begin, SUBSCRIBER.to_owned() + &"EB*1~".repeat(19_000)),
        ("levels", &begin, "HL***22~".to_owned()),
        ("context", &wide, "HL***23~".repeat(10)),
        ("endless", &begin, "EB*1~MSG*A~".to_owned()),
    ];
    for (name, begin, piece) in pieces {
        let found = peak(name, HOSTILE_FILE_BYTES, begin, |_| piece.clone());
        println!("{found:?}");
        assert!(found.answers > 0, "{}", found.name);
        assert!(found.peak_kib < HOSTILE_PEAK_KIB_MAX, "{}", found.name);
    }
}
