//! From parser events to the tree.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::merge_keys::{self, Pair};
use super::{Content, MAX_DEPTH, MAX_NODES, Node, Place, Scalar, Source, YamlError};

/// Reads the first document of a text. An empty text gives `None`; further documents are an error.
pub fn parse(text: &str, source: &Arc<Source>) -> Result<Option<Node>, YamlError> {
    Ok(read(text, source, false)?.pop())
}

/// Reads all documents of a text (`---` between them); empty ones are left out.
pub fn parse_all(text: &str, source: &Arc<Source>) -> Result<Vec<Node>, YamlError> {
    read(text, source, true)
}

fn read(text: &str, source: &Arc<Source>, several: bool) -> Result<Vec<Node>, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder { several, ..Builder::new(source) };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| builder.scan_error(&error))?;
        let at = builder.place(span.start.line(), span.start.col());
        builder.take(event, at)?;
    }
    Ok(builder.roots)
}

/// A collection whose end has not come yet.
enum Open {
    List { node: Head, items: Vec<Node> },
    Map { node: Head, pairs: Vec<Pair>, key: Option<Node> },
}

struct Head {
    anchor: usize,
    tag: Option<Arc<str>>,
    at: Place,
}

struct Builder {
    source: Arc<Source>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    documents: usize,
    several: bool,
    roots: Vec<Node>,
}

/// An anchored value with its size and depth, so that repeating it can be refused before it is done.
struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

impl Builder {
    fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            documents: 0,
            several: false,
            roots: Vec::new(),
        }
    }

    /// The parser counts lines from 1 and columns from 0.
    fn place(&self, line: usize, column: usize) -> Place {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { source: Arc::clone(&self.source), line: number(line.max(1)), column: number(column.saturating_add(1)) }
    }

    fn scan_error(&self, error: &ScanError) -> YamlError {
        let marker = error.marker();
        YamlError { message: error.info().to_owned(), place: self.place(marker.line(), marker.col()) }
    }

    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                self.anchors.clear();
                if self.documents > 1 && !self.several {
                    return Err(error("the file holds several YAML documents, one is expected", at));
                }
            }
            Event::Alias(id) => {
                let node = self.replay(id, &at)?;
                self.put(node)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, &at)?;
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let scalar = Scalar { text: text.as_ref().into(), plain };
                let node = Node { content: Content::Scalar(scalar), tag: own_tag(tag.as_deref()), at };
                self.keep(anchor, &node)?;
                self.put(node)?;
            }
            Event::SequenceStart(anchor, tag) => {
                let node = self.head(anchor, tag.as_deref(), at)?;
                self.open.push(Open::List { node, items: Vec::new() });
            }
            Event::MappingStart(anchor, tag) => {
                let node = self.head(anchor, tag.as_deref(), at)?;
                self.open.push(Open::Map { node, pairs: Vec::new(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn head(&mut self, anchor: usize, tag: Option<&Tag>, at: Place) -> Result<Head, YamlError> {
        self.count(1, &at)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(error(&format!("nested more than {MAX_DEPTH} levels deep"), at));
        }
        Ok(Head { anchor, tag: own_tag(tag), at })
    }

    fn count(&mut self, more: usize, at: &Place) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MAX_NODES {
            return Err(error(&format!("more than {MAX_NODES} values, those repeated by aliases included"), at.clone()));
        }
        Ok(())
    }

    fn replay(&mut self, id: usize, at: &Place) -> Result<Node, YamlError> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(error("an alias refers to a value that contains it, or to none", at.clone()));
        };
        let (size, depth) = (anchored.size, anchored.depth);
        if self.open.len() + depth > MAX_DEPTH {
            return Err(error(&format!("nested more than {MAX_DEPTH} levels deep"), at.clone()));
        }
        self.count(size, at)?;
        self.anchors.get(&id).map(|anchored| anchored.node.clone()).ok_or_else(|| error("unknown alias", at.clone()))
    }

    /// Keeping costs a copy, so it counts too.
    fn keep(&mut self, anchor: usize, node: &Node) -> Result<(), YamlError> {
        if anchor > 0 {
            let (size, depth) = (node.size(), depth(node));
            self.count(size, &node.at)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, depth });
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let (head, content) = match self.open.pop() {
            Some(Open::List { node, items }) => (node, Content::List(items)),
            Some(Open::Map { node, pairs, .. }) => (node, Content::Map(merge_keys::resolve(pairs)?)),
            None => return Ok(()),
        };
        let node = Node { content, tag: head.tag, at: head.at };
        self.keep(head.anchor, &node)?;
        self.put(node)
    }

    fn put(&mut self, node: Node) -> Result<(), YamlError> {
        match self.open.last_mut() {
            None => self.roots.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { pairs, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push(Pair::new(key, node)?),
            },
        }
        Ok(())
    }
}

fn depth<S>(node: &Node<S>) -> usize {
    1 + match &node.content {
        Content::Scalar(_) => 0,
        Content::List(items) => items.iter().map(depth).max().unwrap_or(0),
        Content::Map(map) => map.values().map(|entry| depth(&entry.node)).max().unwrap_or(0),
    }
}

/// `!reset` as `!reset`; `!!str` and other core tags say nothing that the text does not.
fn own_tag(tag: Option<&Tag>) -> Option<Arc<str>> {
    tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| tag.to_string().into())
}

fn error(message: &str, place: Place) -> YamlError {
    YamlError { message: message.to_owned(), place }
}
