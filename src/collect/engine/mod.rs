//! Container engines: Docker, and Podman through its Docker-like API.
//!
//! Only GET requests leave (`client.rs`). What is asked, and in which order, is in `gather.rs`; the answers become facts
//! in `container.rs`, `image.rs` and `info.rs`.

mod archive;
mod client;
mod container;
mod dial;
mod endpoint;
mod failure;
mod fields;
mod gather;
mod host;
mod image;
mod info;
mod inside;
mod mounts;
mod podman;
mod ports;
mod program;
mod runtime;
mod startup;
mod tls;
mod tool;
mod tree;
mod typed;
mod words;

pub use client::Limits;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Collected, Context, Selection};
use crate::facts::{CollectError, Document, Reason};
use crate::knowledge::secret_scan;
use crate::target::EngineAddress;
use container::Around;
use endpoint::Endpoint;
use fields::Origins;
use gather::{Gather, Material};
use host::Host;
use words::Scanner;

/// Collects containers, their images and the engine itself within the usual limits.
pub async fn collect(address: &EngineAddress, given: &str, selection: &Selection, context: &mut Context<'_>) -> Collected {
    collect_within(address, given, selection, context, Limits::default()).await
}

/// [`collect`] within other limits.
pub async fn collect_within(
    address: &EngineAddress,
    given: &str,
    selection: &Selection,
    context: &mut Context<'_>,
    limits: Limits,
) -> Collected {
    let unreachable = |failure: failure::Failure| Collected {
        errors: vec![CollectError::new(given, &failure.text)],
        unreachable: Some(failure.reason),
        ..Collected::default()
    };
    let endpoint = match Endpoint::resolve(address, context.environment) {
        Ok(endpoint) => endpoint,
        Err(failure) => return unreachable(failure),
    };
    let gather = Gather::new(endpoint, limits, context.progress);
    let material = match Box::pin(gather.run(selection)).await {
        Ok(material) => material,
        Err(failure) => return unreachable(failure),
    };
    let name = material.info.as_ref().ok().and_then(|info| info.get("Name")?.as_str());
    let host = Host::behind(gather.socket(), name).await;
    let mut documents = documents(&material, &host, &gather, given, context);
    documents.extend(program::documents(gather.client(), &material, given, context.groups).await);
    let message = |text: String| CollectError::new(given, text);
    let missing = not_found(&material, selection);
    // What the user named and nobody found must not pass for "there is none".
    let unreachable = (!missing.is_empty()).then_some(Reason::Unreachable);
    Collected {
        documents,
        errors: missing.into_iter().chain(problems(&material)).map(message).collect(),
        unreachable,
        ..Collected::default()
    }
}

/// Containers that the user asked for by name or label and that are not there.
fn not_found(material: &Material, selection: &Selection) -> Vec<String> {
    let is_there = |name: &str| material.containers.iter().any(|seen| seen.name == name.trim_start_matches('/'));
    let mut missing: Vec<String> = selection
        .containers
        .iter()
        .filter(|name| !is_there(name))
        .map(|name| format!("there is no container `{name}` among those looked at"))
        .collect();
    if missing.is_empty() && !selection.labels.is_empty() && material.containers.is_empty() {
        missing.push("no container has the labels asked for".to_owned());
    }
    missing
}

/// Engine, images and containers, each kind by name. Secrets are numbered in this order, so that runs agree.
fn documents(material: &Material, host: &Host, gather: &Gather<'_>, given: &str, context: &mut Context<'_>) -> Vec<Document> {
    let origins = Origins::default();
    let mut scanner = Scanner { scan: secret_scan(), groups: context.groups };
    let mut documents = vec![info::document(material, host, gather.socket(), gather.unprotected(), given, &origins)];
    let around = Around { target: given, material, host, origins: &origins };
    documents.extend(material.containers.iter().map(|seen| container::document(seen, &around, &mut scanner)));
    let references = |id: &str| -> BTreeSet<String> {
        let users = material.containers.iter().filter(|seen| seen.image() == Some(id));
        users.filter_map(|seen| seen.field("/Config/Image")?.as_str()).map(fields::plain).collect()
    };
    let images = material.images.iter();
    let mut images: Vec<Document> =
        images.map(|(id, image)| image::document(id, image, &references(id), given, &origins, &mut scanner)).collect();
    images.sort_by(|a, b| a.name.cmp(&b.name));
    tell_apart(&mut images);
    documents.extend(images);
    documents
}

/// A tag that moved names two images: then the name carries the id as well.
fn tell_apart(images: &mut [Document]) {
    let names: Vec<Arc<str>> = images.iter().map(|image| Arc::clone(&image.name)).collect();
    for image in images {
        if names.iter().filter(|name| **name == image.name).count() > 1 {
            let id = image.facts.text("id").unwrap_or_default();
            image.name =
                format!("{} ({})", image.name, id.trim_start_matches("sha256:").chars().take(12).collect::<String>()).into();
        }
    }
}

/// What went wrong on the way, each thing once.
fn problems(material: &Material) -> Vec<String> {
    let mut all: Vec<String> = material.vanished.iter().map(|name| container::vanished(name)).collect();
    let engine = [material.info.as_ref().err(), material.networks.as_ref().err(), material.volumes.as_ref().err()];
    all.extend(engine.into_iter().flatten().map(|failure| failure.text.clone()));
    let wrong = |failure: &&failure::Failure| failure.is_error();
    for seen in &material.containers {
        let answers = [
            seen.inspect.as_ref().err(),
            seen.processes.as_ref().and_then(|answer| answer.as_ref().err()),
            seen.log.as_ref().and_then(|answer| answer.as_ref().err()),
            seen.passwd.as_ref().and_then(|answer| answer.as_ref().err()),
        ];
        all.extend(
            answers
                .into_iter()
                .flatten()
                .filter(wrong)
                .map(|failure| format!("container {}: {failure}", fields::plain(&seen.name))),
        );
    }
    for (id, image) in &material.images {
        let answers = [image.inspect.as_ref().err(), image.history.as_ref().err()];
        all.extend(answers.into_iter().flatten().filter(wrong).map(|failure| format!("image {}: {failure}", fields::plain(id))));
    }
    all.dedup();
    all
}
