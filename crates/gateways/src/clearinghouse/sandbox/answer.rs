//! The sandbox's 271s.

use super::asked::{Asked, Member};

/// The kinds of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Story<'a> {
    /// Active, with figures.
    Active,
    /// Two co-pays for an office visit.
    TwoCopays,
    /// Active, without any figure.
    NoMoney,
    /// Coverage ended last year.
    Inactive,
    /// Rejected, with the reason's code.
    Rejected(&'a str),
    /// Active, but answered later.
    Later,
}

impl<'a> Story<'a> {
    /// The kind that a question asks for by its member id.
    pub(crate) fn of(asked: &Asked<'a>) -> Self {
        let id = asked.member_id();
        let code = id.get(id.len().saturating_sub(5)..).and_then(|end| end.strip_prefix("AAA"));
        match code {
            Some(code) if code.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Self::Rejected(code)
            }
            _ if id.ends_with("INACTIVE") => Self::Inactive,
            _ if id.ends_with("COPAYS") => Self::TwoCopays,
            _ if id.ends_with("NOMONEY") => Self::NoMoney,
            _ if id.ends_with("LATER") => Self::Later,
            _ => Self::Active,
        }
    }
}

/// Reasons that a payer gives before it looks for anybody.
const PAYER_REASONS: [&str; 4] = ["04", "42", "79", "80"];
/// Reasons after which the same may be sent again.
const PASSING_REASONS: [&str; 2] = ["42", "80"];

/// The figures of a plan, in whole dollars.
struct Plan {
    copay: u64,
    percent: &'static str,
    deductible: u64,
    deductible_left: u64,
    out_of_pocket: u64,
    out_of_pocket_left: u64,
}

impl Plan {
    /// The same plan for the same member.
    fn of(key: &str) -> Self {
        // FNV-1a: it only scatters.
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let pick = |shift: u32, count: u64| (hash >> shift) % count;
        let deductible = 500 * (1 + pick(0, 6));
        let out_of_pocket = deductible + 1_000 * (2 + pick(8, 4));
        Self {
            copay: 20 + 5 * pick(16, 7),
            percent: if pick(24, 2) == 0 { ".1" } else { ".2" },
            deductible,
            deductible_left: deductible / 4 * pick(32, 5),
            out_of_pocket,
            out_of_pocket_left: out_of_pocket / 4 * (1 + pick(40, 4)),
        }
    }
}

/// A 271 while it is written.
struct Draft {
    text: String,
    /// The segments since ST, it included.
    segments: usize,
}

impl Draft {
    fn add(&mut self, segment: &str) {
        self.text.push_str(segment);
        self.text.push('~');
        self.segments += 1;
    }
}

/// The answer to a question.
pub(crate) fn answer(asked: &Asked<'_>, story: Story<'_>) -> String {
    let header = |number: usize| asked.header.get(number).copied().unwrap_or_default();
    let [from_kind, from, to_kind, to] = [7, 8, 5, 6].map(header);
    let (date, time, control) = (asked.date, asked.time, header(13));
    let (short_date, short_time) = (header(9), header(10));
    let blanks = " ".repeat(10);
    let mut draft = Draft { text: String::new(), segments: 0 };
    draft.add(&format!(
        "ISA*00*{blanks}*00*{blanks}*{from_kind}*{from}*{to_kind}*{to}*{short_date}*{short_time}*\
         ^*00501*{control}*0*T*:"
    ));
    let group = control.trim_start_matches('0');
    let (sender, receiver) = (from.trim(), to.trim());
    draft.add(&format!("GS*HB*{sender}*{receiver}*{date}*{short_time}*{group}*X*005010X279A1"));
    draft.segments = 0;
    draft.add("ST*271*0001*005010X279A1");
    draft.add(&format!("BHT*0022*11*{}*{date}*{time}", asked.reference));
    levels(&mut draft, asked, story);
    let count = draft.segments + 1;
    draft.add(&format!("SE*{count}*0001"));
    draft.add(&format!("GE*1*{group}"));
    draft.add(&format!("IEA*1*{control}"));
    draft.text
}

