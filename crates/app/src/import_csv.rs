//! Reads files of comma-separated values: their headings, what parts their cells, and the record
//! of each row.

use std::io::Cursor;

use almoner_domain::{FieldError, Invalid};
use almoner_store::imports::ImportKind;
use csv::{ReaderBuilder, StringRecord};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::import_fields::{self, CODE_COLUMNS};
use crate::import_rows::{
    DateOrder, ImportRow, ImportSettings, MAX_ROWS, Mark, PatientRecord, Record, Rows,
    TreatmentRecord,
};
use crate::save_patient::{CoverageEntry, MAX_COVERAGES, PatientEntry};
use crate::save_treatment::{ProcedureEntry, TreatmentEntry};

/// The numbering that the column "Number in the other system" belongs to.
pub const CSV_SYSTEM: &str = "csv";
/// The greatest number of columns.
const MAX_COLUMNS: usize = 200;
/// The number of the first row below the headings, as spreadsheets count.
const FIRST_ROW: i64 = 2;
/// What some programs write before a text to say that it is UTF-8.
const MARK_OF_UTF8: &[u8] = b"\xef\xbb\xbf";

/// What parts the cells of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator.
    Tab,
}

impl Separator {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// What parts the headings: whichever of them is there most often, outside of quotes.
    fn of(content: &[u8]) -> Self {
        let mut quoted = false;
        let mut counts = [0_usize; 3];
        for &byte in content.iter().take_while(|&&byte| byte != b'\n') {
            quoted ^= byte == b'"';
            for (count, separator) in counts.iter_mut().zip(Self::ALL) {
                *count += usize::from(!quoted && byte == separator.byte());
            }
        }
        let most = counts.into_iter().zip(Self::ALL).rev().max_by_key(|&(count, _)| count);
        most.map_or(Self::Comma, |(_, separator)| separator)
    }
}

/// A file whose headings were read.
pub(crate) struct CsvFile {
    reader: csv::Reader<Cursor<Vec<u8>>>,
    /// What parts its cells.
    pub(crate) separator: Separator,
    /// Its headings, trimmed.
    pub(crate) headings: Vec<String>,
}

fn fault(code: &str, message: impl Into<String>) -> Invalid {
    Invalid::one("file", code, message)
}

/// Makes sure that a file is text of which every line can be read.
fn must_be_text(content: &[u8]) -> Result<(), Invalid> {
    if content.starts_with(b"PK\x03\x04") || content.starts_with(b"\xd0\xcf\x11\xe0") {
        let message = "This is a workbook. Save it as “CSV UTF-8” in the spreadsheet program.";
        return Err(fault("not_text", message));
    }
    let wrong = std::str::from_utf8(content).err().map(|wrong| wrong.valid_up_to());
    let odd = wrong.or_else(|| content.iter().position(|&byte| byte == 0));
    let Some(place) = odd else { return Ok(()) };
    let before = content.get(..place).unwrap_or_default();
    let line = before.split(|&byte| byte == b'\n').count();
    let message = format!(
        "Line {line} is not UTF-8 text. Save the file as “CSV UTF-8” in the program that made it."
    );
    Err(fault("not_utf8", message))
}

