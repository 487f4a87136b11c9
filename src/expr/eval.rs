//! Evaluation after Kleene: what is unknown stays unknown unless the other side decides.

use std::borrow::Cow;
use std::sync::Arc;

use super::node::{Arithmetic, Base, Compare, Fold, Node, Path, TextTest};
use super::{Scope, Trace, Truth};
use crate::facts::{Fact, List, Reason, State, Unknown, Value};

/// Steps after which an evaluation is given up: only a hostile expression over huge lists gets there.
const MAX_STEPS: usize = 2_000_000;

/// A value during evaluation.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    Bool(bool),
    Int(i64),
    Text(Cow<'a, str>),
    /// A list of recorded facts, or of computed values.
    List(Items<'a>),
    /// A record, for printing and as a loop variable.
    Record(&'a Fact),
    Absent,
    Unknown(Unknown),
}

#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    pub items: Vec<Val<'a>>,
    pub incomplete: Option<Unknown>,
}

pub(super) struct Evaluation<'a, 's> {
    scope: &'s Scope<'a>,
    variables: Vec<Val<'a>>,
    steps: usize,
    pub(super) trace: Trace<'a>,
}

fn error_unknown(detail: String) -> Unknown {
    Unknown { reason: Reason::Error, detail: Some(detail.into()) }
}

impl<'a, 's> Evaluation<'a, 's> {
    pub(super) fn new(scope: &'s Scope<'a>) -> Self {
        Self { scope, variables: Vec::new(), steps: 0, trace: Trace::default() }
    }

    /// A fault: unknown, and remembered even if it turns out not to matter.
    fn fault(&mut self, message: String) -> Val<'a> {
        self.trace.errors.push(message.clone());
        Val::Unknown(error_unknown(message))
    }

    /// Evaluates to a truth value.
    pub(super) fn truth(&mut self, node: &'a Node) -> Truth {
        match self.eval(node) {
            Val::Bool(true) => Truth::True,
            Val::Bool(false) => Truth::False,
            Val::Unknown(unknown) => Truth::Unknown(unknown),
            other => match self.fault(format!("{} where a truth value is needed", kind(&other))) {
                Val::Unknown(unknown) => Truth::Unknown(unknown),
                _ => Truth::Unknown(Reason::Error.into()),
            },
        }
    }

    pub(super) fn eval(&mut self, node: &'a Node) -> Val<'a> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return self.fault("the expression takes too long".into());
        }
        match node {
            Node::Bool(b) => Val::Bool(*b),
            Node::Int(n) => Val::Int(*n),
            Node::Text(text) => Val::Text(Cow::Borrowed(text)),
            Node::List(nodes) => {
                let items = nodes.iter().map(|n| self.eval(n)).collect();
                Val::List(Items { items, incomplete: None })
            }
            Node::Path(path) => self.path(path),
            Node::Absent(path) => self.absent(path),
            Node::Not(inner) => self.not(inner),
            Node::And(parts) => self.junction(parts, false),
            Node::Or(parts) => self.junction(parts, true),
            Node::If(parts) => self.conditional(parts),
            Node::Compare(op, sides) => self.compare(*op, sides),
            Node::Arithmetic(op, sides) => self.arithmetic(*op, sides),
            Node::Negate(inner) => match self.eval(inner) {
                Val::Int(n) => n.checked_neg().map_or_else(|| self.fault("number too large".into()), Val::Int),
                other => self.expected("a number", other),
            },
            Node::In(sides) => self.membership(sides),
            Node::Fold { fold, list, body } => self.fold(*fold, list, body),
            Node::Size(inner) => self.size(inner),
            Node::IsNone(inner) => self.is_none(inner),
            Node::TextTest(test, sides) => self.text_test(*test, sides),
            Node::LowerAscii(inner) => match self.eval(inner) {
                Val::Text(text) => Val::Text(Cow::Owned(text.to_ascii_lowercase())),
                other => self.expected("a text", other),
            },
            Node::Rx(inner, regex) => match self.eval(inner) {
                Val::Text(text) => Val::Bool(regex.is_match(&text)),
                other => self.expected("a text", other),
            },
        }
    }

    /// Unknown stays unknown; anything else of the wrong type is a fault.
    fn expected(&mut self, wanted: &str, found: Val<'a>) -> Val<'a> {
        match found {
            Val::Unknown(_) => found,
            other => self.fault(format!("{} where {wanted} is needed", kind(&other))),
        }
    }

    fn path(&mut self, path: &'a Path) -> Val<'a> {
        match path.base {
            Base::Name => Val::Text(Cow::Borrowed(self.scope.name)),
            Base::Root => {
                let fact = self.scope.facts.get(&path.below);
                self.trace.read.push((Arc::clone(&path.full), fact));
                from_fact(fact, &path.full)
            }
            Base::Variable(depth) => match (&self.variables[depth], path.below.is_empty()) {
                (value, true) => value.clone(),
                (Val::Record(fact), false) => {
                    let inner = fact.record().map_or(*fact, |record| record.get(&path.below));
                    from_fact(inner, &path.full)
                }
                (Val::Unknown(unknown), false) => Val::Unknown(unknown.clone()),
                (other, false) => {
                    let message = format!("{} has no `{}`", kind(other), path.below);
                    self.fault(message)
                }
            },
        }
    }

    fn absent(&mut self, path: &'a Path) -> Val<'a> {
        match self.path(path) {
            Val::Absent => Val::Bool(true),
            unknown @ Val::Unknown(_) => unknown,
            _ => Val::Bool(false),
        }
    }

    fn not(&mut self, inner: &'a Node) -> Val<'a> {
        match self.eval(inner) {
            Val::Bool(b) => Val::Bool(!b),
            other => self.expected("a truth value", other),
        }
    }

    /// `&&` (`decisive` false) and `||` (`decisive` true): one decisive side is enough, in either order.
    fn junction(&mut self, parts: &'a [Node], decisive: bool) -> Val<'a> {
        let mut unknown = None;
        for part in parts {
            match self.eval(part) {
                Val::Bool(b) if b == decisive => return Val::Bool(decisive),
                Val::Bool(_) => {}
                other => {
                    if let Val::Unknown(why) = self.expected("a truth value", other) {
                        unknown.get_or_insert(why);
                    }
                }
            }
        }
        unknown.map_or(Val::Bool(!decisive), Val::Unknown)
    }

    fn conditional(&mut self, parts: &'a [Node; 3]) -> Val<'a> {
        match self.eval(&parts[0]) {
            Val::Bool(true) => self.eval(&parts[1]),
            Val::Bool(false) => self.eval(&parts[2]),
            other => self.expected("a truth value", other),
        }
    }

    fn compare(&mut self, op: Compare, sides: &'a [Node; 2]) -> Val<'a> {
        let ordering = match (self.eval(&sides[0]), self.eval(&sides[1])) {
            (unknown @ Val::Unknown(_), _) | (_, unknown @ Val::Unknown(_)) => return unknown,
            (Val::Bool(a), Val::Bool(b)) => a.cmp(&b),
            (Val::Int(a), Val::Int(b)) => a.cmp(&b),
            (Val::Text(a), Val::Text(b)) => a.cmp(&b),
            (a, b) => return self.fault(format!("{} cannot be compared with {}", kind(&a), kind(&b))),
        };
        Val::Bool(match op {
            Compare::Equal => ordering.is_eq(),
            Compare::NotEqual => ordering.is_ne(),
            Compare::Less => ordering.is_lt(),
            Compare::LessEqual => ordering.is_le(),
            Compare::Greater => ordering.is_gt(),
            Compare::GreaterEqual => ordering.is_ge(),
        })
    }

    fn arithmetic(&mut self, op: Arithmetic, sides: &'a [Node; 2]) -> Val<'a> {
        match (self.eval(&sides[0]), self.eval(&sides[1])) {
            (unknown @ Val::Unknown(_), _) | (_, unknown @ Val::Unknown(_)) => unknown,
            (Val::Int(a), Val::Int(b)) => {
                let result = match op {
                    Arithmetic::Add => a.checked_add(b),
                    Arithmetic::Subtract => a.checked_sub(b),
                    Arithmetic::Multiply => a.checked_mul(b),
                    Arithmetic::Divide => a.checked_div(b),
                    Arithmetic::Remainder => a.checked_rem(b),
                };
                result.map_or_else(|| self.fault("number too large, or division by zero".into()), Val::Int)
            }
            (Val::Text(a), Val::Text(b)) if op == Arithmetic::Add => Val::Text(a + b),
            (a, b) => self.fault(format!("cannot calculate with {} and {}", kind(&a), kind(&b))),
        }
    }

    fn membership(&mut self, sides: &'a [Node; 2]) -> Val<'a> {
        let needle = match self.eval(&sides[0]) {
            unknown @ Val::Unknown(_) => return unknown,
            needle => needle,
        };
        let list = match self.eval(&sides[1]) {
            Val::List(list) => list,
            other => return self.expected("a list", other),
        };
        let mut unknown = list.incomplete;
        for item in &list.items {
            match (item, &needle) {
                (Val::Unknown(why), _) => unknown = Some(why.clone()),
                (Val::Bool(a), Val::Bool(b)) if a == b => return Val::Bool(true),
                (Val::Int(a), Val::Int(b)) if a == b => return Val::Bool(true),
                (Val::Text(a), Val::Text(b)) if a == b => return Val::Bool(true),
                (Val::Bool(_), Val::Bool(_)) | (Val::Int(_), Val::Int(_)) | (Val::Text(_), Val::Text(_)) => {}
                (a, b) => return self.fault(format!("{} cannot be compared with {}", kind(a), kind(b))),
            }
        }
        unknown.map_or(Val::Bool(false), Val::Unknown)
    }

    /// Iterating an incomplete list adds one unknown element.
    fn fold(&mut self, fold: Fold, list: &'a Node, body: &'a Node) -> Val<'a> {
        let items = match self.eval(list) {
            Val::List(items) => items,
            other => return self.expected("a list", other),
        };
        match fold {
            Fold::All => self.quantify(list, items, body, false),
            Fold::Exists => self.quantify(list, items, body, true),
            Fold::Filter => self.filter(items, body),
            Fold::Map => {
                let Items { items, incomplete } = items;
                let items = items.into_iter().map(|item| self.with(item, body)).collect();
                Val::List(Items { items, incomplete })
            }
        }
    }

    fn with(&mut self, item: Val<'a>, body: &'a Node) -> Val<'a> {
        self.variables.push(item);
        let value = self.eval(body);
        self.variables.pop();
        value
    }

    /// `all` (`decisive` false) and `exists` (`decisive` true); all elements are looked at, for the evidence.
    fn quantify(&mut self, list: &'a Node, items: Items<'a>, body: &'a Node, decisive: bool) -> Val<'a> {
        let mut decided = false;
        let mut unknown = items.incomplete;
        for item in items.items {
            let witness = match &item {
                Val::Record(fact) => Some(*fact),
                _ => None,
            };
            match self.with(item, body) {
                Val::Bool(b) if b == decisive => {
                    decided = true;
                    if let (Node::Path(path), Some(fact)) = (list, witness) {
                        self.trace.witnesses.push((Arc::clone(&path.full), fact));
                    }
                }
                Val::Bool(_) => {}
                other => {
                    if let Val::Unknown(why) = self.expected("a truth value", other) {
                        unknown.get_or_insert(why);
                    }
                }
            }
        }
        match (decided, unknown) {
            (true, _) => Val::Bool(decisive),
            (false, Some(why)) => Val::Unknown(why),
            (false, None) => Val::Bool(!decisive),
        }
    }

    /// Elements for which the condition is unknown make the result incomplete.
    fn filter(&mut self, items: Items<'a>, body: &'a Node) -> Val<'a> {
        let mut kept = Items { items: Vec::new(), incomplete: items.incomplete };
        for item in items.items {
            match self.with(item.clone(), body) {
                Val::Bool(true) => kept.items.push(item),
                Val::Bool(false) => {}
                other => {
                    if let Val::Unknown(why) = self.expected("a truth value", other) {
                        kept.incomplete.get_or_insert(why);
                    }
                }
            }
        }
        Val::List(kept)
    }

    fn size(&mut self, inner: &'a Node) -> Val<'a> {
        match self.eval(inner) {
            Val::List(Items { incomplete: Some(why), .. }) => Val::Unknown(why),
            Val::List(list) => Val::Int(i64::try_from(list.items.len()).unwrap_or(i64::MAX)),
            Val::Text(text) => Val::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)),
            other => self.expected("a list or text", other),
        }
    }

    fn is_none(&mut self, inner: &'a Node) -> Val<'a> {
        match self.eval(inner) {
            Val::List(list) if !list.items.is_empty() => {
                if let Node::Path(path) = inner {
                    let facts = self.scope.facts.get(&path.below).list().map_or(&[][..], |l| &l.items);
                    self.trace.witnesses.extend(facts.iter().map(|fact| (Arc::clone(&path.full), fact)));
                }
                Val::Bool(false)
            }
            Val::List(Items { incomplete: Some(why), .. }) => Val::Unknown(why),
            Val::List(_) => Val::Bool(true),
            other => self.expected("a list", other),
        }
    }

    fn text_test(&mut self, test: TextTest, sides: &'a [Node; 2]) -> Val<'a> {
        match (self.eval(&sides[0]), self.eval(&sides[1])) {
            (unknown @ Val::Unknown(_), _) | (_, unknown @ Val::Unknown(_)) => unknown,
            (Val::Text(text), Val::Text(part)) => Val::Bool(match test {
                TextTest::StartsWith => text.starts_with(&*part),
                TextTest::EndsWith => text.ends_with(&*part),
                TextTest::Contains => text.contains(&*part),
            }),
            (a, b) => self.fault(format!("{} and {} where texts are needed", kind(&a), kind(&b))),
        }
    }
}

/// A fact as a value; an unknown that does not say what it is about is told its path.
fn from_fact<'a>(fact: &'a Fact, path: &str) -> Val<'a> {
    match &fact.state {
        State::Known(Value::Bool(b)) => Val::Bool(*b),
        State::Known(Value::Int(n)) => Val::Int(*n),
        State::Known(Value::Text(text)) => Val::Text(Cow::Borrowed(text)),
        State::Known(Value::List(List { items, incomplete })) => {
            Val::List(Items { items: items.iter().map(|item| from_fact(item, path)).collect(), incomplete: incomplete.clone() })
        }
        State::Known(Value::Record(_)) => Val::Record(fact),
        State::Absent => Val::Absent,
        State::Unknown(why) => Val::Unknown(match why.detail {
            Some(_) => why.clone(),
            None => Unknown::new(why.reason, format!("{path} is not known")),
        }),
    }
}

fn kind(value: &Val<'_>) -> &'static str {
    match value {
        Val::Bool(_) => "a truth value",
        Val::Int(_) => "a number",
        Val::Text(_) => "a text",
        Val::List(_) => "a list",
        Val::Record(_) => "a record",
        Val::Absent => "an absent fact",
        Val::Unknown(_) => "an unknown fact",
    }
}

impl std::fmt::Display for Val<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
            Self::Record(fact) => write!(f, "{fact}"),
            Self::Absent => f.write_str("(not set)"),
            Self::Unknown(why) => write!(f, "(unknown: {})", why.detail.as_deref().unwrap_or(why.reason.word())),
            Self::List(list) => {
                let mut texts: Vec<String> = list.items.iter().map(ToString::to_string).collect();
                if list.incomplete.is_some() {
                    texts.push(if texts.is_empty() { "(unknown)".into() } else { "perhaps more".into() });
                }
                f.write_str(&texts.join(", "))
            }
        }
    }
}
