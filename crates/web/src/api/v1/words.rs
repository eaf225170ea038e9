//! The words of the domain, as the description lists them. They are taken from the domain's own
//! lists, so that the description never knows other words than the program.

use almoner_app::import_rows::{DateOrder, ImportKind, OFFERED, TABLES};
use almoner_domain::estimate::{
    Case, ChargeSource, FigureLevel, FigureState, Network, NetworkChoice, Outcome, Rule,
    VisitClass, WarningCode,
};
use almoner_domain::insured::Relationship;
use almoner_domain::ledger::Account;
use almoner_domain::list::{Direction, Sort};
use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{
    RefundReason as Reason, RefundState as State, ReversalReason as Reversal,
};
use almoner_domain::report::TAKINGS;
use almoner_domain::status::Status;
use almoner_domain::tender::TenderType as Tender;
use almoner_domain::webhook::EventKind;
use almoner_store::imports::ImportState;
use almoner_store::treatments::TreatmentStatus;
use almoner_store::webhook_endpoints::EndpointState;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($name:ident $meaning:literal: $words:expr;)+) => {$(
        #[doc = $meaning]
        pub(super) enum $name {}

        impl ToSchema for $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words: Vec<&'static str> = $words;
                let schema = ObjectBuilder::new().schema_type(Type::String);
                schema.description(Some($meaning)).enum_values(Some(words)).build().into()
            }
        }
    )+};
}

words! {
    PatientSex "What stands on the record: female, male or another.":
        SEXES.to_vec();
    InsuredRelationship "What a patient is to the subscriber of a coverage.":
        Relationship::ALL.into_iter().map(Relationship::as_str).collect();
    TreatmentState "Where a treatment stands.":
        TreatmentStatus::ALL.into_iter().map(TreatmentStatus::as_str).collect();
    CheckOutcome "What a check says on the whole.":
        Outcome::ALL.into_iter().map(Outcome::as_str).collect();
    BenefitNetwork "Whether a payer's row is for providers in the plan's network.":
        NETWORKS.into_iter().map(network).collect();
    EstimateCase "What kind of estimate it is.":
        Case::ALL.into_iter().map(Case::as_str).collect();
    EstimateFigureState "What is known of a figure.":
        STATES.into_iter().map(FigureState::as_str).collect();
    EstimateFigureLevel "For whom a figure counts.":
        LEVELS.into_iter().map(level).collect();
    EstimateChargeSource "Where an expected charge comes from.":
        SOURCES.into_iter().map(charge_source).collect();
    EstimateVisitClass "The kind of visit that a location gives.":
        VisitClass::ALL.into_iter().map(VisitClass::as_str).collect();
    EstimateRule "How the parts of a share are put together.":
        Rule::ALL.into_iter().map(Rule::as_str).collect();
    ServiceNetwork "Whether the service is given within the plan's network.":
        NetworkChoice::ALL.into_iter().map(NetworkChoice::as_str).collect();
    PaymentKind "What a payment is for.":
        PaymentType::ALL.into_iter().map(PaymentType::as_str).collect();
    PaymentStatus "Where a payment stands.":
        Status::ALL.into_iter().map(Status::as_str).collect();
    TenderType "How money was taken.":
        Tender::BY_HAND.into_iter().chain([Tender::CardProcessor]).map(Tender::as_str).collect();
    HandTenderType "How money was taken by hand.":
        Tender::BY_HAND.into_iter().map(Tender::as_str).collect();
    RefundReason "Why money is given back.":
        Reason::ALL.into_iter().map(Reason::as_str).collect();
    RefundState "Where a refund stands.":
        State::ALL.into_iter().map(State::as_str).collect();
    ReversalReason "Why a tender is taken back.":
        Reversal::ALL.into_iter().map(Reversal::as_str).collect();
    EventType "What happened.":
        EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    EndpointStatus "Where a webhook endpoint stands; `gone` is what answered with 410.":
        ENDPOINTS.into_iter().map(EndpointState::as_str).collect();
    TakingsAccount "An account of the ledger that takings go to.":
        TAKINGS.into_iter().map(Account::as_str).collect();
    PaymentSort "What the list of payments is ordered by.":
        Sort::ALL.into_iter().map(Sort::as_str).collect();
    ImportKindName "What is in a file that is imported.":
        OFFERED.into_iter().map(ImportKind::as_str).collect();
    TableKindName "What is in a table that is imported.":
        TABLES.into_iter().map(ImportKind::as_str).collect();
    ImportStateName "Where an import stands.":
        ImportState::ALL.into_iter().map(ImportState::as_str).collect();
    ImportDates "The order of the parts of a date.":
        DateOrder::ALL.into_iter().map(DateOrder::as_str).collect();
    YesOrNo "Whether it is so.": YES_OR_NO.map(|word| word.1).to_vec();
    SortDirection "Which way a list runs.":
        DIRECTIONS.into_iter().map(Direction::as_str).collect();
    EstimateWarningCode "What kind of thing a warning is about.":
        WarningCode::ALL.iter().map(|code| code.as_str()).collect();
}

/// Where an endpoint may stand that can be read.
const ENDPOINTS: [EndpointState; 4] =
    [EndpointState::Enabled, EndpointState::Disabled, EndpointState::Gone, EndpointState::Failing];

/// The sexes that a record can say.
pub(super) const SEXES: [&str; 3] = ["F", "M", "X"];

/// What is sent instead of a row when nothing applies.
pub(super) const NONE: &str = "none";

/// A row's index, or the word that nothing applies.
pub(super) enum RowOrNone {}

impl ToSchema for RowOrNone {}

impl PartialSchema for RowOrNone {
    fn schema() -> RefOr<Schema> {
        let row = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let none = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([NONE]));
        let meaning = "A row's index, or the word `none` when nothing applies.";
        let either = OneOfBuilder::new().item(row).item(none).description(Some(meaning));
        RefOr::T(Schema::OneOf(either.build()))
    }
}

/// A truth value as a query sends it.
pub(super) const YES_OR_NO: [(bool, &str); 4] =
    [(true, "true"), (true, "1"), (false, "false"), (false, "0")];

/// Both directions.
pub(super) const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

const STATES: [FigureState; 4] =
    [FigureState::Known, FigureState::NotReturned, FigureState::Choice, FigureState::NoLimit];

const LEVELS: [FigureLevel; 2] = [FigureLevel::Individual, FigureLevel::Family];

const SOURCES: [ChargeSource; 2] = [ChargeSource::Treatment, ChargeSource::Stated];

const NETWORKS: [Network; 5] =
    [Network::In, Network::Out, Network::Either, Network::Unknown, Network::NotStated];

/// The word for whom a figure counts.
pub(super) fn level(level: FigureLevel) -> &'static str {
    match level {
        FigureLevel::Individual => "individual",
        FigureLevel::Family => "family",
    }
}

/// The word for where a charge comes from.
pub(super) fn charge_source(source: ChargeSource) -> &'static str {
    match source {
        ChargeSource::Treatment => "treatment",
        ChargeSource::Stated => "stated",
    }
}

/// The word for what a payer's row says of the network.
pub(super) fn network(network: Network) -> &'static str {
    match network {
        Network::In => "in",
        Network::Out => "out",
        Network::Either => "either",
        Network::Unknown => "unknown",
        Network::NotStated => "not_stated",
    }
}