impl CsvFile {
    /// Looks at a file for the first time: what parts its cells is recognised.
    ///
    /// # Errors
    /// Says, for `file`, why it cannot be read.
    pub(crate) fn begin(content: Vec<u8>) -> Result<Self, Invalid> {
        must_be_text(&content)?;
        let body = content.strip_prefix(MARK_OF_UTF8).unwrap_or(&content);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(fault("empty", "The file is empty."));
        }
        let separator = Separator::of(body);
        Self::open(content, separator)
    }

    /// Opens a file again.
    pub(crate) fn open(mut content: Vec<u8>, separator: Separator) -> Result<Self, Invalid> {
        if content.starts_with(MARK_OF_UTF8) {
            content.drain(..MARK_OF_UTF8.len());
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(separator.byte())
            .flexible(true)
            .from_reader(Cursor::new(content));
        let headings = reader.headers().map_err(|_| fault("not_utf8", "It is not UTF-8 text."))?;
        let headings: Vec<String> = headings.iter().map(|text| text.trim().to_owned()).collect();
        if headings.len() > MAX_COLUMNS {
            let message = format!("The file has more than {MAX_COLUMNS} columns.");
            return Err(fault("too_many_columns", message));
        }
        Ok(Self { reader, separator, headings })
    }

    /// How many rows there are below the headings, read to the end.
    ///
    /// # Errors
    /// Says, for `file`, that there is none, that there are too many, or that a quotation mark is
    /// never closed, which makes one cell of all that follows.
    pub(crate) fn count(mut self) -> Result<i64, Invalid> {
        let mut count = 0;
        let mut last = StringRecord::new();
        let mut record = StringRecord::new();
        while matches!(self.reader.read_record(&mut record), Ok(true)) {
            if !is_blank(&record) {
                count += 1;
            }
            std::mem::swap(&mut last, &mut record);
        }
        if count == 0 {
            return Err(fault("no_rows", "There are no rows below the headings."));
        }
        if count > MAX_ROWS {
            let message = format!("The file has {count} rows; at most {MAX_ROWS} are imported.");
            return Err(fault("too_many_rows", message));
        }
        let content = self.reader.get_ref().get_ref();
        // An even number of pieces has an odd number of quotation marks between them.
        let is_open = content.split(|&byte| byte == b'"').count().is_multiple_of(2);
        if is_open && last.iter().any(|cell| cell.contains('\n')) {
            let line = last.position().map_or(0, csv::Position::line);
            let message = format!("A quotation mark that opens in line {line} is never closed.");
            return Err(fault("unclosed_quote", message));
        }
        Ok(count)
    }

    /// Its rows, as records of a kind.
    pub(crate) fn into_rows(self, kind: ImportKind, settings: ImportSettings) -> CsvRows {
        let Self { reader, headings, .. } = self;
        CsvRows { reader, headings, kind, settings, number: FIRST_ROW - 1 }
    }

    /// The first cells of each column, for a person who says what is in it.
    pub(crate) fn samples(mut self, rows: usize) -> Vec<Vec<String>> {
        let mut samples = vec![Vec::new(); self.headings.len()];
        for record in self.reader.records().take(rows).flatten() {
            for (sample, cell) in samples.iter_mut().zip(&record) {
                sample.push(cell.trim().to_owned());
            }
        }
        samples
    }
}

fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// The rows of a file of comma-separated values.
pub(crate) struct CsvRows {
    reader: csv::Reader<Cursor<Vec<u8>>>,
    headings: Vec<String>,
    kind: ImportKind,
    settings: ImportSettings,
    number: i64,
}

impl Rows for CsvRows {
    fn headings(&self) -> &[String] {
        &self.headings
    }

    fn next_row(&mut self) -> Option<ImportRow> {
        let mut record = StringRecord::new();
        loop {
            if !matches!(self.reader.read_record(&mut record), Ok(true)) {
                return None;
            }
            self.number += 1;
            if !is_blank(&record) {
                break;
            }
        }
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        let record = if cells.len() == self.headings.len() {
            let cells = Cells { cells: &cells, settings: &self.settings };
            match self.kind {
                ImportKind::Treatments => treatment(&cells),
                _ => patient(&cells),
            }
        } else {
            let (cells, headings) = (cells.len(), self.headings.len());
            let message = format!("The row has {cells} cells; there are {headings} headings.");
            Err(Invalid::one("row", "uneven", message))
        };
        Some(ImportRow { number: self.number, cells, record, place: None, is_note: false })
    }
}

/// What a cell holds. A file of faulty rows has an apostrophe before what a spreadsheet could take
/// for a formula; it is not part of what is handed in again.
fn meant(cell: &str) -> &str {
    let rest = cell.strip_prefix('\'').map(str::trim);
    rest.filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

/// The cells of a row by the fields that they hold.
struct Cells<'a> {
    cells: &'a [String],
    settings: &'a ImportSettings,
}

