//! The geometry of the charts, in whole units of the SVG's own coordinates.

use almoner_domain::{Money, Status};

use super::parts::count;

/// The trend's width.
pub(crate) const TREND_WIDTH: i64 = 240;
/// The trend's height.
pub(crate) const TREND_HEIGHT: i64 = 56;
/// The breakdown's width.
pub(crate) const SHARES_WIDTH: i64 = 1000;

/// What came in during a month.
#[derive(Debug, Clone)]
pub(crate) struct Month {
    /// `Nov 2026`.
    pub(crate) label: String,
    /// What was kept.
    pub(crate) net: Money,
    /// What was paid.
    pub(crate) gross: Money,
    /// What was refunded.
    pub(crate) refunded: Money,
    /// The month has not ended.
    pub(crate) is_partial: bool,
}

/// One bar of the trend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// Its left edge.
    pub(crate) x: i64,
    /// Its upper edge.
    pub(crate) y: i64,
    /// Its width.
    pub(crate) width: i64,
    /// Its height, at least 1 where there was money.
    pub(crate) height: i64,
    /// It hangs below the line.
    pub(crate) is_negative: bool,
    /// Its month has not ended.
    pub(crate) is_partial: bool,
}

/// The bars of a trend and the line that they stand on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trend {
    /// One for each month.
    pub(crate) bars: Vec<Bar>,
    /// The height of zero.
    pub(crate) zero_y: i64,
}

impl Trend {
    /// Lays the months' net sums out from left to right.
    pub(crate) fn of(months: &[Month]) -> Self {
        let nets = || months.iter().map(|month| i128::from(month.net.cents()));
        let above = nets().max().unwrap_or(0).max(0);
        let below = -nets().min().unwrap_or(0).min(0);
        let whole = (above + below).max(1);
        let usable = i128::from(TREND_HEIGHT - 1);
        let zero_y = narrow((above * usable + whole / 2) / whole);
        let zero_y = if above + below == 0 { TREND_HEIGHT - 1 } else { zero_y };
        let slots = i64::try_from(months.len()).unwrap_or(1).max(1);
        let slot = TREND_WIDTH / slots;
        let gap = (slot / 4).max(1);
        let bar = |(index, month): (usize, &Month)| {
            let net = i128::from(month.net.cents());
            let exact = narrow((net.abs() * usable + whole / 2) / whole);
            let height = if net == 0 { 0 } else { exact.max(1) };
            let left = i64::try_from(index).unwrap_or(0) * slot;
            let y = if net < 0 { zero_y } else { (zero_y - height).max(0) };
            Bar {
                x: left + gap / 2,
                y,
                width: (slot - gap).max(1),
                height,
                is_negative: net < 0,
                is_partial: month.is_partial,
            }
        };
        Self { bars: months.iter().enumerate().map(bar).collect(), zero_y }
    }
}

/// One part of the breakdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    /// Which status.
    pub(crate) status: Status,
    /// How many payments.
    pub(crate) count: i64,
    /// Its left edge.
    pub(crate) x: i64,
    /// Its width, at least 6 where there is any payment.
    pub(crate) width: i64,
}

/// The least width of a share that is not empty.
const SHARE_WIDTH_MIN: i64 = 6;

/// Lays the counts out side by side over the whole width.
pub(crate) fn shares(counts: &[(Status, i64)]) -> Vec<Share> {
    let total: i128 = counts.iter().map(|&(_, count)| i128::from(count.max(0))).sum();
    let filled = counts.iter().filter(|&&(_, count)| count > 0).count();
    let reserved = SHARE_WIDTH_MIN * i64::try_from(filled).unwrap_or(0);
    let free = i128::from(SHARES_WIDTH - reserved);
    let mut before: i128 = 0;
    let mut minimums = 0;
    let mut laid = Vec::with_capacity(counts.len());
    for &(status, count) in counts {
        let held = i128::from(count.max(0));
        let at = |part: i128| if total == 0 { 0 } else { narrow(part * free / total) };
        let x = at(before) + minimums;
        before += held;
        minimums += if held > 0 { SHARE_WIDTH_MIN } else { 0 };
        laid.push(Share { status, count, x, width: at(before) + minimums - x });
    }
    laid
}

/// The width of the chart of collections.
pub(crate) const COLUMNS_WIDTH: i64 = 760;
/// Its height.
pub(crate) const COLUMNS_HEIGHT: i64 = 220;
/// Where its bars begin, right of the amounts.
pub(crate) const COLUMNS_LEFT: i64 = 88;
/// Where its bars end above.
const COLUMNS_TOP: i64 = 8;
/// Where its bars end below, above the names of the months.
const COLUMNS_BOTTOM: i64 = 196;
/// Lines at round amounts, besides zero, on one side at most.
const LINES_MAX: i128 = 4;
/// The least room for the name of a month.
const LABEL_WIDTH: i64 = 54;

