//! From CEL's syntax tree to ours: types are checked against the fact catalogue, unsafe constructs are refused.

use std::sync::Arc;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::Parser;

use super::node::{Arithmetic, Base, Compare, Fold, Node, Path, TextTest, Type};
use super::{ExprError, MAX_BYTES};
use crate::facts::{Catalogue, FactType};

/// Whether optional facts must be asked for with `absent` before they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guarding {
    /// In conditions: reading an absent fact would have to mean something.
    Required,
    /// In templates, which print `(not set)`.
    Optional,
}

const MAX_LOOP_DEPTH: usize = 3;
const MAX_NODES: usize = 1_000;

/// Parses and lowers; yields the tree and its type.
pub(super) fn lower(source: &str, root: &str, guarding: Guarding) -> Result<(Node, Type), ExprError> {
    if source.len() > MAX_BYTES {
        return Err(ExprError {
            message: format!("the expression is {} bytes long, {MAX_BYTES} are allowed", source.len()),
            help: Some("move the work into a derived fact".into()),
            span: (0, 1),
        });
    }
    let (tree, info) =
        Parser::new().enable_optional_syntax(true).parse_with_source_info(source).map_err(|errors| syntax(source, &errors))?;
    let mut lowering = Lowering { root, guarding, info: &info, variables: Vec::new(), guards: Vec::new(), nodes: 0 };
    lowering.node(&tree)
}

fn syntax(source: &str, errors: &cel::ParseErrors) -> ExprError {
    let first = errors.errors.first();
    let column = first.map_or(0, |e| usize::try_from(e.pos.1.max(1) - 1).unwrap_or(0));
    let line = first.map_or(0, |e| usize::try_from(e.pos.0.max(1) - 1).unwrap_or(0));
    let before: usize = source.split_inclusive('\n').take(line).map(|l| l.chars().count()).sum();
    let message: String = first.map_or("the expression cannot be read", |e| e.msg.as_str()).chars().take(200).collect();
    ExprError { message: format!("this is no valid CEL: {message}"), help: None, span: (before + column, before + column + 1) }
}

struct Lowering<'a> {
    root: &'a str,
    guarding: Guarding,
    info: &'a SourceInfo,
    /// Loop variables with the type of their list's elements.
    variables: Vec<(String, Type)>,
    /// Optional paths known not to be absent here, as `variable depth:path`.
    guards: Vec<String>,
    nodes: usize,
}

type Typed = Result<(Node, Type), ExprError>;

