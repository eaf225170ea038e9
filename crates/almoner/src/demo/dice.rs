//! Repeatable chance: the same seed throws the same dice.

use almoner_domain::ambient::{Entropy as _, SeededEntropy};

/// Draws from a seeded sequence.
pub(super) struct Dice(SeededEntropy);

impl Dice {
    /// The dice that belong to `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    fn draw(&self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_be_bytes(bytes)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&self, low: i64, high: i64) -> i64 {
        assert!(low <= high, "there is something to draw from");
        low + i64::from(self.draw()) % (high - low + 1)
    }

    /// True in so many of a hundred draws.
    pub(super) fn chance(&self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// A place in a list of that length.
    pub(super) fn place(&self, length: usize) -> usize {
        assert!(length > 0, "there is something to draw from");
        let draw = usize::try_from(self.draw()).expect("a place fits");
        draw % length
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// One of several, each as likely as its weight says.
    pub(super) fn weighed<T: Copy>(&self, list: &[(i64, T)]) -> T {
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