/// A word or a line at a place of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its place: a height for a line, the middle for a word.
    pub(crate) at: i64,
    /// What it says.
    pub(crate) label: String,
}

/// What came in by month, with lines at round amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    /// One for each month.
    pub(crate) bars: Vec<Bar>,
    /// Lines at round amounts, the highest first.
    pub(crate) lines: Vec<Mark>,
    /// The names of some months.
    pub(crate) labels: Vec<Mark>,
}

/// The least of 1, 2, 5, 10, 20 … dollars of which at most [`LINES_MAX`] span so many cents.
fn step(cents: i128) -> i128 {
    let mut step = 100;
    for factor in [(2, 1), (5, 2), (2, 1)].into_iter().cycle() {
        if step * LINES_MAX >= cents {
            break;
        }
        step = step * factor.0 / factor.1;
    }
    step
}

impl Columns {
    /// Lays the months' net sums out from left to right.
    pub(crate) fn of(months: &[Month]) -> Self {
        let nets = || months.iter().map(|month| i128::from(month.net.cents()));
        let above = nets().max().unwrap_or(0).max(0);
        let below = -nets().min().unwrap_or(0).min(0);
        let step = step(above + below);
        let round = |cents: i128| (cents + step - 1) / step;
        let (up, down) = (round(above), round(below));
        let whole = ((up + down) * step).max(1);
        let usable = i128::from(COLUMNS_BOTTOM - COLUMNS_TOP);
        let height = |cents: i128| narrow((cents * usable + whole / 2) / whole);
        let zero = if up + down == 0 { COLUMNS_BOTTOM } else { COLUMNS_TOP + height(up * step) };
        let line = |number: i128| {
            let offset = height(number.abs() * step);
            let at = if number < 0 { (zero + offset).min(COLUMNS_BOTTOM) } else { zero - offset };
            let dollars = narrow(number.abs() * step / 100);
            let sign = if number < 0 { "-" } else { "" };
            Mark { at, label: format!("{sign}${}", count(dollars)) }
        };
        let slots = i64::try_from(months.len()).unwrap_or(1).max(1);
        let slot = ((COLUMNS_WIDTH - COLUMNS_LEFT) / slots).max(1);
        let width = (slot * 3 / 4).clamp(1, 48);
        let left = |index: usize| COLUMNS_LEFT + i64::try_from(index).unwrap_or(0) * slot;
        let bar = |(index, month): (usize, &Month)| {
            let net = i128::from(month.net.cents());
            let tall = if net == 0 { 0 } else { height(net.abs()).max(1) };
            let tall = if net < 0 { tall.min(COLUMNS_BOTTOM - zero) } else { tall };
            Bar {
                x: left(index) + (slot - width) / 2,
                y: if net < 0 { zero } else { zero - tall },
                width,
                height: tall,
                is_negative: net < 0,
                is_partial: month.is_partial,
            }
        };
        let every = usize::try_from((LABEL_WIDTH + slot - 1) / slot).unwrap_or(1).max(1);
        let label = |(index, month): (usize, &Month)| Mark {
            at: left(index) + slot / 2,
            label: month.label.clone(),
        };
        Self {
            bars: months.iter().enumerate().map(bar).collect(),
            lines: (-down..=up).rev().map(line).collect(),
            labels: months.iter().enumerate().step_by(every).map(label).collect(),
        }
    }
}