impl Lowering<'_> {
    fn error<T>(&self, at: &IdedExpr, message: impl Into<String>, help: Option<&str>) -> Result<T, ExprError> {
        let span = self.span(at);
        Err(ExprError { message: message.into(), help: help.map(str::to_owned), span })
    }

    /// Characters from the first to one past the last; of `a.b` the parser notes only the dot.
    fn span(&self, at: &IdedExpr) -> (usize, usize) {
        if let Expr::Select(SelectExpr { operand, field, .. }) = &at.expr {
            let (start, end) = self.span(operand);
            return (start, end + 1 + field.chars().count());
        }
        let (start, stop) = self.info.offset_for(at.id).unwrap_or((0, 0));
        (start as usize, (stop as usize + 1).max(start as usize + 1))
    }

    fn node(&mut self, at: &IdedExpr) -> Typed {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.error(
                at,
                format!("the expression has more than {MAX_NODES} parts"),
                Some("move the work into a derived fact"),
            );
        }
        match &at.expr {
            Expr::Literal(literal) => self.literal(at, literal),
            Expr::List(list) if list.optional_indices.is_empty() => self.list(at, &list.elements),
            Expr::Ident(_) | Expr::Select(_) => {
                let path = self.path(at)?;
                self.read(at, path)
            }
            Expr::Call(call) => self.call(at, call),
            Expr::Comprehension(comprehension) => self.comprehension(at, comprehension),
            Expr::Map(_) | Expr::Struct(_) => self.error(at, "maps and structs are not part of the language", None),
            Expr::List(_) | Expr::Unspecified => self.error(at, "this is not part of the language", None),
        }
    }

    fn literal(&self, at: &IdedExpr, literal: &LiteralValue) -> Typed {
        match literal {
            LiteralValue::Boolean(b) => Ok((Node::Bool(*b.inner()), Type::Bool)),
            LiteralValue::Int(n) => Ok((Node::Int(*n.inner()), Type::Int)),
            LiteralValue::String(s) => Ok((Node::Text(s.inner().into()), Type::Text)),
            LiteralValue::Null => {
                self.error(at, "there is no null", Some("a fact is known, absent or unknown: ask `absent(path)`"))
            }
            _ => self.error(at, "only whole numbers, texts, true and false may be written", None),
        }
    }

    fn list(&mut self, at: &IdedExpr, elements: &[IdedExpr]) -> Typed {
        let mut nodes = Vec::new();
        let mut kind = None;
        for element in elements {
            let (node, found) = self.node(element)?;
            if kind.get_or_insert_with(|| found.clone()) != &found {
                return self.error(element, "the elements of a list must be of one type", None);
            }
            nodes.push(node);
        }
        match kind {
            Some(kind) => Ok((Node::List(nodes), Type::List(Box::new(kind)))),
            None => self.error(at, "an empty list says nothing", None),
        }
    }

    /// Resolves `container.image.reference` or `m.source` to a path and the place in the catalogue.
    fn path(&self, at: &IdedExpr) -> Result<Path, ExprError> {
        match &at.expr {
            Expr::Ident(name) => self.base(at, name),
            Expr::Select(SelectExpr { operand, field, test: false }) => {
                let path = self.path(operand)?;
                let join = |head: &str| if head.is_empty() { field.clone() } else { format!("{head}.{field}") };
                Ok(Path { base: path.base, below: join(&path.below).into(), full: join(&path.full).into() })
            }
            Expr::Select(_) => self.error(at, "`has` cannot tell absent from unknown", Some("ask `absent(path)`")),
            _ => self.error(at, "only a path of a fact can stand here", None),
        }
    }

    fn base(&self, at: &IdedExpr, name: &str) -> Result<Path, ExprError> {
        if let Some(depth) = self.variables.iter().rposition(|(variable, _)| variable == name) {
            let full = match &self.variables[depth].1 {
                Type::Record(path) => Arc::clone(path),
                _ => name.into(),
            };
            return Ok(Path { base: Base::Variable(depth), below: "".into(), full });
        }
        match name {
            _ if name == self.root => Ok(Path { base: Base::Root, below: "".into(), full: name.into() }),
            "name" if self.guarding == Guarding::Optional => Ok(Path { base: Base::Name, below: "".into(), full: name.into() }),
            _ => self.error(at, format!("`{name}` is unknown here; facts begin with `{}.`", self.root), None),
        }
    }

    fn read(&self, at: &IdedExpr, path: Path) -> Typed {
        if path.base == Base::Name {
            return Ok((Node::Path(path), Type::Text));
        }
        if let (Base::Variable(depth), true) = (path.base, path.below.is_empty()) {
            let kind = self.variables[depth].1.clone();
            return Ok((Node::Path(path), kind));
        }
        let kind = self.catalogued(at, &path)?;
        let optional = Catalogue::get().spec(&path.full).is_some_and(|spec| spec.optional);
        if optional && self.guarding == Guarding::Required && !self.guards.contains(&guard(&path)) {
            let help = format!("write `!absent({0}) && …` or `absent({0}) || …` before it", self.written(&path));
            return self.error(at, format!("`{}` may be absent", self.written(&path)), Some(&help));
        }
        Ok((Node::Path(path), kind))
    }

    fn written(&self, path: &Path) -> String {
        match path.base {
            Base::Variable(depth) => format!("{}.{}", self.variables[depth].0, path.below),
            _ => path.full.to_string(),
        }
    }

    fn catalogued(&self, at: &IdedExpr, path: &Path) -> Result<Type, ExprError> {
        let catalogue = Catalogue::get();
        let Some(spec) = catalogue.spec(&path.full) else {
            let help = catalogue.nearest(&path.full).map(|near| format!("did you mean `{near}`?"));
            return self.error(at, format!("there is no fact `{}`", path.full), help.as_deref());
        };
        Ok(fact_type(&path.full, spec.kind))
    }

    fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> Typed {
        let args = &call.args;
        match (call.func_name.as_str(), &call.target, args.len()) {
            (operators::LOGICAL_AND, None, 2) => self.junction(call, true),
            (operators::LOGICAL_OR, None, 2) => self.junction(call, false),
            (operators::LOGICAL_NOT, None, 1) => Ok((Node::Not(Box::new(self.typed(&args[0], &Type::Bool)?)), Type::Bool)),
            (operators::CONDITIONAL, None, 3) => self.conditional(at, args),
            (operators::NEGATE, None, 1) => Ok((Node::Negate(Box::new(self.typed(&args[0], &Type::Int)?)), Type::Int)),
            (operators::IN, None, 2) => self.membership(&args[0], &args[1]),
            ("absent", None, 1) => self.absent(&args[0]),
            ("none", None, 1) => Ok((Node::IsNone(Box::new(self.any_list(&args[0])?.0)), Type::Bool)),
            ("size", None, 1) => self.size(&args[0]),
            ("startsWith", Some(target), 1) => self.text_test(TextTest::StartsWith, target, &args[0]),
            ("endsWith", Some(target), 1) => self.text_test(TextTest::EndsWith, target, &args[0]),
            ("contains", Some(target), 1) => self.text_test(TextTest::Contains, target, &args[0]),
            ("lowerAscii", Some(target), 0) => Ok((Node::LowerAscii(Box::new(self.typed(target, &Type::Text)?)), Type::Text)),
            ("rx", Some(target), 1) => self.rx(target, &args[0]),
            ("matches", ..) => self.error(at, "`matches` compiles its pattern at every call", Some("write `.rx('pattern')`")),
            ("orValue" | "hasValue" | "value" | "optMap" | operators::OPT_SELECT | operators::OPT_INDEX, ..) => {
                self.error(at, "optional values turn unknown into a default", Some("ask `absent(path)`"))
            }
            (operators::INDEX, ..) => self.error(at, "elements are not read by number", Some("use `all`, `exists` or `filter`")),
            (name, None, 2) if compare(name).is_some() || arithmetic(name).is_some() => self.binary(name, args),
            (name, ..) => {
                let help =
                    "functions: absent none size; methods: startsWith endsWith contains lowerAscii rx all exists filter map";
                self.error(at, format!("there is no function `{name}` with these arguments"), Some(help))
            }
        }
    }

    fn typed(&mut self, at: &IdedExpr, wanted: &Type) -> Result<Node, ExprError> {
        let (node, found) = self.node(at)?;
        if &found != wanted {
            return self.error(at, format!("this is {found}, {wanted} is needed"), None);
        }
        Ok(node)
    }

    /// `&&` and `||`; chains are flattened, and an `absent` on the left guards what stands on the right.
    fn junction(&mut self, call: &CallExpr, and: bool) -> Typed {
        let left = self.typed(&call.args[0], &Type::Bool)?;
        let known = self.guards.len();
        present_when(&left, and, &mut self.guards);
        let right = self.typed(&call.args[1], &Type::Bool);
        self.guards.truncate(known);
        let right = right?;
        let mut parts = Vec::new();
        for side in [left, right] {
            match side {
                Node::And(inner) if and => parts.extend(inner),
                Node::Or(inner) if !and => parts.extend(inner),
                other => parts.push(other),
            }
        }
        Ok((if and { Node::And(parts) } else { Node::Or(parts) }, Type::Bool))
    }

    fn conditional(&mut self, at: &IdedExpr, args: &[IdedExpr]) -> Typed {
        let condition = self.typed(&args[0], &Type::Bool)?;
        let mut branches = Vec::new();
        for (arg, holds) in [(&args[1], true), (&args[2], false)] {
            let known = self.guards.len();
            present_when(&condition, holds, &mut self.guards);
            let branch = self.node(arg);
            self.guards.truncate(known);
            branches.push(branch?);
        }
        let [(yes, kind), (no, other)] = <[_; 2]>::try_from(branches).map_err(|_| ExprError {
            message: "a condition needs two branches".into(),
            help: None,
            span: (0, 1),
        })?;
        if kind != other {
            return self.error(at, format!("the branches differ: {kind} and {other}"), None);
        }
        Ok((Node::If(Box::new([condition, yes, no])), kind))
    }

    fn binary(&mut self, name: &str, args: &[IdedExpr]) -> Typed {
        let (left, kind) = self.node(&args[0])?;
        let right = self.typed(&args[1], &kind)?;
        let sides = Box::new([left, right]);
        match (compare(name), arithmetic(name), &kind) {
            (Some(op @ (Compare::Equal | Compare::NotEqual)), _, Type::Bool | Type::Int | Type::Text) => {
                Ok((Node::Compare(op, sides), Type::Bool))
            }
            (Some(op), _, Type::Int) => Ok((Node::Compare(op, sides), Type::Bool)),
            (_, Some(op), Type::Int) => Ok((Node::Arithmetic(op, sides), Type::Int)),
            (_, Some(Arithmetic::Add), Type::Text) => Ok((Node::Arithmetic(Arithmetic::Add, sides), Type::Text)),
            _ => self.error(&args[0], format!("this operator does not work on {kind}"), None),
        }
    }

    fn membership(&mut self, needle: &IdedExpr, list: &IdedExpr) -> Typed {
        let (needle_node, kind) = self.node(needle)?;
        let (list_node, element) = self.any_list(list)?;
        if element != kind || matches!(kind, Type::List(_) | Type::Record(_)) {
            return self.error(needle, format!("{kind} cannot be in a list of {element}"), None);
        }
        Ok((Node::In(Box::new([needle_node, list_node])), Type::Bool))
    }

    fn any_list(&mut self, at: &IdedExpr) -> Typed {
        match self.node(at)? {
            (node, Type::List(element)) => Ok((node, *element)),
            (_, found) => self.error(at, format!("this is {found}, a list is needed"), None),
        }
    }

    fn size(&mut self, at: &IdedExpr) -> Typed {
        match self.node(at)? {
            (node, Type::List(_) | Type::Text) => Ok((Node::Size(Box::new(node)), Type::Int)),
            (_, found) => self.error(at, format!("{found} has no size"), None),
        }
    }

    fn absent(&self, at: &IdedExpr) -> Typed {
        let path = self.path(at)?;
        self.catalogued(at, &path)?;
        if !Catalogue::get().spec(&path.full).is_some_and(|spec| spec.optional) {
            return self.error(
                at,
                format!("`{}` is never absent", path.full),
                Some("compare it directly; unknown is handled by itself"),
            );
        }
        Ok((Node::Absent(path), Type::Bool))
    }

    fn text_test(&mut self, test: TextTest, target: &IdedExpr, arg: &IdedExpr) -> Typed {
        let sides = Box::new([self.typed(target, &Type::Text)?, self.typed(arg, &Type::Text)?]);
        Ok((Node::TextTest(test, sides), Type::Bool))
    }

    fn rx(&mut self, target: &IdedExpr, pattern: &IdedExpr) -> Typed {
        let node = self.typed(target, &Type::Text)?;
        let (Node::Text(text), _) = self.node(pattern)? else {
            return self.error(pattern, "the pattern must be written out", None);
        };
        match regex::RegexBuilder::new(&text).size_limit(1 << 20).build() {
            Ok(regex) => Ok((Node::Rx(Box::new(node), regex), Type::Bool)),
            Err(e) => {
                self.error(pattern, format!("no valid pattern: {}", e.to_string().chars().take(200).collect::<String>()), None)
            }
        }
    }

    fn comprehension(&mut self, at: &IdedExpr, c: &ComprehensionExpr) -> Typed {
        if self.variables.len() >= MAX_LOOP_DEPTH {
            return self.error(at, format!("loops may be nested {MAX_LOOP_DEPTH} deep"), None);
        }
        let Some((fold, filter, body)) = recognise(c) else {
            return self.error(at, "this loop is not part of the language", Some("use all, exists, filter or map"));
        };
        let (mut list, element) = self.any_list(&c.iter_range)?;
        self.variables.push((c.iter_var.clone(), element.clone()));
        let lowered = self.loop_parts(filter, body, fold);
        self.variables.pop();
        let (filter, (body, kind)) = lowered?;
        if let Some(filter) = filter {
            list = Node::Fold { fold: Fold::Filter, list: Box::new(list), body: Box::new(filter) };
        }
        let result = match fold {
            Fold::All | Fold::Exists => Type::Bool,
            Fold::Filter => Type::List(Box::new(element)),
            Fold::Map => Type::List(Box::new(kind)),
        };
        Ok((Node::Fold { fold, list: Box::new(list), body: Box::new(body) }, result))
    }

    fn loop_parts(
        &mut self,
        filter: Option<&IdedExpr>,
        body: &IdedExpr,
        fold: Fold,
    ) -> Result<(Option<Node>, (Node, Type)), ExprError> {
        let filter = filter.map(|f| self.typed(f, &Type::Bool)).transpose()?;
        let body = match fold {
            Fold::Map => self.node(body)?,
            _ => (self.typed(body, &Type::Bool)?, Type::Bool),
        };
        Ok((filter, body))
    }
}

