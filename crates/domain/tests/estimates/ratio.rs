//! Exact fractions, for a reference that rounds once and at the end.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Sub};

/// A fraction; the denominator is positive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    pub(crate) const ZERO: Self = Self::whole(0);
    pub(crate) const ONE: Self = Self::whole(1);

    pub(crate) const fn whole(number: i128) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    pub(crate) fn new(numerator: i128, denominator: i128) -> Self {
        assert!(denominator > 0, "a share is of something");
        let divisor = greatest_common_divisor(numerator.abs(), denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// The whole number closest to it; of two the greater.
    pub(crate) fn half_up(self) -> i128 {
        let half_more = self + Self::new(1, 2);
        half_more.numerator.div_euclid(half_more.denominator)
    }
}

fn greatest_common_divisor(one: i128, other: i128) -> i128 {
    if other == 0 { one.max(1) } else { greatest_common_divisor(other, one % other) }
}

impl Add for Ratio {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (one, two) = (self.numerator * other.denominator, other.numerator * self.denominator);
        Self::new(one + two, self.denominator * other.denominator)
    }
}

impl Sub for Ratio {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + Self { numerator: -other.numerator, ..other }
    }
}

impl Mul for Ratio {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::new(self.numerator * other.numerator, self.denominator * other.denominator)
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.numerator * other.denominator).cmp(&(other.numerator * self.denominator))
    }
}

#[test]
fn fractions_are_exact_and_rounded_once() {
    let third = Ratio::new(1, 3);
    assert_eq!(third + third + third, Ratio::ONE);
    assert_eq!((Ratio::ONE - third) * Ratio::whole(3), Ratio::whole(2));
    assert!(third < Ratio::new(34, 100) && Ratio::ZERO < third);
    let rounded = [(1, 2), (49, 100), (-1, 2), (7, 3)].map(|(n, d)| Ratio::new(n, d).half_up());
    assert_eq!(rounded, [1, 0, 0, 2]);
}
