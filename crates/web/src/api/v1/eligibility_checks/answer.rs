//! An eligibility check as programs get it.

use almoner_app::check_answer::AnswerWarning;
use almoner_app::import_eligibility::UNNAMED_PAYER;
use almoner_app::read::CheckView;
use almoner_domain::estimate::{Benefit, BenefitDate, Outcome, Procedure, Rejection};
use almoner_domain::{CheckId, PatientId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::words::{self, BenefitNetwork, CheckOutcome};

/// The checks that were handed in, in the order of the body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandedInAnswer {
    /// One for each person whom the payer answered about, at most 1,000.
    pub(super) data: Vec<HandedInCheck>,
    /// How many there are, also beyond those in `data`.
    pub(super) total: usize,
    /// What was odd about the body as a whole.
    pub(super) warnings: Vec<CheckWarning>,
}

/// A check that was handed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandedInCheck {
    #[serde(flatten)]
    pub(super) check: CheckAnswer,
    /// The same transaction was handed in before; this is the check that it became then.
    pub(super) duplicate: bool,
}

/// A payer's answer about one person. What the payer did not say is null, never zero.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EligibilityCheck)]
pub(super) struct CheckAnswer {
    /// The id.
    #[schema(value_type = String, example = "ELG-001")]
    id: CheckId,
    /// Whose it is; null while it waits for a person to match it.
    #[schema(value_type = Option<String>, example = "PAT-001")]
    patient_id: Option<PatientId>,
    /// What it says on the whole.
    #[schema(value_type = CheckOutcome)]
    outcome: &'static str,
    /// Who answered.
    payer: Option<String>,
    /// The plan's name.
    plan: Option<String>,
    /// When the payer answered; the time of the import when the payer does not say.
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    imported_at: Timestamp,
    /// Every benefit row, in the payer's order.
    benefits: Vec<BenefitAnswer>,
    /// Why the payer could not answer, also beside benefits.
    rejections: Vec<RejectionAnswer>,
    /// What was odd.
    warnings: Vec<CheckWarning>,
}

/// A benefit row (EB) with what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
struct BenefitAnswer {
    /// The row's index, by which estimates name it.
    index: i64,
    /// What the row is (EB01), such as `B` co-payment.
    code: String,
    /// Whom it covers (EB02), such as `IND`.
    level: Option<String>,
    /// Which services (EB03); empty when not stated.
    service_types: Vec<String>,
    /// The period (EB06), such as `29` remaining.
    period: Option<String>,
    /// Money (EB07), as the payer sent it.
    amount_cents: Option<i64>,
    /// A percentage (EB08) in basis points.
    percent_bp: Option<i64>,
    /// What is counted (EB09), such as `VS` visits.
    quantity_qualifier: Option<String>,
    /// How many (EB10), as the payer wrote it.
    quantity: Option<String>,
    /// Whether an authorization is required (EB11).
    authorization: Option<bool>,
    /// The network (EB12).
    #[schema(value_type = BenefitNetwork)]
    network: &'static str,
    /// The row is about this procedure only (EB13).
    procedure: Option<ProcedureCode>,
    /// Its dates (DTP).
    dates: Vec<DateAnswer>,
    /// The payer's words (MSG).
    messages: Vec<String>,
    /// The segment, untouched.
    segment: String,
}

/// A procedure, drug or service.
#[derive(Debug, Serialize, ToSchema)]
struct ProcedureCode {
    /// The list that the code is from, such as `HC`.
    qualifier: Option<String>,
    /// The code; the first of a range when there is a `range_end`.
    code: String,
    /// Up to four modifiers.
    modifiers: Vec<String>,
    /// The last code of a range.
    range_end: Option<String>,
}

/// A day, or a period when `to` is there.
#[derive(Debug, Serialize, ToSchema)]
struct DateAnswer {
    /// What it is the date of (DTP01), such as `346`.
    qualifier: String,
    /// The day, or the first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day of a period.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// Why the payer could not answer (AAA).
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::v1) struct RejectionAnswer {
    /// The payer's code (AAA03).
    code: Option<String>,
    /// The reason in words.
    reason: String,
    /// What may be done (AAA04), such as `C` correct and send again.
    follow_up: Option<String>,
    /// What may be done, in words.
    follow_up_text: Option<String>,
    /// Where it stands, such as `2100C`.
    #[serde(rename = "loop")]
    loop_name: String,
}

/// Something odd.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckWarning {
    /// A stable name.
    code: String,
    /// What it means, for a person.
    message: String,
}

impl From<CheckView> for CheckAnswer {
    fn from(view: CheckView) -> Self {
        let CheckView { row, answer, benefits, .. } = view;
        Self {
            id: row.id,
            patient_id: row.patient,
            outcome: Outcome::as_str(row.outcome),
            payer: Some(row.payer).filter(|payer| payer != UNNAMED_PAYER),
            plan: row.plan,
            checked_at: row.checked_at,
            imported_at: row.imported_at,
            benefits: benefits.into_iter().map(BenefitAnswer::from).collect(),
            rejections: answer.rejections.iter().map(RejectionAnswer::from).collect(),
            warnings: answer.warnings.into_iter().map(CheckWarning::from).collect(),
        }
    }
}

impl From<Benefit> for BenefitAnswer {
    fn from(row: Benefit) -> Self {
        Self {
            index: row.index,
            code: row.code,
            level: row.level,
            service_types: row.service_types,
            period: row.period,
            amount_cents: row.amount_cents,
            percent_bp: row.percent_bp,
            quantity_qualifier: row.quantity_qualifier,
            quantity: row.quantity,
            authorization: row.authorization,
            network: words::network(row.network),
            procedure: row.procedure.map(ProcedureCode::from),
            dates: row.dates.into_iter().map(DateAnswer::from).collect(),
            messages: row.messages,
            segment: row.segment,
        }
    }
}

impl From<Procedure> for ProcedureCode {
    fn from(procedure: Procedure) -> Self {
        let Procedure { qualifier, code, modifiers, range_end } = procedure;
        Self { qualifier, code, modifiers, range_end }
    }
}

impl From<BenefitDate> for DateAnswer {
    fn from(date: BenefitDate) -> Self {
        let BenefitDate { qualifier, from, to } = date;
        Self { qualifier, from, to }
    }
}

impl From<&Rejection> for RejectionAnswer {
    fn from(rejection: &Rejection) -> Self {
        let Rejection { code, follow_up, loop_name, reason, follow_up_text } = rejection.clone();
        Self { code, reason, follow_up, follow_up_text, loop_name }
    }
}

impl From<AnswerWarning> for CheckWarning {
    fn from(warning: AnswerWarning) -> Self {
        Self { code: warning.code, message: warning.message }
    }
}