/// Which macro a comprehension came from, with its optional filter and its body.
fn recognise(c: &ComprehensionExpr) -> Option<(Fold, Option<&IdedExpr>, &IdedExpr)> {
    let Expr::Call(step) = &c.loop_step.expr else { return None };
    match (&c.accu_init.expr, step.func_name.as_str(), step.args.as_slice()) {
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_AND, [_, body]) => Some((Fold::All, None, body)),
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_OR, [_, body]) => Some((Fold::Exists, None, body)),
        (Expr::List(_), operators::ADD, [_, added]) => Some((Fold::Map, None, single(added)?)),
        (Expr::List(_), operators::CONDITIONAL, [filter, then, _]) => {
            let Expr::Call(add) = &then.expr else { return None };
            let body = single(add.args.get(1)?)?;
            match &body.expr {
                Expr::Ident(name) if name == &c.iter_var => Some((Fold::Filter, None, filter)),
                _ => Some((Fold::Map, Some(filter), body)),
            }
        }
        _ => None,
    }
}

fn single(list: &IdedExpr) -> Option<&IdedExpr> {
    match &list.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}

fn guard(path: &Path) -> String {
    match path.base {
        Base::Variable(depth) => format!("{depth}:{}", path.below),
        _ => format!("root:{}", path.below),
    }
}

