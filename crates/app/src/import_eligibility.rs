//! Imports 271 files: each answer becomes a check, matched to its patient or left in the inbox.
//!
//! A file of any size goes through: it is stored in parts and read a transaction at a time, and its
//! answers are imported in batches, so that one large file holds neither memory nor the writer for
//! long. Whatever is cut off is finished when the file is handed in again: parts and answers that
//! are there already are recognised.

use std::collections::VecDeque;
use std::io::{self, Read as _};

use almoner_domain::estimate::{self, Benefit, Outcome};
use almoner_domain::{CheckId, InquiryId, PatientId, name};
use almoner_store::eligibility::{self, BenefitRow, CheckRow};
use almoner_store::eligibility_files::{self, NewFile, PART_BYTES};
use almoner_store::{Tx, counters, inquiries};
use almoner_x12 as x12;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::check_answer::{self, AnswerWarning, StoredAnswer};
use crate::context::{Actor, App};
use crate::counts;
use crate::error::Error;
use crate::match_answer::{self, Said};
use crate::permission::Action;
pub use crate::receive_file::MAX_FILE_BYTES;
use crate::receive_file::{NotReceived, Received};
use crate::record;

/// What people read where the payer does not say its name.
pub const UNNAMED_PAYER: &str = "Unnamed payer";
/// The longest file name that is kept.
const MAX_NAME_BYTES: usize = 200;
/// Parts of a file that one transaction stores at most.
const MAX_PARTS_AT_ONCE: usize = 16;
/// Answers that one transaction imports at most.
const MAX_ANSWERS_AT_ONCE: usize = 50;
/// Benefit rows with which a transaction takes no further answer.
const MAX_BENEFITS_AT_ONCE: usize = 2_000;
/// Checks of one file that are told one by one at most; the others are counted.
const MAX_CHECKS_TOLD: usize = 1_000;

/// A file in memory, to be imported.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// Its name, for people.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
    /// The patient whose answer it is said to be.
    pub patient: Option<PatientId>,
}

/// A file of any size, to be imported.
#[derive(Debug)]
pub struct Incoming {
    /// Its name, for people.
    pub name: String,
    /// Its content, or why there is none.
    pub content: Result<Received, NotReceived>,
    /// The patient whose answer it is said to be.
    pub patient: Option<PatientId>,
}

impl From<ImportFile> for Incoming {
    fn from(file: ImportFile) -> Self {
        let ImportFile { name, content, patient } = file;
        Self { name, content: Received::from_reader(&content[..]), patient }
    }
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Its name.
    pub name: String,
    /// The checks, or why there are none.
    pub checks: Result<Vec<ImportedCheck>, String>,
    /// How many checks there are, also beyond those.
    pub counts: Counts,
    /// What was odd about the file as a whole.
    pub warnings: Vec<AnswerWarning>,
}

/// How many checks there are in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub all: usize,
    /// Those that had been imported before.
    pub duplicates: usize,
    /// The new ones that have no patient.
    pub waiting: usize,
}

/// What became of an answer.
#[derive(Debug, Clone)]
pub struct ImportedCheck {
    /// The check.
    pub id: CheckId,
    /// It had been imported before.
    pub duplicate: bool,
    /// Whose it is; `None` when it waits in the inbox.
    pub patient: Option<PatientId>,
    /// The question that it answers.
    pub inquiry: Option<InquiryId>,
    /// What it says on the whole.
    pub outcome: Outcome,
    /// The payer.
    pub payer: String,
    /// How many benefit rows were read.
    pub benefits: usize,
    /// What was odd.
    pub warnings: Vec<AnswerWarning>,
}

/// Imports a file. A file from which nothing can be read is kept all the same.
///
/// # Errors
/// No permission, or the database failed; what was imported until then stays. What is wrong with
/// the file is no error but an answer.
pub async fn import_eligibility(
    app: &App,
    actor: &Actor,
    file: impl Into<Incoming>,
) -> Result<Imported, Error> {
    import(app, actor, file, None).await
}

/// Imports what came back for a question on the spot: its only answer, or several.
pub(crate) async fn import_reply(
    app: &App,
    actor: &Actor,
    file: ImportFile,
    inquiry: Option<InquiryId>,
) -> Result<Imported, Error> {
    import(app, actor, file, inquiry).await
}

