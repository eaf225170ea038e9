//! What the sandbox needs to know of a question. It reads only what this program writes.

/// A question, cut up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    /// The header's elements, from `ISA` on.
    pub(super) header: Vec<&'a str>,
    /// BHT03.
    pub(super) reference: &'a str,
    /// BHT04, eight digits.
    pub(super) date: &'a str,
    /// BHT05.
    pub(super) time: &'a str,
    /// TRN02.
    pub(super) trace: &'a str,
    /// TRN03.
    pub(super) originator: &'a str,
    /// The whole segments that the answer repeats.
    pub(super) payer: &'a str,
    pub(super) provider: &'a str,
    pub(super) subscriber: Member<'a>,
    pub(super) dependent: Option<Member<'a>>,
    /// EQ01.
    pub(super) service_type: &'a str,
    /// DTP03 of 291.
    pub(super) service_date: Option<&'a str>,
}

/// A subscriber or a dependent, as segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) demographics: Option<&'a str>,
    pub(super) relationship: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads a 270; `None` for anything else.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let mut asked = Self::default();
        for segment in text.split('~').map(str::trim).filter(|segment| !segment.is_empty()) {
            asked.segment(segment);
        }
        let is_date = asked.date.len() == 8 && asked.date.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = asked.header.len() == 17
            && is_date
            && !asked.payer.is_empty()
            && !asked.provider.is_empty()
            && !asked.subscriber.name.is_empty()
            && !asked.service_type.is_empty();
        is_whole.then_some(asked)
    }

    fn segment(&mut self, segment: &'a str) {
        let elements: Vec<&str> = segment.split('*').collect();
        let element = |number: usize| elements.get(number).copied().unwrap_or_default();
        match (element(0), element(1)) {
            ("ISA", _) => self.header = elements,
            ("BHT", _) => {
                self.reference = element(3);
                self.date = element(4);
                self.time = element(5);
            }
            ("TRN", _) => {
                self.trace = element(2);
                self.originator = element(3);
            }
            ("NM1", "PR") => self.payer = segment,
            ("NM1", "1P") => self.provider = segment,
            ("NM1", "IL") => self.subscriber.name = segment,
            ("NM1", "03") => {
                self.dependent = Some(Member { name: segment, ..Member::default() });
            }
            ("DMG", _) => self.patient().demographics = Some(segment),
            ("INS", _) => self.patient().relationship = Some(segment),
            ("DTP", "291") => self.service_date = Some(element(3)),
            ("EQ", _) => self.service_type = element(1),
            _ => {}
        }
    }

    /// The person whose level is being read: the dependent's comes after the subscriber's.
    fn patient(&mut self) -> &mut Member<'a> {
        self.dependent.as_mut().unwrap_or(&mut self.subscriber)
    }

    /// The member id; empty without one.
    pub(super) fn member_id(&self) -> &'a str {
        self.subscriber.name.split('*').nth(9).unwrap_or_default()
    }

    /// What the figures follow from: the member id, or else the last name.
    pub(super) fn key(&self) -> &'a str {
        match self.member_id() {
            "" => self.subscriber.name.split('*').nth(3).unwrap_or_default(),
            id => id,
        }
    }
}
