//! Volumes, tmpfs, secrets, configs, links.

use crate::support::{files, one, rows, with, word};

const FIELDS: [&str; 5] = ["kind", "source", "target", "read_only", "propagation"];

#[test]
fn volumes_in_every_form() {
    let stack = one(
        "name: clinic\nservices:\n  a:\n    image: x\n    volumes:\n      - /anonymous\n      - db:/db\n      - named:/n:ro\n      - /etc/localtime:/etc/localtime:ro,z\n      - /mnt:/mnt:rshared\n      \
         - {type: bind, source: /srv, target: /srv, read_only: true, bind: {propagation: shared}}\n      - {type: volume, source: db, target: /sub, volume: {subpath: x}}\n      - {type: tmpfs, target: /cache}\n    \
         tmpfs: [/tmp, '/run:size=64m']\nvolumes: {db: , named: {name: other}}\n",
    );
    let a = stack.service("a");
    assert_eq!(
        rows(a, "mounts", &FIELDS),
        [
            "volume - /anonymous false ",
            "volume clinic_db /db false ",
            "volume other /n true ",
            "bind /etc/localtime /etc/localtime true ",
            "bind /mnt /mnt false rshared",
            "bind /srv /srv true shared",
            "volume clinic_db /sub false ",
            "tmpfs - /cache false ",
            "tmpfs - /tmp false ",
            "tmpfs - /run false ",
        ]
    );
    assert_eq!(word(a, "tmpfs"), "[/tmp, /run, /cache]");
}

#[test]
fn binds_of_the_project_and_of_the_home_folder() {
    let stack = with(
        &[
            (
                "compose.yaml",
                "services:\n  a:\n    image: x\n    volumes: ['./conf:/conf:Z', '~/data:/data', '~:/home', './none:/none', '../up:/up', '/gone/x:/x']\n",
            ),
            ("conf/x", ""),
        ],
        &[("HOME", "/nonexistent-home")],
        &[],
    );
    let here = stack.path().canonicalize().unwrap();
    let a = stack.service("a");
    let shown = rows(a, "mounts", &["source", "in_project"]);
    let expected = [
        format!("{} true", here.join("conf").display()),
        "~/data false".into(),
        "~ false".into(),
        format!("{} true", here.join("none").display()),
        format!("{} false", here.parent().unwrap().join("up").display()),
        "/gone/x false".into(),
    ];
    assert_eq!(shown, expected);
    assert_eq!(rows(a, "mounts", &["resolved"])[3], "?");
    assert_eq!(
        rows(stack.compose(), "binds", &["label", "exists"]),
        ["a: ./conf true", "a: ~/data ?", "a: ~ ?", "a: ./none false", "a: ../up false", "a: /gone/x ?"]
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_before_a_source_counts_as_the_projects_own() {
    let folder = crate::support::written(&[("compose.yaml", "services: {a: {image: x, volumes: ['./innocent:/x']}}")]);
    std::os::unix::fs::symlink("/etc", folder.path().join("innocent")).unwrap();
    let collected = crate::support::collect(folder.path(), &[], &[]);
    assert_eq!(rows(&collected.documents[1].facts, "mounts", &["resolved", "in_project"]), ["/etc false"]);
}

#[test]
fn a_local_volume_may_be_a_bind_in_disguise() {
    let stack = one(
        "name: p\nservices:\n  a: {image: x, volumes: ['vol:/v', 'nfs:/n', 'ext:/e']}\nvolumes:\n  vol: {driver: local, driver_opts: {type: none, o: 'bind', device: /var/run}}\n  \
         nfs: {driver_opts: {type: nfs, o: 'addr=10.0.0.1,rw', device: ':/export'}}\n  ext: {external: true}\n",
    );
    assert_eq!(rows(stack.service("a"), "mounts", &["source", "device"]), ["p_vol /var/run", "p_nfs -", "ext ?"]);
}

#[test]
fn secrets_and_configs_are_mounts() {
    let stack = files(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    secrets: [one, {source: two, target: /etc/two, mode: 0400}, {source: three, target: t}]\n    configs: [c, {source: d, target: /etc/d}]\n\
             secrets:\n  one: {file: ./one.txt}\n  two: {environment: TWO}\n  three: {external: true}\n  unused: {file: ./u}\nconfigs:\n  c: {content: hello}\n  d: {file: ./d}\n  e: {content: x}\n",
        ),
        ("one.txt", "hunter2hunter2"),
    ]);
    assert_eq!(
        rows(stack.service("a"), "mounts", &["kind", "target"]),
        ["secret /run/secrets/one", "secret /etc/two", "secret /run/secrets/t", "config /c", "config /etc/d"]
    );
    assert_eq!(stack.labels("unused_secrets"), ["secret unused", "config e"]);
    assert_eq!(word(stack.compose(), "secrets_declared"), "7");
    assert_eq!(word(stack.compose(), "parses"), "true");
}

#[test]
fn sockets_by_way_of_other_services() {
    let stack = one(
        "services:\n  agent: {image: x, volumes: ['/var/run/docker.sock:/var/run/docker.sock']}\n  b: {image: x, volumes_from: ['agent:ro']}\n  c: {image: x, volumes_from: ['container:z']}\n  \
         d: {image: x, use_api_socket: true}\n  e: {image: x, volumes_from: [e]}\n",
    );
    assert_eq!(rows(stack.service("b"), "mounts", &["target", "read_only"]), ["/var/run/docker.sock true"]);
    assert_eq!(word(stack.service("c"), "mounts"), "[] + no_target");
    assert_eq!(rows(stack.service("d"), "mounts", &["source"]), ["/var/run/docker.sock"]);
    assert!(stack.service("e").list("mounts").unwrap().incomplete.is_some());
}

#[test]
fn an_entry_that_cannot_be_read_makes_the_list_incomplete() {
    let stack = one(
        "services: {a: {image: x, volumes: ['a:b:c:d', 'xx:/x', {source: y}]}, b: {image: x, volumes: nonsense}}\nvolumes: {xx: }",
    );
    assert_eq!(stack.service("a").list("mounts").unwrap().items.len(), 1);
    assert!(stack.service("a").list("mounts").unwrap().incomplete.is_some());
    assert!(stack.service("b").list("mounts").unwrap().incomplete.is_some());
}