async fn import(
    app: &App,
    actor: &Actor,
    file: impl Into<Incoming>,
    inquiry: Option<InquiryId>,
) -> Result<Imported, Error> {
    actor.must(Action::ImportEligibility)?;
    let Incoming { name, content, patient } = file.into();
    let mut told = Imported {
        name: shown_name(&name),
        checks: Ok(Vec::new()),
        counts: Counts::default(),
        warnings: Vec::new(),
    };
    match content {
        Ok(content) => {
            let said = Said { patient, inquiry };
            match import_content(app, actor, content, said, &mut told).await? {
                Ok(warnings) => told.warnings = warnings.iter().map(warning).collect(),
                Err(why) => told.checks = Err(why),
            }
        }
        Err(why) => told.checks = Err(why.to_string()),
    }
    Ok(told)
}

/// Imports a file that was received, and tells what was odd about it, or why nothing was read.
async fn import_content(
    app: &App,
    actor: &Actor,
    mut content: Received,
    said: Said,
    told: &mut Imported,
) -> Result<Result<Vec<x12::Warning>, String>, Error> {
    let file = NewFile { hash: content.hash().to_vec(), name: told.name.clone() };
    if let Err(unheld) = keep(app, actor, &file, &mut content).await? {
        return Ok(Err(NotReceived::from(unheld).to_string()));
    }
    let (sender, receiver) = mpsc::channel(1);
    // On a thread of its own, so that a large file keeps no other request waiting.
    let reading = tokio::task::spawn_blocking(move || read(content, &sender));
    let mut answers = Answers { receiver, waiting: VecDeque::new() };
    loop {
        let batch = answers.batch().await;
        if batch.is_empty() {
            break;
        }
        let mut tx = app.db.begin().await?;
        // The same answer may be handed in twice at once: the second one must see the first.
        counters::hold(&mut tx, actor.org(), CheckId::PREFIX).await?;
        let mut checks = Vec::with_capacity(batch.len());
        for answer in &batch {
            let source = Source { file: &file, answer, said };
            checks.push(import_answer(app, actor, &mut tx, &source).await?);
        }
        tx.commit().await?;
        told.add(checks);
    }
    match reading.await.expect("the reader never panics") {
        Ok(Ok(warnings)) => Ok(Ok(warnings)),
        Ok(Err(unreadable)) => {
            let mut tx = app.db.begin().await?;
            let why = unreadable.to_string();
            eligibility_files::set_failure(&mut tx, actor.org(), &file.hash, &why).await?;
            tx.commit().await?;
            Ok(Err(why))
        }
        Err(unheld) => Ok(Err(NotReceived::from(unheld).to_string())),
    }
}

impl ImportedCheck {
    /// Whether it is new and has no patient.
    pub fn waits(&self) -> bool {
        self.patient.is_none() && !self.duplicate
    }
}

impl Imported {
    fn add(&mut self, checks: Vec<ImportedCheck>) {
        if let Ok(told) = &mut self.checks {
            let room = MAX_CHECKS_TOLD - told.len();
            self.counts.all += checks.len();
            self.counts.duplicates += checks.iter().filter(|check| check.duplicate).count();
            self.counts.waiting += checks.iter().filter(|check| check.waits()).count();
            told.extend(checks.into_iter().take(room));
        }
    }
}

fn warning(warning: &x12::Warning) -> AnswerWarning {
    AnswerWarning { code: warning.code.as_str().to_owned(), message: warning.message.clone() }
}

/// Stores the content of a file, a few parts at a time.
async fn keep(
    app: &App,
    actor: &Actor,
    file: &NewFile,
    content: &mut Received,
) -> Result<io::Result<()>, Error> {
    let size = content.size_bytes();
    let mut part_no = 0;
    loop {
        // Read before the transaction begins, so that it waits for no disk but its own.
        let parts = match next_parts(content) {
            Ok(parts) => parts,
            Err(unheld) => return Ok(Err(unheld)),
        };
        let mut tx = app.db.begin().await?;
        if part_no == 0 && eligibility_files::begin(&mut tx, actor.org(), file, app.now()).await? {
            tx.commit().await?;
            break;
        }
        let is_end = parts.len() < MAX_PARTS_AT_ONCE;
        for part in parts {
            let part = (part_no, part);
            eligibility_files::add_part(&mut tx, actor.org(), &file.hash, part).await?;
            part_no += 1;
        }
        if is_end {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            eligibility_files::end(&mut tx, actor.org(), &file.hash, size).await?;
        }
        tx.commit().await?;
        if is_end {
            break;
        }
    }
    Ok(content.rewind())
}

