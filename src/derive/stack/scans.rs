//! Reports of scanners: fresh, clean, and about the very images of this stack?

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::facts::{Document, Fact, List, Reason, Record, State, Unknown};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Writes `image_scans`, `dependency_scans` and `images`.
pub(super) fn derive(facts: &mut Record, containers: &[Document], as_of: Timestamp) {
    let scans: Vec<Fact> = facts.list("scans").map(|list| list.items.clone()).unwrap_or_default();
    let of = |kind: &str| -> Vec<Fact> {
        let wanted = |fact: &&Fact| fact.record().is_some_and(|scan| scan.text("kind").is_none_or(|found| found == kind));
        scans.iter().filter(wanted).map(|fact| judge(fact, as_of)).collect()
    };
    let (images, dependencies) = (of("image"), of("dependencies"));
    let reports: Vec<&Record> = scans.iter().filter_map(Fact::record).filter(|scan| scan.text("kind") == Some("image")).collect();
    if images.is_empty() {
        facts.unknown("images", not_given("Trivy or Grype report on its images"));
        facts.unknown("image_scans", not_given("Trivy or Grype report on its images"));
    } else {
        facts.set_here("images", used_images(containers, &reports));
        facts.set_here("image_scans", images);
    }
    if dependencies.is_empty() {
        facts.unknown("dependency_scans", not_given("report on its dependencies"));
    } else {
        facts.set_here("dependency_scans", dependencies);
    }
}

fn not_given(what: &str) -> Unknown {
    Unknown::new(Reason::Unproven, format!("no {what} was given (`evidence:` in pacscan.yaml)"))
}

/// One report at the audit's clock.
fn judge(fact: &Fact, as_of: Timestamp) -> Fact {
    let scan = fact.record().cloned().unwrap_or_default();
    let mut judged = Record::new();
    let gap = scan.text("gap").map(|gap| Unknown::new(Reason::Unproven, format!("{}: {gap}", file(&scan))));
    judged.put("intact", if scan.has("intact") { scan.get("intact").clone() } else { unreadable(gap.clone()) });
    judged.put("fresh", fresh(&scan, gap.clone(), as_of));
    judged.put("clean", clean(&scan, gap));
    judged.set_here("label", label(&scan, as_of));
    Fact { origin: fact.origin.clone(), ..Fact::from(judged) }
}

fn unreadable(gap: Option<Unknown>) -> Fact {
    Fact::unknown(gap.unwrap_or_else(|| Reason::Unproven.into()))
}

fn file(scan: &Record) -> &str {
    scan.text("file").unwrap_or("the report")
}

fn created(scan: &Record) -> Option<Timestamp> {
    scan.text("created")?.parse().ok()
}

/// Not older than its days, and not from the future, a day of wrong clocks apart.
fn fresh(scan: &Record, gap: Option<Unknown>, as_of: Timestamp) -> Fact {
    let Some(created) = created(scan) else {
        return match (&scan.get("created").state, gap) {
            (State::Known(_), _) => {
                Fact::unknown(Unknown::new(Reason::Unproven, format!("the date in {} cannot be read", file(scan))))
            }
            (State::Unknown(why), None) if why.detail.is_some() => Fact::unknown(why.clone()),
            (_, gap) => unreadable(gap),
        };
    };
    let age = as_of.as_second() - created.as_second();
    let most = scan.int("max_age").unwrap_or(0) * DAY;
    Fact::known(age <= most && age >= -DAY)
}

/// No finding from the threshold up. Findings without a severity, and reports with a gap, leave it open.
fn clean(scan: &Record, gap: Option<Unknown>) -> Fact {
    let words = ["critical", "high", "medium", "low"];
    let counts: Option<Vec<i64>> = words.iter().map(|word| scan.int(word)).collect();
    let (Some(counts), Some(unrated)) = (counts, scan.int("unrated")) else { return unreadable(gap) };
    let threshold = words.iter().position(|word| scan.text("threshold") == Some(word)).unwrap_or(words.len() - 1);
    let rated: i64 = counts[..=threshold].iter().sum();
    let every = threshold == words.len() - 1;
    match (rated > 0 || every && unrated > 0, gap) {
        (true, _) => Fact::known(false),
        (false, Some(gap)) => Fact::unknown(gap),
        (false, None) if unrated > 0 => Fact::unknown(Unknown::new(
            Reason::Unproven,
            format!("{unrated} findings of {} have no severity: look at them, or set `threshold: low`", file(scan)),
        )),
        (false, None) => Fact::known(true),
    }
}

