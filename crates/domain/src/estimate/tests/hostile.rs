//! Whatever a payer sends: nothing panics, nothing unknown becomes zero, nobody pays too much.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const CODES: [&str; 16] =
    ["1", "6", "A", "A", "B", "B", "C", "C", "C", "E", "F", "G", "G", "I", "R", "Y"];
const PERIODS: [&str; 9] = ["22", "23", "24", "25", "26", "27", "29", "32", "33"];
const TYPES: [&str; 8] = ["30", "98", "BY", "UC", "96", "1", "33", ""];
const LEVELS: [&str; 5] = ["IND", "FAM", "EMP", "ECH", "?"];
const MESSAGES: [&str; 6] =
    ["PRIMARY CARE", "SPECIALIST", "AFTER DEDUCTIBLE", "OUT OF NETWORK", "DED WAIVED", ""];
const NETWORKS: [Network; 5] =
    [Network::In, Network::Out, Network::Either, Network::Unknown, Network::NotStated];
const PROCEDURES: [&str; 4] = ["J1745", "96413", "99213", "é"];

fn text(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(of).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => Just(0),
        3 => 0..=300_000_i64,
        1 => select(vec![-1, 9_999_999, 9_999_900, 10_000, 200_000, i64::MIN, i64::MAX]),
        1 => any::<i64>(),
    ]
}

fn day() -> impl Strategy<Value = Date> {
    let near = (2025..=2028_i16, 1..=12_i8, 1..=28_i8)
        .prop_map(|(year, month, day)| Date::constant(year, month, day));
    prop_oneof![8 => near, 1 => Just(Date::MIN), 1 => Just(Date::MAX)]
}

fn dates() -> impl Strategy<Value = Vec<BenefitDate>> {
    let qualifier = text(&["291", "346", "347", "356", "357", "472", "771"]);
    let one = (qualifier, day(), option::of(day())).prop_map(|(qualifier, from, to)| BenefitDate {
        qualifier,
        from,
        to,
    });
    prop_oneof![4 => Just(Vec::new()), 1 => vec(one, 0..3)]
}

fn benefit() -> impl Strategy<Value = Benefit> {
    let what = (text(&CODES), option::of(text(&LEVELS)), vec(text(&TYPES), 0..3));
    let how = (option::of(text(&PERIODS)), option::of(number()), option::of(number()));
    let part = option::weighted(0.1, text(&["MA", "MB"]));
    let procedure = option::weighted(0.15, text(&PROCEDURES));
    let rest = (vec(text(&MESSAGES), 0..2), option::of(any::<bool>()), dates(), part, procedure);
    (what, how, select(&NETWORKS[..]), rest, any::<u8>()).prop_map(
        |(
            (code, level, service_types),
            (period, amount_cents, percent_bp),
            network,
            rest,
            index,
        )| {
            let (messages, authorization, dates, insurance_type, procedure) = rest;
            Benefit {
                index: i64::from(index),
                code,
                level,
                service_types,
                period,
                amount_cents,
                percent_bp,
                network,
                messages,
                authorization,
                dates,
                insurance_type,
                quantity: Some("0".to_owned()),
                procedure: procedure.map(|code| Procedure { code, ..Procedure::default() }),
                ..Benefit::default()
            }
        },
    )
}

fn checks() -> impl Strategy<Value = Check> {
    let outcomes = select(&Outcome::ALL[..]);
    (vec(benefit(), 0..14), dates(), day(), outcomes).prop_map(
        |(benefits, dates, checked_on, outcome)| Check {
            checked_on,
            outcome,
            dates,
            benefits,
            ..check([])
        },
    )
}

fn row_choice() -> impl Strategy<Value = RowChoice> {
    prop_oneof![Just(RowChoice::None), any::<u8>().prop_map(|row| RowChoice::Row(i64::from(row)))]
}

