//! What a container can be in a stack.

/// The roles of the contract, in the order of reports.
pub const ROLES: [&str; 12] = [
    "pacs",
    "viewer",
    "proxy",
    "database",
    "cache",
    "queue",
    "object-store",
    "identity-provider",
    "ai-app",
    "monitoring",
    "admin",
    "other",
];
