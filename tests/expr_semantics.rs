//! The meaning of expressions, pinned: what is unknown never passes, whatever stands around it.
#![allow(clippy::unwrap_used, reason = "a test")]

use pacscan::expr::{Expression, Scope, Template, Truth};
use pacscan::facts::{Fact, List, Reason, Record, Unknown};

/// A container with one fact of every state.
fn facts() -> Record {
    let mut c = Record::new();
    c.set_here("read_only", true);
    c.set_here("privileged", false);
    c.set_here("memory_limit", 512);
    c.set_here("restart", "always");
    c.set_here("cpuset", "");
    c.absent("log.max_size");
    c.set_here("log.driver", "json-file");
    c.unknown("pids_limit", Reason::Refused);
    c.set_here("cap_drop", vec![Fact::known("ALL")]);
    c.set_here("cap_add", Vec::<Fact>::new());
    c.set_here("security_opt", List::incomplete(vec![Fact::known("seccomp=unconfined")], Reason::ImageNotSeen));
    c.set_here("tmpfs", List::incomplete(Vec::new(), Reason::ImageNotSeen));
    let mut mount = Record::new();
    mount.set_here("target", "/data");
    mount.set_here("read_only", true);
    mount.absent("source");
    c.set_here("mounts", vec![Fact::from(mount)]);
    c
}

fn eval(source: &str) -> (Truth, Vec<String>) {
    let facts = facts();
    let expression = Expression::parse(source, "container").unwrap_or_else(|e| panic!("{source}: {e} {:?}", e.help));
    let (truth, trace) = expression.eval(&Scope { root: "container", facts: &facts, name: "c" });
    (truth, trace.errors)
}

fn unknown(reason: Reason) -> impl Fn(&Truth) -> bool {
    move |truth| matches!(truth, Truth::Unknown(Unknown { reason: r, .. }) if *r == reason)
}

#[test]
fn known_facts_decide() {
    for (source, expected) in [
        ("container.read_only", true),
        ("!container.privileged", true),
        ("container.memory_limit > 0 && container.memory_limit <= 512", true),
        ("container.memory_limit + 1 == 513", true),
        ("container.restart in ['on-failure', 'always']", true),
        ("'ALL' in container.cap_drop", true),
        ("'NET_RAW' in container.cap_drop", false),
        ("container.restart.startsWith('al') && container.restart.rx('^a.*s$')", true),
        ("container.restart.lowerAscii().contains('wa') ? true : false", true),
        ("container.mounts.all(m, m.read_only)", true),
        ("container.mounts.exists(m, m.target == '/etc')", false),
        ("size(container.mounts.filter(m, m.read_only)) == 1", true),
        ("'/data' in container.mounts.map(m, m.target)", true),
        ("size(container.cpuset) == 0", true),
    ] {
        let (truth, errors) = eval(source);
        assert_eq!(truth, if expected { Truth::True } else { Truth::False }, "{source}");
        assert!(errors.is_empty(), "{source}: {errors:?}");
    }
}

#[test]
fn unknown_stays_unknown_in_every_operator() {
    for source in [
        "container.pids_limit > 0",
        "container.pids_limit != 0",
        "!(container.pids_limit == 0)",
        "container.pids_limit + 1 > 0",
        "container.pids_limit in [1, 2]",
        "container.pids_limit > 0 ? true : true",
        "container.pids_limit > 0 && container.read_only",
        "container.pids_limit > 0 || container.privileged",
    ] {
        assert!(unknown(Reason::Refused)(&eval(source).0), "{source}: {:?}", eval(source));
    }
}

#[test]
fn a_fact_that_was_not_collected_is_unknown() {
    for source in
        ["container.running", "!container.running", "container.ports.all(p, p.loopback)", "container.mounts.all(m, m.sensitive)"]
    {
        assert!(unknown(Reason::UnknownFact)(&eval(source).0), "{source}");
    }
}

#[test]
fn one_decisive_side_is_enough_in_either_order() {
    for (source, expected) in [
        ("container.pids_limit > 0 || container.read_only", Truth::True),
        ("container.read_only || container.pids_limit > 0", Truth::True),
        ("container.pids_limit > 0 && container.privileged", Truth::False),
        ("container.privileged && container.pids_limit > 0", Truth::False),
    ] {
        assert_eq!(eval(source).0, expected, "{source}");
    }
}

#[test]
fn incomplete_lists_decide_only_what_they_can() {
    for (source, expected) in [
        ("container.security_opt.exists(o, o == 'seccomp=unconfined')", Some(Truth::True)),
        ("container.security_opt.all(o, o != 'seccomp=unconfined')", Some(Truth::False)),
        ("none(container.security_opt)", Some(Truth::False)),
        ("'seccomp=unconfined' in container.security_opt", Some(Truth::True)),
        ("container.security_opt.exists(o, o == 'x')", None),
        ("container.security_opt.all(o, o != 'x')", None),
        ("size(container.security_opt) == 1", None),
        ("'x' in container.security_opt", None),
        ("none(container.tmpfs)", None),
        ("container.tmpfs.all(t, t == '/tmp')", None),
        ("none(container.security_opt.filter(o, o == 'x'))", None),
        ("container.security_opt.map(o, o).exists(o, o == 'x')", None),
    ] {
        match expected {
            Some(expected) => assert_eq!(eval(source).0, expected, "{source}"),
            None => assert!(unknown(Reason::ImageNotSeen)(&eval(source).0), "{source}"),
        }
    }
}

