//! How a span says that it may leave the program.

/// The target of the spans that are exported to a collector of traces, when one is set up. What
/// such a span may hold is what a log line may: ids, names of our own, counts and durations.
pub const EXPORTED: &str = "almoner_trace";
