//! How fast answers are read: in MB/s and transactions/s, as a multiple of a plain pass over the
//! same bytes, and per byte at one, two and four times the size.
//!
//! Run it with `cargo bench -p almoner-x12`. Times differ from machine to machine; the two ratios,
//! each taken within one run, are what to compare.

#![expect(clippy::print_stdout, reason = "a benchmark's answer")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use almoner_x12::Reader;
use criterion::measurement::{Measurement as _, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Transactions of the smallest file.
const TRANSACTIONS: usize = 250;
/// How often each size is read for the ratios; the fastest counts.
const ROUNDS: usize = 9;

/// A file of so many transactions as payers send them: about ninety rows for each patient.
fn file(transactions: usize) -> String {
    let mut text = "ISA*00*          *00*          *ZZ*SAMPLEPAYER    *ZZ*SPECIMENCLINIC \
        *260302*0915*^*00501*000000001*0*T*:~\
        GS*HB*SAMPLEPAYER*SPECIMENCLINIC*20260302*0915*1*X*005010X279A1~"
        .to_owned();
    for number in 0..transactions {
        let start = text.len();
        let _ = write!(
            text,
            "ST*271*{number:09}*005010X279A1~BHT*0022*11*REF-{number}*20260302*0915~HL*1**20*1~\
             NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042~HL*2*1*21*1~\
             NM1*1P*2*SPECIMEN CLINIC*****XX*1234567893~HL*3*2*22*0~\
             TRN*2*TRACE-{number}*9123456789~NM1*IL*1*SAMPLE*PAT****MI*1EG4TE5MK73~\
             DMG*D8*19800101*F~DTP*291*RD8*20260101-20261231~EB*1*IND*30**SAMPLE GOLD PPO~"
        );
        for service in ["1", "33", "47", "48", "50", "86", "88", "98", "AL", "MH", "UC"] {
            for network in ["Y", "N"] {
                let _ = write!(
                    text,
                    "EB*B*IND*{service}***27*25.00*****{network}~MSG*PER VISIT~\
                     EB*C*IND*{service}***23*1500.00*****{network}~\
                     EB*C*IND*{service}***29*412.35*****{network}~\
                     EB*A*IND*{service}***23**.2****{network}~"
                );
            }
        }
        let count = text.get(start..).unwrap_or_default().matches('~').count() + 1;
        let _ = write!(text, "SE*{count}*{number:09}~");
    }
    let _ = write!(text, "GE*{transactions}*1~IEA*1*000000001~");
    text
}

/// Reads a file to its end and counts its rows.
fn read(input: &[u8]) -> usize {
    let mut reader = Reader::new(input);
    let mut rows = 0;
    while let Ok(Some(transaction)) = reader.next_transaction() {
        rows += transaction.answers.iter().map(|answer| answer.benefits.len()).sum::<usize>();
    }
    rows
}

/// The least that any reader does: goes over the bytes, splits them, and counts rows.
fn pass(input: &[u8]) -> usize {
    let segments = input.split(|byte| *byte == b'~');
    segments.filter(|segment| segment.split(|byte| *byte == b'*').next() == Some(b"EB")).count()
}

/// The shortest time of some rounds.
fn fastest(action: fn(&[u8]) -> usize, input: &[u8]) -> Duration {
    let clock = WallTime;
    let round = |_| {
        let start = clock.start();
        black_box(action(black_box(input)));
        clock.end(start)
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// Nanoseconds as a number to divide by.
fn nanos(time: Duration) -> u128 {
    time.as_nanos().max(1)
}

/// A quotient with two decimals.
fn ratio(a: u128, b: u128) -> String {
    let hundredths = a * 100 / b.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn ratios() {
    let mut first = None;
    for times in [1, 2, 4] {
        let transactions = TRANSACTIONS * times;
        let text = file(transactions);
        let input = text.as_bytes();
        assert_eq!(read(input), pass(input), "every row is read");
        let (reading, passing) = (nanos(fastest(read, input)), nanos(fastest(pass, input)));
        let bytes = input.len() as u128;
        let (first_reading, first_bytes) = *first.get_or_insert((reading, bytes));
        println!(
            "read_271: {times} × {TRANSACTIONS} transactions, {} kB: {} MB/s, {} transactions/s; \
             {} × a plain pass; per byte {} × the smallest",
            bytes / 1000,
            bytes * 1000 / reading,
            transactions as u128 * 1_000_000_000 / reading,
            ratio(reading, passing),
            ratio(reading * first_bytes, first_reading * bytes),
        );
    }
}

fn reading(criterion: &mut Criterion) {
    ratios();
    let text = file(TRANSACTIONS);
    let mut group = criterion.benchmark_group("read_271");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function(BenchmarkId::new("reader", TRANSACTIONS), |bencher| {
        bencher.iter(|| read(black_box(text.as_bytes())));
    });
    group.bench_function(BenchmarkId::new("plain pass", TRANSACTIONS), |bencher| {
        bencher.iter(|| pass(black_box(text.as_bytes())));
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