#[test]
fn an_empty_complete_list_has_no_bad_element() {
    assert_eq!(eval("none(container.cap_add)").0, Truth::True);
    assert_eq!(eval("container.cap_add.all(c, c == 'X')").0, Truth::True);
    assert_eq!(eval("container.cap_add.exists(c, c == 'X')").0, Truth::False);
}

#[test]
fn absence_is_asked_for() {
    assert_eq!(eval("absent(container.log.max_size)").0, Truth::True);
    assert_eq!(eval("absent(container.log.max_size) || container.log.max_size == '10m'").0, Truth::True);
    assert_eq!(eval("!absent(container.log.max_size) && container.log.max_size == '10m'").0, Truth::False);
    assert_eq!(eval("container.mounts.all(m, absent(m.source) || m.source == '/x')").0, Truth::True);
    assert!(unknown(Reason::UnknownFact)(&eval("absent(container.image.reference)").0));
}

#[test]
fn a_fact_of_the_wrong_type_is_a_fault_even_where_it_does_not_matter() {
    let mut facts = facts();
    facts.set_here("memory_limit", "much");
    for (source, decided) in [("container.memory_limit > 0", false), ("container.memory_limit > 0 || container.read_only", true)]
    {
        let expression = Expression::parse(source, "container").unwrap();
        let (truth, trace) = expression.eval(&Scope { root: "container", facts: &facts, name: "c" });
        assert_eq!(trace.errors.len(), 1, "{source}");
        assert_eq!(truth == Truth::True, decided, "{source}");
        assert!(decided || unknown(Reason::Error)(&truth), "{source}");
    }
}

#[test]
fn unsafe_constructs_are_refused_at_load() {
    for (source, word) in [
        ("has(container.read_only)", "has"),
        ("container.restart.matches('a')", "rx("),
        ("container.restart == null", "null"),
        ("container.?restart == 'x'", "absent"),
        ("container.mounts[0].read_only", "only a path"),
        ("'read_only' in container", "list"),
        ("size({'a': 1}) > 0", "maps"),
        ("container.read_onyl", "no fact"),
        ("container.log.max_size == '10m'", "may be absent"),
        ("container.memory_limit > '5'", "number"),
        ("container.restart > 'a'", "does not work"),
        ("container.restart", "true or false"),
        ("unknown_function(container.restart)", "no function"),
        ("absent(container.restart)", "never absent"),
        ("other.read_only", "unknown here"),
        ("container.mounts.all(m, m.nothing)", "no fact"),
        (
            "container.mounts.all(a, container.mounts.all(b, container.mounts.all(c, container.mounts.all(d, d.read_only))))",
            "nested",
        ),
        ("container.restart.rx('(')", "pattern"),
        ("container.read_only &&", "CEL"),
        ("container.mounts.exists_one(m, m.read_only)", "loop"),
    ] {
        let error = Expression::parse(source, "container").expect_err(source);
        let text = format!("{error} {}", error.help.clone().unwrap_or_default());
        assert!(text.contains(word), "{source}: {text}");
    }
    let long = format!("container.memory_limit > 0{}", " || container.read_only".repeat(200));
    assert!(Expression::parse(&long, "container").is_err());
}

#[test]
fn long_chains_within_the_limit_do_not_overflow_a_small_stack() {
    let chain = format!("container.memory_limit > 0{}", "+1".repeat(490));
    let truth = pacscan::expr::on_parser_stack(|| eval(&chain).0);
    assert_eq!(truth, Truth::True);
}

#[test]
fn sentences_say_what_is_unknown_and_what_is_absent() {
    let facts = facts();
    let scope = Scope { root: "container", facts: &facts, name: "orthanc" };
    let render = |source| Template::parse(source, "container").unwrap().render(&scope);
    assert_eq!(render("{name} keeps {container.log.max_size}"), "orthanc keeps (not set)");
    assert_eq!(render("{container.cap_drop} {{x}}"), "ALL {x}");
    assert!(render("{container.pids_limit}").contains("unknown"));
    assert_eq!(render("{container.mounts.map(m, m.target)}"), "/data");
}

#[test]
fn every_read_fact_is_evidence() {
    let facts = facts();
    let expression = Expression::parse("container.mounts.all(m, !m.read_only) && container.read_only", "container").unwrap();
    let (truth, trace) = expression.eval(&Scope { root: "container", facts: &facts, name: "c" });
    assert_eq!(truth, Truth::False);
    assert_eq!(trace.witnesses.len(), 1);
    assert_eq!(&*trace.read[0].0, "container.mounts");
}