fn choices() -> impl Strategy<Value = Choices> {
    let row = || option::weighted(0.1, any::<u8>().prop_map(i64::from));
    let either = || option::weighted(0.1, row_choice());
    (option::weighted(0.4, select(Rule::ALL.to_vec())), row(), either(), either(), row()).prop_map(
        |(rule, copay, coinsurance, deductible, out_of_pocket)| Choices {
            rule,
            copay,
            coinsurance,
            deductible,
            out_of_pocket,
            check: None,
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let kinds = vec![PaymentType::OfficeVisit, PaymentType::TreatmentPrePayment];
    let classes = option::of(select(VisitClass::ALL.to_vec()));
    let network = prop_oneof![4 => Just(NetworkChoice::In), 1 => Just(NetworkChoice::Out)];
    let charge = option::of(number().prop_map(Money::from_cents));
    let what = (select(kinds), vec(text(&PROCEDURES), 0..3), classes, network, charge);
    (what, day(), day(), choices()).prop_map(|(what, service_date, today, choices)| {
        let (kind, procedures, visit_class, network, charge) = what;
        Request {
            charge,
            network,
            procedures,
            visit_class,
            choices,
            ..Request::new(Some(kind), service_date, today)
        }
    })
}

fn figures(estimate: &Estimate) -> [&Figure; 4] {
    [
        &estimate.copay,
        &estimate.coinsurance,
        &estimate.deductible_remaining,
        &estimate.out_of_pocket_remaining,
    ]
}

fn is_zero(figure: &Figure) -> bool {
    figure.amount() == Some(Money::ZERO) || figure.percent() == BasisPoints::new(0)
}

#[test]
fn an_answer_without_end_is_read_up_to_a_limit_and_said() {
    let rows = (0..MAX_ROWS + 100).map(|row| copay(i64::try_from(row).unwrap()).says("TIER 1"));
    let estimate = of_rows(&office(), rows);
    assert_eq!(estimate.case, Case::Conflict);
    assert_eq!(estimate.copay.options.len(), MAX_ROWS - 1);
    assert!(has(&estimate, WarningCode::RowsLeftOut));
}

proptest! {
    #[test]
    fn nobody_is_asked_for_more_than_the_charge_or_the_maximum(
        request in request(), check in checks(),
    ) {
        let estimate = estimate(&request, &[check]);
        let limit = estimate.out_of_pocket_remaining.amount();
        if let Some(amount) = estimate.amount {
            let charge = request.charge.filter(|charge| *charge >= Money::ZERO);
            prop_assert!(amount >= Money::ZERO);
            if charge.is_some_and(|charge| charge <= MAX_CHARGE) {
                prop_assert!(charge.is_none_or(|charge| amount <= charge));
            }
            let is_covered = estimate.case != Case::NotCovered;
            prop_assert!(!is_covered || limit.is_none_or(|limit| amount <= limit));
        }
        prop_assert_eq!(
            matches!(estimate.case, Case::Ok), estimate.amount.is_some()
                && estimate.case != Case::NotCovered
        );
        prop_assert!(!estimate.offers_amount() || estimate.amount > Some(Money::ZERO));
    }

    #[test]
    fn leaving_out_a_row_never_makes_an_unknown_figure_a_zero(
        request in request(), check in checks(), at in any::<prop::sample::Index>(),
    ) {
        if check.benefits.is_empty() {
            return Ok(());
        }
        let mut fewer = check.clone();
        fewer.benefits.remove(at.index(check.benefits.len()));
        let zero = |row: &Benefit| row.amount_cents == Some(0) || row.percent_bp == Some(0);
        let says_zero = fewer.benefits.iter().any(zero);
        let (all, some) = (estimate(&request, &[check]), estimate(&request, &[fewer]));
        for (before, after) in figures(&all).into_iter().zip(figures(&some)) {
            let was_unknown = before.state == FigureState::NotReturned;
            // A row without a number may have stood before one in which the payer says zero.
            let is_made_up = was_unknown && is_zero(after) && !says_zero;
            prop_assert!(!is_made_up, "{:?} {:?}", before, after);
        }
    }

    #[test]
    fn without_rows_for_it_a_figure_is_never_known(request in request(), check in checks()) {
        let mut bare = check;
        bare.benefits.retain(|row| !matches!(row.code.as_str(), "A" | "B" | "C" | "G"));
        for figure in figures(&estimate(&request, &[bare])) {
            prop_assert_eq!(figure.state, FigureState::NotReturned);
            prop_assert_eq!(figure.value, None);
        }
    }

    #[test]
    fn what_is_known_names_its_rows_and_their_text(request in request(), check in checks()) {
        let estimate = estimate(&request, &[check]);
        for figure in figures(&estimate) {
            let is_known = figure.state == FigureState::Known;
            prop_assert_eq!(figure.value.is_some(), is_known);
            prop_assert_eq!(
                figure.rows.is_empty(),
                !is_known && figure.state != FigureState::NoLimit
            );
            for row in &figure.rows {
                prop_assert!(estimate.sources.iter().any(|source| source.row == *row));
            }
        }
    }

    #[test]
    fn an_amount_of_zero_has_a_known_zero_behind_it(request in request(), check in checks()) {
        let estimate = estimate(&request, &[check]);
        if estimate.amount != Some(Money::ZERO) {
            return Ok(());
        }
        let choices = &request.choices;
        let stated = [choices.deductible, choices.coinsurance].contains(&Some(RowChoice::None));
        let rounded = estimate.coinsurance.percent().zip(request.charge);
        let rounded = rounded.is_some_and(|(share, charge)| {
            charge <= MAX_CHARGE && charge.share(share) == Money::ZERO
        });
        let known = figures(&estimate).into_iter().any(is_zero);
        prop_assert!(known || stated || rounded || request.charge == Some(Money::ZERO));
    }

    #[test]
    fn any_of_several_checks_may_be_named(
        request in request(), checks in vec(checks(), 0..4), named in 1..6_i64,
    ) {
        let numbered = (1..).zip(checks).map(|(seq, check)| {
            Check { id: CheckId::new(seq), ..check }
        });
        let checks: Vec<Check> = numbered.collect();
        let named = CheckId::new(named);
        let choices = Choices { check: Some(named), ..request.choices.clone() };
        let estimate = estimate(&Request { choices, ..request }, &checks);
        let first = checks.first().map(|check| check.id);
        let is_there = checks.iter().any(|check| check.id == named);
        prop_assert_eq!(estimate.check, if is_there { Some(named) } else { first });
        prop_assert!(!is_there || estimate.other_check != Some(named));
    }

    #[test]
    fn a_snapshot_is_read_back_as_it_was(request in request(), check in checks()) {
        let estimate = estimate(&request, &[check]);
        let text = serde_json::to_string(&estimate).unwrap();
        prop_assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), estimate);
    }
}