/// The next parts of a file, fewer than [`MAX_PARTS_AT_ONCE`] at its end.
fn next_parts(content: &mut Received) -> io::Result<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    while parts.len() < MAX_PARTS_AT_ONCE {
        let mut part = Vec::new();
        content.by_ref().take(PART_BYTES as u64).read_to_end(&mut part)?;
        if part.is_empty() {
            break;
        }
        parts.push(part);
    }
    Ok(parts)
}

/// An answer that was read, with what tells it from every other.
struct ReadAnswer {
    answer: x12::Answer,
    fingerprint: Vec<u8>,
}

/// What was odd about a file, or why there was nothing to read in it.
type End = Result<Vec<x12::Warning>, x12::Unreadable>;

/// Reads a file and sends its answers, a transaction at a time, as long as somebody takes them.
fn read(content: Received, sender: &mpsc::Sender<Vec<ReadAnswer>>) -> io::Result<End> {
    let mut reader = x12::Reader::new(content);
    while let Some(transaction) = reader.next_transaction()? {
        let text = Sha256::new_with_prefix(&transaction.text);
        let answers = transaction.answers.into_iter().enumerate();
        let answers = answers.map(|(place, answer)| {
            let fingerprint = text.clone().chain_update((place as u64).to_be_bytes());
            ReadAnswer { answer, fingerprint: fingerprint.finalize().to_vec() }
        });
        if sender.blocking_send(answers.collect()).is_err() {
            break;
        }
    }
    Ok(reader.finish())
}

/// The answers of a file while it is read.
struct Answers {
    receiver: mpsc::Receiver<Vec<ReadAnswer>>,
    waiting: VecDeque<ReadAnswer>,
}

impl Answers {
    /// The answers that the next transaction imports; none at the end.
    async fn batch(&mut self) -> Vec<ReadAnswer> {
        let mut batch = Vec::new();
        let mut benefits = 0;
        while batch.len() < MAX_ANSWERS_AT_ONCE && benefits < MAX_BENEFITS_AT_ONCE {
            if self.waiting.is_empty() {
                self.waiting.extend(self.receiver.recv().await.unwrap_or_default());
            }
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            benefits += next.answer.benefits.len() + next.answer.subscriber_benefits.len();
            batch.push(next);
        }
        batch
    }
}

/// The last part of a path, bounded.
/// The name of a file without folders and control characters, cut to what is kept.
pub(crate) fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut shown: String = last.chars().filter(|letter| !letter.is_control()).collect();
    while shown.len() > MAX_NAME_BYTES {
        shown.pop();
    }
    if shown.is_empty() { "unnamed".to_owned() } else { shown }
}

/// An answer and where it came from.
struct Source<'a> {
    file: &'a NewFile,
    answer: &'a ReadAnswer,
    said: Said,
}

impl Source<'_> {
    fn range(&self) -> (i64, i64) {
        let place = |byte| i64::try_from(byte).unwrap_or(i64::MAX);
        let range = &self.answer.answer.segments;
        (place(range.start), place(range.end))
    }
}

