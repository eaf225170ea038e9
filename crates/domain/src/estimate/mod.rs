//! The estimate: from a payer's answer to the amount to ask for.
