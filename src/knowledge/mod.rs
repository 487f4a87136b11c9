//! What the field knows about itself, as data: well-known images, ports, published credentials, ends of life.
//!
//! Knowledge informs roles, messages and fixes; it never decides a verdict about an image that nobody has seen.
//! The files and their fields are described in `README.md` beside this file.

mod advisories;
mod apps;
mod end_of_life;
mod images;
mod ingress;
mod names;
mod orthanc;
mod ports;
mod scanners;
mod secrets;
mod switches;

pub use advisories::{Advisories, Advisory, Applies, advisories};
pub use apps::{Application, Applications, Hidden, applications};
pub use end_of_life::{EndOfLife, ImageSupport, Support, end_of_life};
pub(crate) use images::repository;
pub use images::{ImageKnowledge, Images, Retired, images};
pub use ingress::{Annotation, annotation};
pub use names::{NameHint, Names, names};
pub use orthanc::{
    Assembly, Default as KeyDefault, Environment, Key, KeyType, Keys, OrthancImage, OrthancImages, Plugin, Since, Version,
    VersionRange, orthanc_environment, orthanc_images, orthanc_keys,
};
pub use ports::{PortMeaning, Ports, ports};
pub use scanners::{Scanner, scanners};
pub use secrets::secret_scan;
pub use switches::{CommandSwitch, Switches, debug_switches, tls_switches};

/// Reads one of the shipped files.
///
/// # Panics
/// When the file does not fit its type: a fault of ours that the first test finds.
fn shipped<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> T {
    match serde_saphyr::from_str(text) {
        Ok(data) => data,
        Err(error) => panic!("src/knowledge/{name} does not fit its type: {error}"),
    }
}
