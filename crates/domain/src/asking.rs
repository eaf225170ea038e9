//! How long to wait before a party is asked again about what is unknown.

use jiff::SignedDuration;

/// The first waits; after them the party is asked daily.
const WAITS: [SignedDuration; 2] = [SignedDuration::from_mins(5), SignedDuration::from_hours(1)];
const DAILY: SignedDuration = SignedDuration::from_hours(24);

/// The wait after having asked that many times.
pub fn wait_after(asked: i64) -> SignedDuration {
    let place = usize::try_from(asked).unwrap_or_default();
    WAITS.get(place).copied().unwrap_or(DAILY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_asked_after_five_minutes_an_hour_and_then_daily() {
        let minutes = [-1, 0, 1, 2, 3, 1_000].map(|asked| wait_after(asked).as_mins());
        assert_eq!(minutes, [5, 5, 60, 1_440, 1_440, 1_440]);
    }
}
