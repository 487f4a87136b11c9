//! A tar of the archive API as a tree: files, folders and links, as far as it was received.

use std::collections::BTreeMap;
use std::io::Read;

use tar::{Archive, Entry, EntryType};

use super::archive::resolve;
use crate::facts::{Reason, Unknown};

/// Largest file whose text is kept, in bytes.
const LARGEST_TEXT: u64 = 1 << 20;
/// Links that are followed on the way to a file.
const MOST_LINKS: usize = 8;

/// One thing in the tree.
#[derive(Debug)]
pub(super) struct Node {
    pub what: What,
    /// Permission bits, where they are told.
    pub mode: Option<u32>,
    /// When its content was last changed, in seconds since 1970; the end of time where that is not told.
    pub changed: i64,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum What {
    /// A file with its bytes, or why they were not kept.
    File(Result<Vec<u8>, Unknown>),
    Folder,
    /// A symbolic link, as it is written.
    Link(String),
    /// A device, a pipe or the like.
    Other,
}

/// Everything below one path.
#[derive(Debug)]
pub(super) struct Tree {
    /// The path asked for.
    root: String,
    /// By path below the root; the root itself has the empty path.
    nodes: BTreeMap<String, Node>,
    /// Why there may be more.
    pub more: Option<Unknown>,
}

/// What a link leads to.
pub(super) enum End<'t> {
    Node(&'t Node),
    /// A path outside the tree.
    Outside(String),
    Nothing,
}

impl Tree {
    /// Reads the answer to a request for `root`. `kept` says whether a file's bytes are wanted; `most` bounds their number.
    pub fn read(root: &str, body: &[u8], cut: bool, most: usize, kept: impl Fn(&str) -> bool) -> Self {
        let mut tree = Self { root: root.to_owned(), nodes: BTreeMap::new(), more: None };
        let hidden = |text: &str| Some(Unknown::new(Reason::Unsupported, format!("{root} {text}")));
        let mut archive = Archive::new(body);
        for entry in archive.entries().into_iter().flatten() {
            let Some((path, node)) = entry.ok().and_then(|entry| one(entry, &kept)) else {
                tree.more = hidden("came in a form that cannot be read");
                break;
            };
            if tree.nodes.len() >= most {
                tree.more = hidden("holds more files than are read");
                break;
            }
            tree.nodes.insert(path, node);
        }
        if cut {
            tree.more = hidden("holds more than is read");
        } else if tree.nodes.is_empty() {
            tree.more = hidden("came in a form that cannot be read");
        }
        tree
    }

    /// The thing asked for.
    pub fn top(&self) -> Option<&Node> {
        self.nodes.get("")
    }

    /// Everything, by path below the root.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// What a path below the root is, links followed: those in the middle of it too.
    pub fn end(&self, path: &str) -> End<'_> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            let prefixes = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            let link = prefixes.map(|at| path.split_at(at)).find_map(|(head, rest)| match &self.nodes.get(head)?.what {
                What::Link(target) => Some(format!("{}{rest}", resolve(&self.whole(head), target))),
                _ => None,
            });
            let Some(whole) = link else { return self.nodes.get(&path).map_or(End::Nothing, End::Node) };
            match whole.strip_prefix(&self.root) {
                Some(below) if below.is_empty() || below.starts_with('/') => below.trim_start_matches('/').clone_into(&mut path),
                _ => return End::Outside(whole),
            }
        }
        End::Nothing
    }

    fn whole(&self, path: &str) -> String {
        if path.is_empty() { self.root.clone() } else { format!("{}/{path}", self.root) }
    }
}

