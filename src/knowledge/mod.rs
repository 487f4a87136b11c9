//! What the field knows about itself, as data: well-known images, ports, published credentials, ends of life.
//!
//! Knowledge informs roles, messages and fixes; it never decides a verdict about an image that nobody has seen.

mod secrets;

pub use secrets::secret_scan;
