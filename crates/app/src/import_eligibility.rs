//! Imports 271 files: each answer becomes a check, matched to its patient or left in the inbox.

use almoner_domain::estimate::{self, Benefit, Outcome};
use almoner_domain::{CheckId, InquiryId, PatientId, name};
use almoner_store::eligibility::{self, BenefitRow, CheckFile, CheckRow};
use almoner_store::{Tx, counters, inquiries};
use almoner_x12 as x12;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::check_answer::{self, AnswerWarning, StoredAnswer};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::match_answer::{self, Said};
use crate::permission::Action;
use crate::record;

/// The greatest file that is taken.
pub const MAX_FILE_BYTES: usize = 50 * 1024 * 1024;
/// What people read where the payer does not say its name.
pub const UNNAMED_PAYER: &str = "Unnamed payer";
/// The longest file name that is kept.
const MAX_NAME_BYTES: usize = 200;

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// Its name, for people.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
    /// The patient whose answer it is said to be.
    pub patient: Option<PatientId>,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Its name.
    pub name: String,
    /// The checks, or why there are none.
    pub checks: Result<Vec<ImportedCheck>, String>,
    /// What was odd about the file as a whole.
    pub warnings: Vec<AnswerWarning>,
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
/// No permission, or the database failed. What is wrong with the file is no error but an answer.
pub async fn import_eligibility(
    app: &App,
    actor: &Actor,
    file: ImportFile,
) -> Result<Imported, Error> {
    import(app, actor, file, None).await
}

/// Imports what came back for a question on the spot.
pub(crate) async fn import_reply(
    app: &App,
    actor: &Actor,
    file: ImportFile,
    inquiry: InquiryId,
) -> Result<Imported, Error> {
    import(app, actor, file, Some(inquiry)).await
}

async fn import(
    app: &App,
    actor: &Actor,
    file: ImportFile,
    inquiry: Option<InquiryId>,
) -> Result<Imported, Error> {
    actor.must(Action::ImportEligibility)?;
    let name = shown_name(&file.name);
    if file.content.len() > MAX_FILE_BYTES {
        let limit = MAX_FILE_BYTES / (1024 * 1024);
        let checks = Err(format!("the file is larger than {limit} MB"));
        return Ok(Imported { name, checks, warnings: Vec::new() });
    }
    let (read, content) = read_aside(file.content).await;
    let stored = CheckFile {
        hash: Sha256::digest(&content).to_vec(),
        name: name.clone(),
        content,
        failure: read.as_ref().err().map(ToString::to_string),
    };
    let mut tx = app.db.begin().await?;
    eligibility::keep_file(&mut tx, actor.org(), &stored, app.now()).await?;
    // The file is kept whatever becomes of its answers.
    tx.commit().await?;
    let (transactions, warnings) = match read {
        Ok(read) => read,
        Err(unreadable) => {
            let checks = Err(unreadable.to_string());
            return Ok(Imported { name, checks, warnings: Vec::new() });
        }
    };
    let mut tx = app.db.begin().await?;
    // The same answer may be handed in twice at once: the second one must see the first.
    counters::hold(&mut tx, actor.org(), CheckId::PREFIX).await?;
    let mut checks = Vec::new();
    let answers: usize = transactions.iter().map(|transaction| transaction.answers.len()).sum();
    // Of several answers at once, none is sure to be that of the question.
    let said = Said { patient: file.patient, inquiry: inquiry.filter(|_| answers == 1) };
    for transaction in &transactions {
        for (place, answer) in transaction.answers.iter().enumerate() {
            let source = Source { file: &stored, text: &transaction.text, answer, place, said };
            checks.push(import_answer(app, actor, &mut tx, &source).await?);
        }
    }
    tx.commit().await?;
    let warning = |warning: &x12::Warning| AnswerWarning {
        code: warning.code.as_str().to_owned(),
        message: warning.message.clone(),
    };
    let warnings = warnings.iter().map(warning).collect();
    Ok(Imported { name, checks: Ok(checks), warnings })
}

pub(crate) type Read = Result<(Vec<x12::Transaction>, Vec<x12::Warning>), x12::Unreadable>;

/// Reads a file on a thread of its own, so that a large one keeps no other request waiting.
pub(crate) async fn read_aside(content: Vec<u8>) -> (Read, Vec<u8>) {
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = x12::Reader::new(&content[..]);
        let next = || reader.next_transaction().expect("memory can be read");
        let transactions = std::iter::from_fn(next).collect();
        (reader.finish().map(|warnings| (transactions, warnings)), content)
    });
    reading.await.expect("the reader never panics")
}

/// The last part of a path, bounded.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut shown: String = last.chars().filter(|letter| !letter.is_control()).collect();
    while shown.len() > MAX_NAME_BYTES {
        shown.pop();
    }
    if shown.is_empty() { "unnamed".to_owned() } else { shown }
}

/// An answer and where it came from.
struct Source<'a> {
    file: &'a CheckFile,
    text: &'a str,
    answer: &'a x12::Answer,
    /// Its place among the answers of its transaction.
    place: usize,
    said: Said,
}

impl Source<'_> {
    fn fingerprint(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        hasher.update(self.text);
        hasher.update((self.place as u64).to_be_bytes());
        hasher.finalize().to_vec()
    }

    fn range(&self) -> (i64, i64) {
        let place = |byte| i64::try_from(byte).unwrap_or(i64::MAX);
        (place(self.answer.segments.start), place(self.answer.segments.end))
    }
}

async fn import_answer(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    source: &Source<'_>,
) -> Result<ImportedCheck, Error> {
    let org = actor.org();
    let fingerprint = source.fingerprint();
    if let Some(known) = eligibility::by_fingerprint(tx, org, &fingerprint).await? {
        match_answer::answered_again(app, actor, tx, &known, source.said).await?;
        return known_check(tx, actor, known).await;
    }
    let answer = source.answer;
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
        fingerprint,
        file_hash: source.file.hash.clone(),
        file_range: source.range(),
        answer: stored.write(),
        name_sort: name::sort_key(last, first),
    };
    eligibility::insert(tx, org, &row, &benefit_rows(&rows)).await?;
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
    Ok(ImportedCheck {
        id: known.id,
        duplicate: true,
        patient: known.patient,
        inquiry: inquiries::of_check(tx, actor.org(), known.id).await?.map(|i| i.asked.id),
        outcome: known.outcome,
        benefits: eligibility::benefits(tx, actor.org(), known.id).await?.len(),
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
}