async fn import_answer(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    source: &Source<'_>,
) -> Result<ImportedCheck, Error> {
    let org = actor.org();
    let ReadAnswer { answer, fingerprint } = source.answer;
    if let Some(known) = eligibility::by_fingerprint(tx, org, fingerprint).await? {
        match_answer::answered_again(app, actor, tx, &known, source.said).await?;
        return known_check(tx, actor, known).await;
    }
    let mut stored = check_answer::stored(answer);
    let rows: Vec<Benefit> = answer.benefits.iter().map(check_answer::benefit).collect();
    let owner = match_answer::owner(tx, actor, answer, &mut stored, source.said).await?;
    let patient = owner.patient;
    let now = app.now();
    let id = CheckId::new(counters::next(tx, org, CheckId::PREFIX).await?);
    let person = &stored.patient;
    let names = [&person.last_name, &person.first_name];
    let [last, first] = names.map(|name| name.as_deref().unwrap_or_default());
    let row = CheckRow {
        id,
        patient,
        outcome: estimate::outcome(&rows, &stored.rejections),
        payer: answer.payer.name.clone().unwrap_or_else(|| UNNAMED_PAYER.to_owned()),
        plan: answer.plan.clone(),
        checked_at: check_answer::answered_at(answer, &actor.organization.zone).unwrap_or(now),
        imported_at: now,
        fingerprint: fingerprint.clone(),
        file_hash: source.file.hash.clone(),
        file_range: source.range(),
        answer: stored.write(),
        name_sort: name::sort_key(last, first),
    };
    eligibility::insert(tx, org, &row, &benefit_rows(&rows)).await?;
    tx.count(counts::check_imported(row.outcome));
    let subject = ("eligibility_check", id.seq());
    let detail = json!({ "outcome": row.outcome, "patient": patient, "benefits": rows.len() });
    record::happened(app, actor, tx, "check_imported", subject, detail).await?;
    if let Some(inquiry) = &owner.inquiry {
        match_answer::answered(app, actor, tx, inquiry, (id, row.outcome), &stored).await?;
    }
    Ok(ImportedCheck {
        id,
        duplicate: false,
        patient,
        inquiry: owner.inquiry.map(|inquiry| inquiry.asked.id),
        outcome: row.outcome,
        payer: row.payer,
        benefits: rows.len(),
        warnings: stored.warnings,
    })
}

async fn known_check(tx: &mut Tx, actor: &Actor, known: CheckRow) -> Result<ImportedCheck, Error> {
    let benefits = eligibility::count_benefits(tx, actor.org(), known.id).await?;
    Ok(ImportedCheck {
        id: known.id,
        duplicate: true,
        patient: known.patient,
        inquiry: inquiries::of_check(tx, actor.org(), known.id).await?.map(|i| i.asked.id),
        outcome: known.outcome,
        benefits: usize::try_from(benefits).unwrap_or_default(),
        payer: known.payer,
        warnings: StoredAnswer::read(&known.answer)?.warnings,
    })
}

fn benefit_rows(rows: &[Benefit]) -> Vec<BenefitRow> {
    let row = |row: &Benefit| BenefitRow {
        index: row.index,
        segment: row.segment.clone(),
        benefit: serde_json::to_string(row).expect("a benefit is plain values"),
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lose_their_folders() {
        assert_eq!(shown_name("C:\\in\\a.271"), "a.271");
        assert_eq!(shown_name("../../etc/passwd"), "passwd");
        assert_eq!(shown_name("x/"), "unnamed");
        assert!(shown_name(&"é".repeat(500)).len() <= MAX_NAME_BYTES);
    }

    /// So many transactions, each with so many answers of so many rows.
    async fn batches(transactions: usize, answers: usize, rows: usize) -> Vec<usize> {
        let (sender, receiver) = mpsc::channel(1);
        let sending = tokio::spawn(async move {
            for _ in 0..transactions {
                let answer = || {
                    let benefits = vec![x12::Benefit::default(); rows];
                    let answer = x12::Answer { benefits, ..x12::Answer::default() };
                    ReadAnswer { answer, fingerprint: Vec::new() }
                };
                let sent = sender.send(std::iter::repeat_with(answer).take(answers).collect());
                sent.await.expect("the batches are taken");
            }
        });
        let mut answers = Answers { receiver, waiting: VecDeque::new() };
        let mut sizes = Vec::new();
        loop {
            let batch = answers.batch().await;
            if batch.is_empty() {
                sending.await.expect("all was sent");
                return sizes;
            }
            sizes.push(batch.len());
        }
    }

    #[tokio::test]
    async fn batches_are_bounded_by_answers_and_by_rows() {
        assert_eq!(batches(0, 0, 0).await, [0; 0]);
        assert_eq!(batches(1, 1, 10).await, [1]);
        assert_eq!(batches(120, 1, 10).await, [50, 50, 20]);
        assert_eq!(batches(1, 120, 10).await, [50, 50, 20]);
        assert_eq!(batches(2, 30, 150).await, [14, 14, 14, 14, 4]);
        assert_eq!(batches(3, 1, 9_000).await, [1, 1, 1]);
    }
}