fn levels(draft: &mut Draft, asked: &Asked<'_>, story: Story<'_>) {
    let rejection = match story {
        Story::Rejected(code) => {
            let follow_up = if PASSING_REASONS.contains(&code) { "R" } else { "C" };
            Some((code, follow_up))
        }
        _ => None,
    };
    if let Some((code, follow_up)) = rejection
        && PAYER_REASONS.contains(&code)
    {
        draft.add("HL*1**20*0");
        draft.add(asked.payer);
        return draft.add(&format!("AAA*Y**{code}*{follow_up}"));
    }
    draft.add("HL*1**20*1");
    draft.add(asked.payer);
    draft.add("HL*2*1*21*1");
    draft.add(asked.provider);
    let rejection = rejection.map(|(code, follow_up)| format!("AAA*N**{code}*{follow_up}"));
    let trace = format!("TRN*2*{}*{}", asked.trace, asked.originator);
    match &asked.dependent {
        None => {
            draft.add("HL*3*2*22*0");
            draft.add(&trace);
            person(draft, &asked.subscriber, rejection.as_deref());
        }
        Some(dependent) => {
            draft.add("HL*3*2*22*1");
            person(draft, &asked.subscriber, None);
            draft.add("HL*4*3*23*0");
            draft.add(&trace);
            person(draft, dependent, rejection.as_deref());
        }
    }
    if rejection.is_none() {
        benefits(draft, asked, story);
    }
}

fn person(draft: &mut Draft, member: &Member<'_>, rejection: Option<&str>) {
    let segments = [Some(member.name), rejection, member.demographics, member.relationship];
    segments.into_iter().flatten().for_each(|segment| draft.add(segment));
}

fn benefits(draft: &mut Draft, asked: &Asked<'_>, story: Story<'_>) {
    let day = asked.service_date.unwrap_or(asked.date);
    let year: u32 = day.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    if story == Story::Inactive {
        let ended = year.saturating_sub(1);
        draft.add(&format!("DTP*291*RD8*{ended:04}0101-{ended:04}1231"));
        draft.add("EB*6**30");
        return draft.add("MSG*COVERAGE HAS ENDED");
    }
    draft.add(&format!("DTP*291*RD8*{year:04}0101-{year:04}1231"));
    draft.add("EB*1**30*PR*SANDBOX SAMPLE PPO");
    draft.add("EB*1**1^33^47^48^50^86^98^AL^MH^UC");
    let asked_type = asked.service_type;
    let is_listed = ["30", "1", "33", "47", "48", "50", "86", "98", "AL", "MH", "UC"];
    if !is_listed.contains(&asked_type) {
        draft.add(&format!("EB*1**{asked_type}"));
    }
    if story == Story::NoMoney {
        return;
    }
    let plan = Plan::of(asked.key());
    let Plan { copay, percent, deductible, out_of_pocket, .. } = plan;
    if story == Story::TwoCopays {
        draft.add(&format!("EB*B*IND*98***27*{copay}*****Y"));
        draft.add("MSG*PRIMARY CARE PHYSICIAN");
        draft.add(&format!("EB*B*IND*98***27*{}*****Y", copay * 2));
        draft.add("MSG*SPECIALIST");
    } else {
        draft.add(&format!("EB*B*IND*98***27*{copay}*****Y"));
    }
    draft.add(&format!("EB*B*IND*UC***27*{}*****Y", copay * 2));
    draft.add(&format!("EB*A*IND*30*****{percent}****Y"));
    draft.add("EB*A*IND*30*****.4****N");
    draft.add(&format!("EB*C*IND*30***23*{deductible}*****Y"));
    draft.add(&format!("EB*C*IND*30***29*{}*****Y", plan.deductible_left));
    draft.add(&format!("EB*C*FAM*30***23*{}*****Y", deductible * 2));
    draft.add(&format!("EB*C*IND*30***23*{}*****N", deductible * 2));
    draft.add(&format!("EB*G*IND*30***23*{out_of_pocket}*****Y"));
    draft.add(&format!("EB*G*IND*30***29*{}*****Y", plan.out_of_pocket_left));
    draft.add(&format!("EB*G*FAM*30***23*{}*****Y", out_of_pocket * 2));
}
