//! The reader against files: invented ones for each quirk, hostile ones, and samples when given.

mod cases;