fn narrow(number: i128) -> i64 {
    i64::try_from(number).expect("a length within the chart")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(nets: &[i64]) -> Vec<Month> {
        nets.iter()
            .map(|&cents| Month {
                label: String::new(),
                net: Money::from_cents(cents),
                gross: Money::from_cents(cents.max(0)),
                refunded: Money::ZERO,
                is_partial: false,
            })
            .collect()
    }

    #[test]
    fn nothing_at_all_has_bars_without_height() {
        let trend = Trend::of(&months(&[0; 12]));
        assert!(trend.bars.iter().all(|bar| bar.height == 0));
        assert_eq!(trend.zero_y, TREND_HEIGHT - 1);
        assert!(Trend::of(&[]).bars.is_empty());
    }

    #[test]
    fn one_month_and_equal_months_reach_the_top() {
        assert_eq!(Trend::of(&months(&[5])).bars[0].height, TREND_HEIGHT - 1);
        let equal = Trend::of(&months(&[700; 12]));
        assert!(equal.bars.iter().all(|bar| bar.height == TREND_HEIGHT - 1 && bar.y == 0));
    }

    #[test]
    fn a_negative_month_hangs_below_the_line() {
        let trend = Trend::of(&months(&[100, -100, 1]));
        let [up, down, least] = &trend.bars[..] else { panic!("three bars") };
        assert_eq!(up.y + up.height, trend.zero_y);
        assert!(down.is_negative && down.y == trend.zero_y);
        assert!(down.y + down.height <= TREND_HEIGHT);
        assert_eq!(least.height, 1);
        let only = Trend::of(&months(&[-100]));
        assert_eq!((only.zero_y, only.bars[0].height), (0, TREND_HEIGHT - 1));
    }

    #[test]
    fn bars_stay_inside_and_apart() {
        let trend = Trend::of(&months(&[i64::MAX, 1, i64::MIN + 1, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
        for pair in trend.bars.windows(2) {
            assert!(pair[0].x + pair[0].width < pair[1].x);
        }
        let inside = |bar: &Bar| bar.y >= 0 && bar.y + bar.height <= TREND_HEIGHT;
        assert!(trend.bars.iter().all(inside));
    }

    #[test]
    fn shares_fill_the_width_and_the_least_is_seen() {
        let laid = shares(&[(Status::Draft, 1), (Status::Paid, 1_000_000), (Status::Failed, 0)]);
        assert_eq!(laid[0].width, SHARE_WIDTH_MIN);
        assert_eq!(laid[1].x + laid[1].width, SHARES_WIDTH);
        assert_eq!(laid[2].width, 0);
        assert!(shares(&[(Status::Draft, 0)]).iter().all(|share| share.width == 0));
    }

    /// The bars with the places of the lines at zero and at the top.
    fn columns(nets: &[i64]) -> (Columns, i64) {
        let columns = Columns::of(&months(nets));
        let zero = columns.lines.iter().find(|line| line.label == "$0").unwrap().at;
        (columns, zero)
    }

    #[test]
    fn columns_of_nothing_stand_on_one_line() {
        let (columns, zero) = columns(&[0; 12]);
        assert!(columns.bars.iter().all(|bar| bar.height == 0 && bar.y == zero));
        assert_eq!((columns.lines.len(), zero), (1, COLUMNS_BOTTOM));
        assert!(Columns::of(&[]).bars.is_empty());
    }

    #[test]
    fn one_column_and_equal_columns_reach_a_round_line() {
        let (one, zero) = columns(&[20_000]);
        assert_eq!((one.bars[0].y, one.bars[0].y + one.bars[0].height), (COLUMNS_TOP, zero));
        assert_eq!(one.lines[0], Mark { at: COLUMNS_TOP, label: "$200".to_owned() });
        let (equal, _) = columns(&[123_456; 12]);
        assert!(equal.bars.iter().all(|bar| bar.y == equal.bars[0].y));
        assert_eq!(equal.lines[0].label, "$1,500");
    }

    #[test]
    fn negative_columns_hang_below_zero() {
        let (mixed, zero) = columns(&[90_000, -45_000, 1]);
        let [up, down, least] = &mixed.bars[..] else { panic!("three bars") };
        assert_eq!((up.y + up.height, down.y, down.is_negative), (zero, zero, true));
        assert_eq!((least.height, least.y), (1, zero - 1));
        let (only, zero) = columns(&[-45_000; 2]);
        assert_eq!((zero, only.bars[0].y), (COLUMNS_TOP, COLUMNS_TOP));
        assert_eq!(only.lines.last().unwrap().label, "-$600");
    }

    #[test]
    fn columns_stay_inside_and_apart_however_many() {
        for count in [1, 2, 12, 37, 60] {
            let mut nets = vec![7; count];
            nets[0] = i64::MAX;
            nets[count - 1] = i64::MIN + 1;
            let (columns, _) = columns(&nets);
            for pair in columns.bars.windows(2) {
                assert!(pair[0].x + pair[0].width < pair[1].x);
            }
            for bar in &columns.bars {
                assert!(bar.x >= COLUMNS_LEFT && bar.x + bar.width <= COLUMNS_WIDTH);
                assert!(bar.y >= COLUMNS_TOP && bar.y + bar.height <= COLUMNS_BOTTOM, "{bar:?}");
            }
            for pair in columns.labels.windows(2) {
                assert!(pair[1].at - pair[0].at >= LABEL_WIDTH);
            }
            let lines = columns.lines.len();
            assert!((2..=7).contains(&lines), "{lines} lines");
        }
    }
}
