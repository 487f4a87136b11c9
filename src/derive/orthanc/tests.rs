//! Which value is in effect in which version.