impl Cells<'_> {
    /// The cell of a field; blank when no column holds it.
    fn get(&self, field: &str) -> &str {
        let column = self.settings.columns.get(field);
        column.and_then(|&column| self.cells.get(column)).map_or("", |cell| meant(cell.trim()))
    }

    fn owned(&self, field: &str) -> String {
        self.get(field).to_owned()
    }

    fn marks(&self) -> Vec<Mark> {
        let value = self.get("number");
        if value.is_empty() {
            return Vec::new();
        }
        vec![Mark { system: CSV_SYSTEM.to_owned(), value: value.to_owned() }]
    }

    /// A date in the file's order, as `YYYY-MM-DD`; blank stays blank.
    fn date(&self, field: &str, text: &str) -> Result<String, Invalid> {
        let order = self.settings.dates;
        if text.is_empty() {
            return Ok(String::new());
        }
        in_order(text, order).map(|date| date.to_string()).ok_or_else(|| {
            let message = format!("This is not a date in the order {}.", order.as_str());
            Invalid::one(field, "not_a_date", message)
        })
    }
}

/// A date whose parts come in an order, parted by one of `-`, `/` and `.`.
fn in_order(text: &str, order: DateOrder) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let [first, second, third] = parts[..] else { return None };
    let (year, month, day) = match order {
        DateOrder::YearMonthDay => (first, second, third),
        DateOrder::MonthDayYear => (third, first, second),
        DateOrder::DayMonthYear => (third, second, first),
    };
    let plain = |text: &str, digits: &[usize]| {
        digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(year, &[4]) || !plain(month, &[1, 2]) || !plain(day, &[1, 2]) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn patient(cells: &Cells<'_>) -> Result<Record, Invalid> {
    let coverage = |rank: usize| {
        let get = |name: &str| cells.owned(&format!("coverage_{rank}_{name}"));
        CoverageEntry {
            payer: get("payer"),
            member_id: get("member_id"),
            plan: get("plan"),
            payer_id: get("payer_id"),
            ..CoverageEntry::default()
        }
    };
    let entry = PatientEntry {
        first_name: cells.owned("first_name"),
        last_name: cells.owned("last_name"),
        date_of_birth: cells.date("date_of_birth", cells.get("date_of_birth"))?,
        sex: sex(cells.get("sex")),
        mrn: cells.owned("mrn"),
        phone: cells.owned("phone"),
        email: cells.owned("email"),
        address: cells.owned("address"),
        guarantor: cells.owned("guarantor"),
        coverages: (1..=MAX_COVERAGES).map(coverage).collect(),
        is_somebody_else: false,
    };
    Ok(Record::Patient(Box::new(PatientRecord { marks: cells.marks(), entry })))
}

/// The letter for a sex that is written out; what is no word for one stays, to be refused.
fn sex(text: &str) -> String {
    match &*text.to_lowercase() {
        "f" | "female" | "w" | "woman" => "F".to_owned(),
        "m" | "male" | "man" => "M".to_owned(),
        "x" | "other" | "nonbinary" | "non-binary" => "X".to_owned(),
        "u" | "unk" | "unknown" => String::new(),
        _ => text.to_owned(),
    }
}

fn treatment(cells: &Cells<'_>) -> Result<Record, Invalid> {
    let mut faults = Invalid::default();
    let mut entry = TreatmentEntry {
        patient: cells.owned("patient"),
        physician: cells.owned("physician"),
        location: cells.owned("location"),
        status: cells.get("status").to_lowercase(),
        ..TreatmentEntry::default()
    };
    let date = cells.get("service_date");
    let time = cells.get("service_time");
    if date.contains('T')
        && let Ok(moment) = date.parse()
    {
        // A moment with its offset needs no zone.
        entry.service_at = Some(moment);
    } else {
        let (date, within) = date.split_once([' ', 'T']).unwrap_or((date, ""));
        let read = cells.date("service_date", date);
        entry.service_date = faults.collect(read).unwrap_or_default();
        let time = if time.is_empty() { within } else { time };
        entry.service_time = faults.collect(clock(time)).unwrap_or_default();
    }
    let codes = faults.collect(codes(cells.get("codes"))).unwrap_or_default();
    entry.procedures = codes;
    for number in 1..=CODE_COLUMNS {
        let get = |name: &str| cells.owned(&format!("{name}_{number}"));
        let (code, modifiers, charge) = (get("code"), get("modifiers"), get("charge"));
        if [&code, &modifiers, &charge].iter().any(|cell| !cell.is_empty()) {
            entry.procedures.push(ProcedureEntry { code, modifiers, charge });
        }
    }
    faults.into_result()?;
    let record = TreatmentRecord { marks: cells.marks(), entry, ..TreatmentRecord::default() };
    Ok(Record::Treatment(Box::new(record)))
}

/// A time of day as `HH:MM`: `9:30`, `09:30:00` and `9:30 PM` are read too. Blank stays blank.
fn clock(text: &str) -> Result<String, Invalid> {
    let wrong = || {
        let message = "Enter a time such as 09:30 or 2:15 PM.";
        Invalid::one("service_time", "not_a_time", message)
    };
    let lower = text.trim().to_lowercase();
    if lower.is_empty() {
        return Ok(String::new());
    }
    let (digits, half) = match lower.strip_suffix("am") {
        Some(digits) => (digits, Some(0)),
        None => match lower.strip_suffix("pm") {
            Some(digits) => (digits, Some(12)),
            None => (&*lower, None),
        },
    };
    let parts: Option<Vec<u8>> = digits.trim().split(':').map(|part| part.parse().ok()).collect();
    let (mut hour, minute) = match parts.as_deref() {
        Some(&[hour, minute] | &[hour, minute, _]) if minute < 60 => (hour, minute),
        _ => return Err(wrong()),
    };
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return Err(wrong());
        }
        hour = hour % 12 + half;
    }
    if hour > 23 {
        return Err(wrong());
    }
    Ok(format!("{hour:02}:{minute:02}"))
}

