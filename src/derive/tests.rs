//! Tests of what is derived, on documents written by hand.
