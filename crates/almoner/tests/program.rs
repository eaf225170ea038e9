//! The built program, tested from outside.

mod program {
    mod cli;
    mod common;
    mod refund_race;
}
