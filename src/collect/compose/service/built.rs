//! What the Dockerfile of a built service says where the compose file says nothing.

use std::sync::Arc;

use super::volume::Volume;
use super::{Service, is_empty, read};
use crate::collect::compose::value::{Node, text};
use crate::collect::dockerfile::{Base, Image, Made, Spot};
use crate::facts::{Fact, List, Origin, Reason, Record, Unknown};
use crate::knowledge::end_of_life;

impl<'p> Service<'p> {
    /// The image that is built for the service, where its Dockerfile could be followed. With `pull_policy: always` it is
    /// fetched instead.
    pub(in crate::collect::compose) fn image_built(&self) -> Option<&'p Image> {
        self.build.filter(|_| self.is_built()).and_then(|build| build.image().ok())
    }

    /// Whether the service runs what is built here, readable or not.
    pub(in crate::collect::compose) fn is_built(&self) -> bool {
        let pulled = self.get("pull_policy").is_some_and(|policy| text(policy) != Ok("build") && text(policy) != Ok("never"));
        self.build.is_some() && !(pulled && self.get("image").is_some())
    }

    /// Whether nothing lies below the Dockerfile: all that the image has is known.
    pub(super) fn is_from_scratch(&self) -> bool {
        self.image_built().is_some_and(|image| matches!(image.base, Base::Scratch))
    }

    /// A place in the Dockerfile.
    pub(in crate::collect::compose) fn built_at(&self, at: Spot) -> Arc<Origin> {
        self.build.map_or_else(|| self.at.origin(), |build| build.reading.origin(at))
    }

    /// Why something that neither the compose file nor the Dockerfile says is not known.
    pub(super) fn unseen(&self, what: &str) -> Unknown {
        match self.build.map(|build| (build, build.image())) {
            None => Unknown::new(Reason::ImageNotSeen, format!("{what} in the compose file, and the image was not seen")),
            Some((_, Err(why))) => {
                let detail = why.detail.as_deref().unwrap_or("its Dockerfile was not seen").to_owned();
                Unknown::new(Reason::ImageNotSeen, format!("{what} in the compose file; {detail}"))
            }
            Some((build, Ok(_))) => {
                let shown = &build.shown;
                Unknown::new(
                    Reason::ImageNotSeen,
                    format!("{what} in the compose file or in {shown}, and the base image was not seen"),
                )
            }
        }
    }
}

/// `user.spec`, `user.made` and the users that the Dockerfile makes.
pub(super) fn user(service: &Service<'_>, facts: &mut Record) {
    let own = service.entry("user");
    let image = service.image_built();
    let said = image.and_then(|image| image.user.as_ref());
    let spec = match (own.filter(|entry| !is_empty(entry)), said) {
        (Some(entry), _) => read::text_fact(entry, |text| Ok(text.to_owned())),
        (None, Some(said)) => said.value.clone().map_or_else(Fact::unknown, Fact::known).at(&service.built_at(said.at)),
        (None, None) if service.is_from_scratch() => Fact::absent().at(&service.at.origin()),
        (None, None) => {
            let origin = own.map_or(service.at, |entry| &entry.at).origin();
            Fact::unknown(service.unseen("no `user:`")).at(&origin)
        }
    };
    let name = spec.text().and_then(|spec| spec.split(':').next()).unwrap_or("").to_owned();
    facts.put("user.spec", spec);
    let made = image.filter(|_| !hides_users(service)).and_then(|image| image.user_made(&name));
    facts.set_or_absent("user.made", (made == Some(Made::Chosen)).then_some(name.as_str()));
    facts.absent("user.refuses_root");
    let users = match made {
        Some(Made::Id(uid)) => {
            let mut user = Record::new();
            user.set_here("name", name);
            user.set_here("uid", uid);
            let why = Unknown::new(Reason::ImageNotSeen, "the other users of the image were not seen");
            Fact::known(List::incomplete(vec![user.into()], why))
        }
        Some(Made::Chosen | Made::Unclear) => {
            Fact::unknown(Unknown::new(Reason::ImageNotSeen, format!("the Dockerfile does not say which id `{name}` gets")))
        }
        None => Fact::unknown(Unknown::new(Reason::NoTarget, "a compose file says what should run; no engine was asked")),
    };
    facts.put("passwd", users.at(&service.at.origin()));
}

/// Whether something is mounted over /etc/passwd.
fn hides_users(service: &Service<'_>) -> bool {
    let nodes = service.get("volumes").and_then(Node::list).unwrap_or_default();
    nodes
        .iter()
        .any(|node| Volume::read(node).map_or(true, |v| matches!(v.target.trim_end_matches('/'), "" | "/etc" | "/etc/passwd")))
}

/// The base system, where the name of the base says it.
pub(super) fn system(service: &Service<'_>, facts: &mut Record) {
    let base = service.image_built().and_then(|image| match &image.base {
        Base::Image(Ok(reference)) => end_of_life().system_of_image(reference).map(|system| (system, image.base_at)),
        _ => None,
    });
    match base {
        Some(((id, version), at)) => {
            facts.set("os.id", id, &service.built_at(at));
            facts.set("os.version", version, &service.built_at(at));
        }
        None => {
            for path in ["os.id", "os.version"] {
                facts.unknown(path, Unknown::new(Reason::ImageNotSeen, "the image was not seen"));
            }
        }
    }
}