/// `scans/orthanc.json (Trivy, 3 days old, 1 critical, 4 high, 2 fixable)`
fn label(scan: &Record, as_of: Timestamp) -> String {
    if scan.bool("intact") == Some(false) {
        return format!("{} (not the file whose sha256 is written down)", file(scan));
    }
    let mut parts = vec![scan.text("scanner").unwrap_or("no readable report").to_owned()];
    if let Some(created) = created(scan) {
        parts.push(match (as_of.as_second() - created.as_second()) / DAY {
            days if days < -1 => "dated in the future".to_owned(),
            days if days < 1 => "of today".to_owned(),
            1 => "1 day old".to_owned(),
            days => format!("{days} days old"),
        });
    }
    let counts =
        ["critical", "high", "medium", "low", "unrated", "fixable"].into_iter().filter_map(|word| Some((word, scan.int(word)?)));
    parts.extend(counts.filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")));
    format!("{} ({})", file(scan), parts.join(", "))
}

/// Every image that a container uses, and whether a report is about it.
fn used_images(containers: &[Document], reports: &[&Record]) -> List {
    let mut images: BTreeMap<String, Fact> = BTreeMap::new();
    for container in containers {
        let image = |field: &str| container.facts.text(&format!("image.{field}"));
        let name =
            image("reference").or_else(|| image("id")).map_or_else(|| format!("the image of {}", container.name), str::to_owned);
        let covered = covered(&name, image("reference"), image("id"), reports);
        // Two containers of one tag may run two builds: the uncovered one decides.
        let entry = images.entry(name).or_insert_with(|| covered.clone());
        if covered.bool() != Some(true) {
            *entry = covered;
        }
    }
    let items = images.into_iter().map(|(name, covered)| {
        let mut record = Record::new();
        record.set_here("label", name);
        record.put("covered", covered);
        Fact::from(record)
    });
    let items: Vec<Fact> = items.collect();
    if items.is_empty() {
        return List::incomplete(items, Unknown::new(Reason::NoTarget, "no container was seen, so its images are unknown"));
    }
    List::complete(items)
}

/// By id or digest where both sides have one, else by reference.
fn covered(name: &str, reference: Option<&str>, id: Option<&str>, reports: &[&Record]) -> Fact {
    let texts = |report: &Record, path: &str| -> Vec<String> {
        report.list(path).map(|list| list.texts().map(str::to_owned).collect()).unwrap_or_default()
    };
    let digest = reference.and_then(|reference| Some(reference.split_once('@')?.1));
    let known: Vec<&str> = id.into_iter().chain(digest).collect();
    let mut other_build = false;
    for report in reports {
        let ids = texts(report, "ids");
        if ids.iter().any(|found| known.contains(&found.as_str())) {
            return Fact::known(true);
        }
        let same_name = reference
            .is_some_and(|reference| texts(report, "names").iter().any(|found| canonical(found) == canonical(reference)));
        if same_name && (ids.is_empty() || known.is_empty()) {
            return Fact::known(true);
        }
        other_build |= same_name;
    }
    let why = if other_build {
        format!("the report on {name} is about another build of it")
    } else {
        format!("no report is about {name}")
    };
    Fact::unknown(Unknown::new(Reason::Unproven, why))
}

/// Registry, repository and tag as the engine completes them: `nginx` is `docker.io/library/nginx:latest`.
fn canonical(reference: &str) -> String {
    let bare = reference.split_once('@').map_or(reference, |(bare, _)| bare);
    let (path, last) = bare.rsplit_once('/').unwrap_or(("", bare));
    let (name, tag) = last.split_once(':').unwrap_or((last, "latest"));
    let path = match path {
        "" => "docker.io/library".to_owned(),
        path => match path.split('/').next() {
            Some("index.docker.io") => path.replacen("index.", "", 1),
            Some(host) if host.contains(['.', ':']) || host == "localhost" => path.to_owned(),
            _ => format!("docker.io/{path}"),
        },
    };
    format!("{path}/{name}:{tag}")
}