/// `None` for what cannot be read.
fn one(mut entry: Entry<'_, &[u8]>, kept: &impl Fn(&str) -> bool) -> Option<(String, Node)> {
    let path = String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned();
    let below = path.split_once('/').map_or("", |(_, below)| below).to_owned();
    let header = entry.header();
    let mode = header.mode().ok().map(|mode| mode & 0o7777);
    let changed = header.mtime().ok().and_then(|time| i64::try_from(time).ok()).unwrap_or(i64::MAX);
    let (kind, size) = (header.entry_type(), entry.size());
    let what = match kind {
        EntryType::Directory => What::Folder,
        EntryType::Symlink => What::Link(String::from_utf8_lossy(&entry.link_name_bytes()?).into_owned()),
        // Another name of a file that came before: a path from the tar's own root.
        EntryType::Link => {
            let target = String::from_utf8_lossy(&entry.link_name_bytes()?).into_owned();
            let up = "../".repeat(below.matches('/').count());
            What::Link(format!("{up}{}", target.split_once('/')?.1))
        }
        EntryType::Regular | EntryType::Continuous if !kept(&path) => {
            What::File(Err(Unknown::new(Reason::Unsupported, "listed, not read")))
        }
        EntryType::Regular | EntryType::Continuous if size > LARGEST_TEXT => {
            What::File(Err(Unknown::new(Reason::Unsupported, format!("{size} bytes are more than is read"))))
        }
        EntryType::Regular | EntryType::Continuous => {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).ok()?;
            // A cut file may lack the very line that matters.
            (bytes.len() as u64 == size).then_some(())?;
            What::File(Ok(bytes))
        }
        _ => What::Other,
    };
    Some((below, Node { what, mode, changed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Made<'a> {
        Text(&'a str),
        Folder,
        Link(&'a str),
        Hard(&'a str),
    }

    fn tar(entries: &[(&str, Made<'_>)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, made) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o640);
            header.set_mtime(7);
            header.set_size(0);
            match made {
                Made::Text(text) => {
                    header.set_size(text.len() as u64);
                    builder.append_data(&mut header, path, text.as_bytes()).unwrap();
                }
                Made::Folder => {
                    header.set_entry_type(EntryType::Directory);
                    builder.append_data(&mut header, path, std::io::empty()).unwrap();
                }
                Made::Link(target) | Made::Hard(target) => {
                    let hard = matches!(made, Made::Hard(_));
                    header.set_entry_type(if hard { EntryType::Link } else { EntryType::Symlink });
                    builder.append_link(&mut header, path, target).unwrap();
                }
            }
        }
        builder.into_inner().unwrap()
    }

    fn text<'t>(tree: &'t Tree, path: &str) -> Option<&'t str> {
        match tree.end(path) {
            End::Node(Node { what: What::File(Ok(bytes)), .. }) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn read(body: &[u8], cut: bool) -> Tree {
        Tree::read("/etc/orthanc", body, cut, 200, |path| !path.ends_with(".key"))
    }

    #[test]
    fn a_folder_comes_with_its_files_and_links() {
        let body = tar(&[
            ("orthanc/", Made::Folder),
            ("orthanc/a.json", Made::Text("{}")),
            ("orthanc/tls.key", Made::Text("secret")),
            ("orthanc/hard.json", Made::Hard("orthanc/a.json")),
            // As Kubernetes mounts a ConfigMap.
            ("orthanc/..1/", Made::Folder),
            ("orthanc/..1/k.json", Made::Text("{\"k\": 1}")),
            ("orthanc/..data", Made::Link("..1")),
            ("orthanc/k.json", Made::Link("..data/k.json")),
            ("orthanc/out.json", Made::Link("/srv/out.json")),
            ("orthanc/loop", Made::Link("loop")),
            ("orthanc/gone.json", Made::Link("none.json")),
        ]);
        let tree = read(&body, false);
        assert_eq!((tree.more.as_ref(), tree.iter().count()), (None, 11));
        assert_eq!((text(&tree, "a.json"), text(&tree, "hard.json")), (Some("{}"), Some("{}")));
        assert_eq!(text(&tree, "k.json"), Some("{\"k\": 1}"));
        assert!(matches!(tree.end("out.json"), End::Outside(path) if path == "/srv/out.json"));
        assert!(matches!(tree.end("loop"), End::Nothing) && matches!(tree.end("gone.json"), End::Nothing));
        assert!(matches!(&tree.nodes["tls.key"].what, What::File(Err(_))));
        assert_eq!((tree.nodes["a.json"].mode, tree.nodes["a.json"].changed), (Some(0o640), 7));
    }

    #[test]
    fn a_file_by_itself_is_the_top() {
        let tree = read(&tar(&[("orthanc.json", Made::Text("{}"))]), false);
        assert!(matches!(&tree.top().unwrap().what, What::File(Ok(bytes)) if bytes == b"{}"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_an_engine_sends_breaks_it(at in 0usize..3000, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            let mut body = tar(&[("orthanc/", Made::Folder), ("orthanc/a", Made::Link("../x/../orthanc/b")), ("orthanc/b", Made::Hard("orthanc/a"))]);
            let end = (at + bytes.len()).max(body.len());
            body.resize(end, 0);
            body[at.min(end - bytes.len())..][..bytes.len()].copy_from_slice(&bytes);
            let tree = read(&body, false);
            for (path, _) in tree.iter() {
                let _ = tree.end(path);
            }
        }
    }

    #[test]
    fn what_is_cut_or_broken_is_never_whole() {
        let whole =
            tar(&[("orthanc/", Made::Folder), ("orthanc/a.json", Made::Text("{}")), ("orthanc/b.json", Made::Text("{}"))]);
        for length in [0, 100, 512, 700, 1024, 1537, 2048] {
            let tree = read(&whole[..length], true);
            assert!(tree.more.is_some(), "{length}");
            assert!(text(&tree, "b.json").is_none(), "{length}");
        }
        assert!(read(b"no tar at all, but long enough to be looked at", false).more.is_some());
        assert!(read(&[b'x'; 4096], false).more.is_some());
        assert!(Tree::read("/etc/orthanc", &whole, false, 2, |_| true).more.is_some());
    }
}
