//! What an estimate is asked for.

use almoner_app::estimate_payment::EstimateInput;
use almoner_domain::estimate::{Choices, MAX_CHARGE, NetworkChoice, RowChoice, Rule};
use almoner_domain::payment::PaymentType;
use almoner_domain::{CheckId, LocationId, Money, PatientId, TreatmentId};
use jiff::civil::Date;
use utoipa::ToSchema;

use super::super::words::{EstimateRule, NONE, PaymentKind, RowOrNone, ServiceNetwork};
use crate::api::fields::{self, Fields, FromFields, Read};
use crate::api::json::Json;

/// The rows of a check are numbered from nought.
const ROWS: std::ops::RangeInclusive<i64> = 0..=i64::MAX;

/// What an estimate is asked for.
#[derive(Debug, ToSchema)]
pub(in crate::api::v1) struct EstimateBody {
    /// Whose, such as `PAT-001`.
    #[schema(value_type = String, pattern = "^PAT-[0-9]+$", example = "PAT-001")]
    patient_id: PatientId,
    /// For what.
    #[schema(value_type = PaymentKind)]
    payment_type: PaymentType,
    /// For which treatment of the patient. Its codes, its date and its charges are used.
    #[schema(value_type = Option<String>, pattern = "^TRT-[0-9]+$", example = "TRT-001")]
    treatment_id: Option<TreatmentId>,
    /// Where. Tells which of several co-payments applies. A treatment's own location comes before
    /// it; without either, the clinic's first one.
    #[schema(value_type = Option<String>, pattern = "^LOC-[0-9]+$", example = "LOC-001")]
    location_id: Option<LocationId>,
    /// The expected charge in cents; without it, the treatment's own charges.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    charge_cents: Option<Money>,
    /// In or out of network; without it, what the clinic sets as its default.
    #[schema(value_type = Option<ServiceNetwork>)]
    network: Option<NetworkChoice>,
    /// The day of the service; without it, the treatment's, else today.
    #[schema(value_type = Option<String>, format = Date, example = "2026-11-23")]
    service_date: Option<Date>,
    /// What was chosen where the payer's answer leaves it open.
    choices: Option<ChoicesBody>,
}

/// What was chosen where the payer's answer leaves it open. A row is named by its index.
#[derive(Debug, ToSchema)]
pub(super) struct ChoicesBody {
    /// Another rule than the default one.
    #[schema(value_type = Option<EstimateRule>)]
    rule: Option<Rule>,
    /// The co-payment's row.
    #[schema(minimum = 0)]
    copay: Option<i64>,
    /// The co-insurance's row, or `none` when there is none.
    #[schema(value_type = Option<RowOrNone>)]
    coinsurance: Option<RowChoice>,
    /// The deductible's row, or `none` when there is none.
    #[schema(value_type = Option<RowOrNone>)]
    deductible: Option<RowChoice>,
    /// The out-of-pocket maximum's row.
    #[schema(minimum = 0)]
    out_of_pocket: Option<i64>,
    /// Another check than the most recent one.
    #[schema(value_type = Option<String>, pattern = "^ELG-[0-9]+$", example = "ELG-001")]
    check: Option<CheckId>,
}

impl FromFields for EstimateBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let patient_id = fields.required("patient_id", fields::id);
        let kinds = PaymentType::ALL.map(|kind| (kind, kind.as_str()));
        let payment_type = fields.required("payment_type", fields::word(&kinds));
        let treatment_id = fields.optional("treatment_id", fields::id);
        let location_id = fields.optional("location_id", fields::id);
        let charge_cents = fields.optional("charge_cents", fields::cents(MAX_CHARGE));
        let networks = NetworkChoice::ALL.map(|network| (network, network.as_str()));
        let network = fields.optional("network", fields::word(&networks));
        let service_date = fields.optional("service_date", fields::date);
        let choices = fields.group("choices");
        Some(Self {
            patient_id: patient_id?,
            payment_type: payment_type?,
            treatment_id,
            location_id,
            charge_cents,
            network,
            service_date,
            choices,
        })
    }
}

impl FromFields for ChoicesBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let rules = Rule::ALL.map(|rule| (rule, rule.as_str()));
        Some(Self {
            rule: fields.optional("rule", fields::word(&rules)),
            copay: fields.optional("copay", fields::integer(ROWS)),
            coinsurance: fields.optional("coinsurance", row_or_none),
            deductible: fields.optional("deductible", row_or_none),
            out_of_pocket: fields.optional("out_of_pocket", fields::integer(ROWS)),
            check: fields.optional("check", fields::id),
        })
    }
}

fn row_or_none(json: &Json) -> Read<RowChoice> {
    match json {
        Json::Text(_) => fields::word(&[(RowChoice::None, NONE)])(json),
        other => fields::integer(ROWS)(other).map(RowChoice::Row),
    }
}

impl EstimateBody {
    /// The question as the use case takes it.
    pub(in crate::api::v1) fn into_input(self) -> EstimateInput {
        EstimateInput {
            patient: self.patient_id,
            payment_type: Some(self.payment_type),
            treatment: self.treatment_id,
            location: self.location_id,
            charge: self.charge_cents,
            network: self.network,
            service_date: self.service_date,
            choices: self.choices.map(ChoicesBody::into_choices).unwrap_or_default(),
        }
    }
}

impl ChoicesBody {
    fn into_choices(self) -> Choices {
        Choices {
            rule: self.rule,
            copay: self.copay,
            coinsurance: self.coinsurance,
            deductible: self.deductible,
            out_of_pocket: self.out_of_pocket,
            check: self.check,
        }
    }
}
