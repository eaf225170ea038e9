//! AAA: why a payer could not answer, and what may be done about it.
//!
//! The words are our own and short. To add a code, add its line to [`reason`].

use crate::segment::Segment;
use crate::warning::{WarningCode, Warnings};

/// One rejection, at whatever level it stands. Benefits beside it stand as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejection {
    /// AAA03, for [`reason`].
    pub code: Option<String>,
    /// AAA04, for [`follow_up`].
    pub follow_up: Option<String>,
    /// AAA01: `Y` when the request itself was in order, `N` when it was not.
    pub valid_request: Option<String>,
    /// The loop that it stands in, such as `2100C`.
    pub loop_name: String,
    /// The number of the segment within the file.
    pub index: usize,
    /// The text of the segment, clipped to the length of a field.
    pub segment: String,
}

impl Rejection {
    /// The reason in words.
    pub fn reason(&self) -> &'static str {
        reason(self.code.as_deref().unwrap_or_default())
    }

    /// What may be done, in words.
    pub fn follow_up(&self) -> &'static str {
        follow_up(self.follow_up.as_deref().unwrap_or_default())
    }
}

/// The reason for a rejection (AAA03) in short words.
pub fn reason(code: &str) -> &'static str {
    match code {
        "" => "No reason given",
        "04" => "More was asked for than the payer allows in one request",
        "15" => "Required data is missing",
        "33" => "The request has an input error",
        "35" => "The service is out of network",
        "41" => "Access is restricted for this sender",
        "42" => "The payer cannot respond at this time",
        "43" => "The provider is not identified, or the id is invalid",
        "44" => "The provider's name is missing or invalid",
        "45" => "The provider's specialty is missing or invalid",
        "46" => "The provider's phone number is missing or invalid",
        "47" => "The provider's state is missing or invalid",
        "48" => "The referring provider's id is missing or invalid",
        "49" => "The provider is not the patient's primary care physician",
        "50" => "The provider may not ask this payer",
        "51" => "The provider is not on file with the payer",
        "52" => "The service date is not within the provider's time with the plan",
        "53" => "The benefit asked for does not fit the type of provider",
        "54" => "The kind of product or service code is unsuitable",
        "55" => "The product or service code is unsuitable",
        "56" => "The date is inappropriate",
        "57" => "The service date is missing or invalid",
        "58" => "The birth date is missing or invalid",
        "60" => "The birth date is after the service date",
        "61" => "The date of death is before the service date",
        "62" => "The service date is outside the time the payer answers for",
        "63" => "The service date lies in the future",
        "64" => "The patient's id is missing or invalid",
        "65" => "The patient's name is missing or invalid",
        "66" => "The patient's sex is missing or invalid",
        "67" => "The patient was not found",
        "68" => "The patient's id occurs more than once",
        "69" => "The request does not agree with the patient's age",
        "70" => "The request does not agree with the patient's sex",
        "71" => "The birth date does not match the payer's records",
        "72" => "The member id is missing or invalid",
        "73" => "The subscriber's name is missing or invalid",
        "74" => "The subscriber's sex is missing or invalid",
        "75" => "The subscriber was not found",
        "76" => "The member id occurs more than once at the payer",
        "77" => "The subscriber was found, the patient was not",
        "78" => "The subscriber is not in the group or plan named",
        "79" => "A party named in the request is invalid",
        "80" => "No response came from the payer; the request was ended",
        "97" => "The provider's address is missing or invalid",
        "98" => "The service is experimental",
        "AA" => "The authorization number was not found",
        "AE" => "The primary care physician's authorization is required",
        "AF" => "The diagnosis code is missing or invalid",
        "AG" => "The procedure code is missing or invalid",
        "IA" => "The authorization number is invalid",
        "MA" => "The authorization number is missing",
        "T4" => "The payer's name or id is missing",
        _ => "The payer gave a reason that is not in our list",
    }
}

/// What may be done after a rejection (AAA04) in short words.
pub fn follow_up(code: &str) -> &'static str {
    match code {
        "" => "No advice given",
        "C" => "Correct the data and send again",
        "N" => "Do not send again",
        "P" => "Send the original request again",
        "R" => "Sending again is allowed",
        "S" => "Do not send again: the request was passed to a third party",
        "W" => "Wait at least 30 seconds and send again, at most 10 times",
        "X" => "Wait at least 10 days and send again",
        "Y" => "Do not send again: the payer holds the request and will answer",
        _ => "The payer gave advice that is not in our list",
    }
}

/// Reads an AAA segment of the given loop.
pub(crate) fn read(segment: &Segment<'_>, loop_name: &str, warnings: &mut Warnings) -> Rejection {
    let is_reason = |number| {
        let value = segment.bytes(number);
        value.len() == 2 && value.iter().all(u8::is_ascii_digit)
    };
    // Some payers leave out the unused second element.
    let shifted = is_reason(2) && !is_reason(3);
    if shifted {
        warnings.add(
            WarningCode::ElementsShifted,
            Some(segment.index),
            "the elements of a rejection are shifted by one place; they were read from there",
        );
    }
    let at = if shifted { 2 } else { 3 };
    Rejection {
        valid_request: segment.field(1),
        code: segment.field(at),
        follow_up: segment.field(at + 1),
        loop_name: loop_name.to_owned(),
        index: segment.index,
        segment: segment.raw_field(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::segment::Segments;

    fn read_one(text: &str) -> (Rejection, Warnings) {
        let mut warnings = Warnings::default();
        let found = Segments::new(text.as_bytes(), Delimiters::default(), 0)
            .next()
            .map(|segment| read(&segment, "2100C", &mut warnings));
        (found.unwrap_or_default(), warnings)
    }

    #[test]
    fn reason_and_follow_up_are_in_words() {
        let (found, _) = read_one("AAA*N**71*C~");
        assert_eq!(found.code.as_deref(), Some("71"));
        assert_eq!(found.reason(), "The birth date does not match the payer's records");
        assert_eq!(found.follow_up(), "Correct the data and send again");
        assert_eq!(found.loop_name, "2100C");
        assert_eq!(reason("42"), "The payer cannot respond at this time");
    }

    #[test]
    fn a_shifted_rejection_is_read_from_where_it_stands() {
        let (found, warnings) = read_one("AAA*N*75*C~");
        assert_eq!(found.code.as_deref(), Some("75"));
        assert_eq!(found.follow_up.as_deref(), Some("C"));
        assert!(warnings.has(WarningCode::ElementsShifted));
    }

    #[test]
    fn a_rejection_without_reason_says_so() {
        let (found, _) = read_one("AAA*Y~");
        assert_eq!((found.code.as_deref(), found.reason()), (None, "No reason given"));
        assert_eq!(found.follow_up(), "No advice given");
    }
}