/// Optional paths that are not absent when `node` is (`holds`) true or false.
fn present_when(node: &Node, holds: bool, guards: &mut Vec<String>) {
    match node {
        Node::Absent(path) if !holds => guards.push(guard(path)),
        Node::Not(inner) => present_when(inner, !holds, guards),
        Node::And(parts) if holds => parts.iter().for_each(|part| present_when(part, true, guards)),
        Node::Or(parts) if !holds => parts.iter().for_each(|part| present_when(part, false, guards)),
        _ => {}
    }
}

fn fact_type(path: &str, kind: FactType) -> Type {
    match kind {
        FactType::Bool => Type::Bool,
        FactType::Int => Type::Int,
        FactType::Text => Type::Text,
        FactType::Record => Type::Record(path.into()),
        FactType::List => {
            let element = format!("{path}[]");
            let kind = Catalogue::get().spec(&element).map_or(FactType::Text, |spec| spec.kind);
            Type::List(Box::new(fact_type(&element, kind)))
        }
    }
}

fn compare(name: &str) -> Option<Compare> {
    Some(match name {
        operators::EQUALS => Compare::Equal,
        operators::NOT_EQUALS => Compare::NotEqual,
        operators::LESS => Compare::Less,
        operators::LESS_EQUALS => Compare::LessEqual,
        operators::GREATER => Compare::Greater,
        operators::GREATER_EQUALS => Compare::GreaterEqual,
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}
