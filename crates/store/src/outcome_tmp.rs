//! tmp
#[derive(Debug,Clone,Copy)] pub enum Outcome{A}
impl Outcome{ pub fn as_str(self)->&'static str{"active"} pub fn from_name(_:&str)->Option<Self>{Some(Self::A)} }