/// Codes in one cell: `99213 25:150.00; 85025`. A code may have modifiers behind a blank or a
/// hyphen, and its charge behind a colon.
fn codes(text: &str) -> Result<Vec<ProcedureEntry>, Invalid> {
    let mut procedures = Vec::new();
    for part in text.split([';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        let (code, charge) = part.split_once(':').unwrap_or((part, ""));
        let mut words = code.split([' ', '-']).filter(|word| !word.is_empty());
        let Some(code) = words.next() else {
            let message = "Write codes such as 99213 25:150.00; 85025.";
            return Err(Invalid::one("codes", "not_a_code", message));
        };
        let modifiers = words.collect::<Vec<_>>().join(" ");
        let (code, charge) = (code.to_owned(), charge.trim().to_owned());
        procedures.push(ProcedureEntry { code, modifiers, charge });
    }
    Ok(procedures)
}

/// Makes sure that the columns of a file can be read as settings say.
///
/// # Errors
/// Says, for each field, what has to be said otherwise.
pub(crate) fn must_fit(
    kind: ImportKind,
    headings: &[String],
    settings: &ImportSettings,
) -> Result<(), Invalid> {
    let mut faults = Invalid::default();
    let mut taken: Vec<usize> = Vec::new();
    for (name, &column) in &settings.columns {
        let Some(field) = import_fields::field(kind, name) else {
            faults.push(name, "unknown_field", "There is no such field.");
            continue;
        };
        if column >= headings.len() {
            faults.push(field.name, "unknown_column", "The file has no such column.");
        } else if taken.contains(&column) {
            let message = "This column is taken for another field already.";
            faults.push(field.name, "taken_twice", message);
        }
        taken.push(column);
    }
    for field in import_fields::fields(kind) {
        if field.required && !settings.columns.contains_key(field.name) {
            let message = format!("Choose the column of: {}.", field.label);
            faults.push(field.name, "required", message);
        }
    }
    let places = kind == ImportKind::Treatments && !settings.columns.contains_key("location");
    if places && settings.location.is_none() {
        let message = "Choose the column of the location, or one location for all rows.";
        faults.0.push(FieldError {
            field: "location".to_owned(),
            code: "required".to_owned(),
            message: message.to_owned(),
        });
    }
    faults.into_result()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(kind: ImportKind, text: &str, dates: DateOrder) -> Vec<ImportRow> {
        let file = CsvFile::begin(text.as_bytes().to_vec()).unwrap();
        let columns = import_fields::recognised(kind, &file.headings);
        let settings = ImportSettings {
            separator: file.separator,
            dates,
            columns: columns.into_iter().map(|(name, at)| (name.to_owned(), at)).collect(),
            ..ImportSettings::default()
        };
        let mut rows = file.into_rows(kind, settings);
        std::iter::from_fn(move || rows.next_row()).collect()
    }

    fn patient(row: &ImportRow) -> &PatientRecord {
        match &row.record {
            Ok(Record::Patient(patient)) => patient,
            other => panic!("a patient is expected: {other:?}"),
        }
    }

    fn treatment(row: &ImportRow) -> &TreatmentEntry {
        match &row.record {
            Ok(Record::Treatment(treatment)) => &treatment.entry,
            other => panic!("a treatment is expected: {other:?}"),
        }
    }

    fn code(content: &[u8]) -> String {
        let count = CsvFile::begin(content.to_vec()).and_then(CsvFile::count);
        count.unwrap_err().0.remove(0).code
    }

    #[test]
    fn rows_are_read_whatever_parts_their_cells() {
        for separator in [",", ";", "\t"] {
            let text = "\u{feff}Last name,First name,DOB,\"Payer, first\"\r\n\
                O'Brien & Søn <b>,José,1980-02-03,\r\n,,,\r\nLi,\"A\nB\",1990-01-02,\r\n";
            let text = text.replace(',', separator);
            let rows = rows(ImportKind::Patients, &text, DateOrder::YearMonthDay);
            assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4]);
            assert_eq!(patient(&rows[0]).entry.last_name, "O'Brien & Søn <b>");
            assert_eq!(patient(&rows[1]).entry.first_name, "A\nB");
        }
    }

    #[test]
    fn dates_have_one_order_in_a_file() {
        let day = |text, order| in_order(text, order).map(|date| date.to_string());
        assert_eq!(day("03/04/2020", DateOrder::MonthDayYear).as_deref(), Some("2020-03-04"));
        assert_eq!(day("3/4/2020", DateOrder::DayMonthYear).as_deref(), Some("2020-04-03"));
        assert_eq!(day("2020-4-3", DateOrder::YearMonthDay).as_deref(), Some("2020-04-03"));
        for wrong in ["13/13/2020", "03/04/20", "2020-04-03", "3/4", "a/b/c", "+1/04/2020"] {
            assert_eq!(day(wrong, DateOrder::MonthDayYear), None, "{wrong}");
        }
    }

    #[test]
    fn treatments_are_read_with_their_codes_and_times() {
        let text = "MRN,Date,Time,Codes,Code 1,Charge 1\n\
            7,11/23/2026,2:15 pm,99213 25:150.00; 85025,G0008,12\n\
            8,11/23/2026 09:30:00,,,,\n9,2026-11-23T09:30:00-05:00,,,,\n";
        let rows = rows(ImportKind::Treatments, text, DateOrder::MonthDayYear);
        let first = treatment(&rows[0]);
        assert_eq!((&*first.service_date, &*first.service_time), ("2026-11-23", "14:15"));
        let codes: Vec<_> = first.procedures.iter().map(|p| (&*p.code, &*p.charge)).collect();
        assert_eq!(codes, [("99213", "150.00"), ("85025", ""), ("G0008", "12")]);
        assert_eq!(first.procedures[0].modifiers, "25");
        assert_eq!(treatment(&rows[1]).service_time, "09:30");
        let moment = treatment(&rows[2]).service_at.unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T14:30:00Z");
        for (typed, read) in [("12:05 AM", "00:05"), ("12:05pm", "12:05"), ("7:00", "07:00")] {
            assert_eq!(clock(typed).unwrap(), read);
        }
        for wrong in ["25:00", "13:00 PM", "9", "9:60", "noon"] {
            assert!(clock(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(code(b""), "empty");
        assert_eq!(code(b"\xef\xbb\xbf \r\n"), "empty");
        assert_eq!(code(b"a,b\r\n"), "no_rows");
        assert_eq!(code(b"a,b\r\n,\r\n"), "no_rows");
        assert_eq!(code(b"a,b\nx,\xff\n"), "not_utf8");
        assert_eq!(code(b"a,b\nx,\0\n"), "not_utf8");
        assert_eq!(code(b"PK\x03\x04"), "not_text");
        assert_eq!(code(b"a,b\nx,\"y\nz,1\n"), "unclosed_quote");
        let wide = "a,".repeat(MAX_COLUMNS + 1);
        assert_eq!(code(wide.as_bytes()), "too_many_columns");
        let uneven = rows(ImportKind::Patients, "a,b\n1\n", DateOrder::YearMonthDay);
        assert_eq!(uneven[0].record.as_ref().unwrap_err().0[0].code, "uneven");
    }
}
