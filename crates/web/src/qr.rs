//! An address as a picture that a phone reads.

use fast_qr::{ECL, QRBuilder};

/// The empty modules around the picture, without which readers do not find it.
const QUIET_MODULES: usize = 4;

/// A QR code as a path of an SVG, a unit for each module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Qr {
    /// How many modules wide and high, with the empty ones around.
    pub(crate) size: usize,
    /// The dark modules.
    pub(crate) path: String,
}

/// The code of an address; `None` when it is too long for one.
pub(crate) fn code(address: &str) -> Option<Qr> {
    let qr = QRBuilder::new(address).ecl(ECL::M).build().ok()?;
    let mut runs = Vec::new();
    for row in 0..qr.size {
        let is_dark = |column: &usize| qr[row][*column].value();
        let mut column = 0;
        while column < qr.size {
            let run = (column..qr.size).take_while(is_dark).count();
            if run > 0 {
                let (x, y) = (column + QUIET_MODULES, row + QUIET_MODULES);
                runs.push(format!("M{x} {y}h{run}v1h-{run}z"));
            }
            column += run.max(1);
        }
    }
    Some(Qr { size: qr.size + 2 * QUIET_MODULES, path: runs.concat() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finder_patterns_stand_in_three_corners() {
        let qr = code("https://pay.clinic.example/pay/1-894-1-abcdefghijklmnopqrstuvwxyz").unwrap();
        let far = qr.size - QUIET_MODULES - 7;
        for (x, y) in [(4, 4), (far, 4), (4, far)] {
            let frame = format!("M{x} {y}h7v1h-7z");
            assert!(qr.path.contains(&frame), "{frame} is missing");
        }
        assert_eq!(code(&"x".repeat(9_000)), None);
    }
}
