//! Repeatable chance: the same seed throws the same dice.

use almoner_domain::ambient::{Entropy as _, SeededEntropy};

/// Draws from a seeded sequence.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    /// The dice that belong to `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// The dice of one of many things, whichever was asked about before: what each is like depends
    /// on the seed, on what kind of thing it is, and on its number alone.
    pub(crate) fn of(seed: u64, kind: u64, number: i64) -> Self {
        let number = u64::from_ne_bytes(number.to_ne_bytes());
        Self::new(mixed(mixed(mixed(seed) ^ kind) ^ number))
    }

    fn draw(&self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_be_bytes(bytes)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&self, low: i64, high: i64) -> i64 {
        assert!(low <= high, "there is something to draw from");
        low + i64::from(self.draw()) % (high - low + 1)
    }

    /// True in so many of a hundred draws.
    pub(crate) fn chance(&self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// A place in a list of that length.
    pub(crate) fn place(&self, length: usize) -> usize {
        assert!(length > 0, "there is something to draw from");
        let draw = usize::try_from(self.draw()).expect("a place fits");
        draw % length
    }

    /// A place in a list of that length, the earlier the likelier: the least of so many draws.
    pub(crate) fn early_place(&self, length: usize, draws: u32) -> usize {
        (0..draws).map(|_| self.place(length)).min().unwrap_or(0)
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// One of several, each as likely as its weight says.
    pub(crate) fn weighed<T: Copy>(&self, list: &[(i64, T)]) -> T {
        let mut left = self.between(1, list.iter().map(|choice| choice.0).sum());
        for &(weight, choice) in list {
            left -= weight;
            if left <= 0 {
                return choice;
            }
        }
        list[list.len() - 1].1
    }
}

/// Spreads numbers that follow each other over all numbers (the finalizer of `SplitMix64`).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
